"""Which rows a table must have, so that one that was cut short is not taken for that of a smaller study."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from lcr.study.predictions import CONDITIONS
from lcr.study.tables.rows import Row
from lcr.util.errors import InputError

Run = tuple[str, str]  # dataset, variant
Key = tuple[str, ...]  # what tells a row from the others of its table


def require(path: str | Path, found: Iterable[Key], wanted: Iterable[Key], redo: str) -> None:
    """Refuses a table that lacks a row.

    Args:
        redo: what makes it anew, in words.

    Raises:
        InputError: one of `wanted` is none of `found`; it is named.
    """
    found = set(found)
    lacking = [key for key in wanted if key not in found]
    if lacking:
        more = f" and {len(lacking) - 1} rows more" if lacking[1:] else ""
        raise InputError(f"{path} lacks the row of {'/'.join(filter(None, lacking[0]))}{more}; {redo}")


def runs_of(rows: Iterable[Row]) -> list[Run]:
    """The dataset × variants of a table, in its order."""
    return list(dict.fromkeys((row["dataset"], row["variant"]) for row in rows))


def require_runs(path: str | Path, rows: Sequence[Row], runs: Iterable[Run], redo: str) -> None:
    """Refuses a table of runs that lacks one of them: a row each, or in a dataset with pairs one a condition.

    Raises:
        InputError: see `require`.
    """
    paired = {row["dataset"] for row in rows if row.get("condition")}
    wanted = [
        (dataset, variant, condition)
        for dataset, variant in runs
        for condition in (CONDITIONS if dataset in paired else ("",))
    ]
    require(path, ((row["dataset"], row["variant"], row.get("condition", "")) for row in rows), wanted, redo)
