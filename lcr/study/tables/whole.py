"""The rows that a table must have, so that a table that was cut short is not taken for the table of a smaller study."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lcr.study.predictions import CONDITIONS
from lcr.util.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def require_runs(path: str | Path, frame: "pd.DataFrame", runs: Iterable[tuple[str, str]], again: str) -> None:
    """Refuses a table of runs that lacks one of them: a row each, or in a dataset with pairs one a condition.

    Args:
        runs: dataset and variant of each.
        again: in words, the command that makes the table again (`Table.again`).

    Raises:
        InputError: a row is missing; its values are named.
    """
    rows = frame if "condition" in frame else frame.assign(condition="")
    paired = {*rows.dataset[rows.condition != ""]}
    wanted = [(*run, condition) for run in runs for condition in (CONDITIONS if run[0] in paired else ("",))]
    require_rows(path, rows, ["dataset", "variant", "condition"], wanted, again)


def require_rows(
    path: str | Path, frame: "pd.DataFrame", columns: list[str], keys: Iterable[Sequence[str]], again: str
) -> None:
    """Refuses a table that lacks a row with one of `keys` in `columns`; the rest as of `require_runs`."""
    found = set(frame[columns].itertuples(index=False, name=None))
    if lacking := ["/".join(filter(None, key)) for key in keys if tuple(key) not in found]:
        raise InputError(f"{path} lacks the row of {lacking[0]} and {len(lacking) - 1} rows more; {again}")
