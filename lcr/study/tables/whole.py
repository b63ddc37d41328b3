"""The rows that a table must have, so that a table that was cut short is not taken for the table of a smaller study."""

from collections.abc import Iterable
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
    found = set(zip(rows.dataset, rows.variant, rows.condition, strict=True))
    paired = {dataset for dataset, _, condition in found if condition}
    wanted = [(*run, condition) for run in runs for condition in (CONDITIONS if run[0] in paired else ("",))]
    if lacking := ["/".join(filter(None, key)) for key in wanted if key not in found]:
        raise InputError(f"{path} lacks the row of {lacking[0]} and {len(lacking) - 1} rows more; {again}")
