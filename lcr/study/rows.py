"""Table rows as text: what is written is what is read back, so that a row compares and verifies byte by byte."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from lcr.errors import InputError
from lcr.files import write_aside

Row = dict[str, str]  # column name -> cell; a column that is left out is an empty cell


def percent(share: float) -> str:
    """0.9083 -> 90.83"""
    return f"{100 * share:.2f}"


def points(difference: float) -> str:
    """A difference of shares in percentage points: -0.0156 -> -1.56; no negative zero."""
    return f"{round(100 * difference, 2) + 0.0:.2f}"


def short(method: str) -> str:
    """`LCR (no edge prompt)` -> no edge prompt"""
    return method.removeprefix("LCR (").removesuffix(")")


def write_rows(path: str | Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Writes a CSV whole or not at all.

    Raises:
        InputError: the place cannot be written to.
    """
    with write_aside(path) as aside, aside.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_rows(path: str | Path) -> list[Row]:
    """The rows of a CSV written by `write_rows`.

    Raises:
        InputError: there is no such file.
    """
    try:
        with Path(path).open(encoding="utf-8", newline="") as opened:
            return list(csv.DictReader(opened))
    except FileNotFoundError:
        raise InputError(
            f"no table {path}; `snakemake --cores all` makes it (or `lcr table`, where its runs are there)"
        ) from None
