"""Table rows as text: what is written is what is read back, so that a row compares and verifies byte by byte."""

import csv
import io
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from lcr.util.errors import InputError
from lcr.util.files import write_aside

N = TypeVar("N", int, float)
Row = dict[str, str]  # column name -> cell; a column that is left out is an empty cell
_REDO = "`snakemake --cores all` makes it anew (or `lcr table`, where its runs are there)"
# What makes the tables that no `lcr table` is needed for.
_MAKERS = {
    "cost": "cost",
    "reading_diagnosis": "readings diagnose",
    "reading_gradients": "readings diagnose",
    "reading_search": "readings search",
    "reading_search_axes": "readings search",
}


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
    """Writes a CSV, of at least one row, whole or not at all.

    Raises:
        InputError: the place cannot be written to.
    """
    with write_aside(path) as aside, aside.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


class ReadRow(dict[str, str]):
    """A row of a file.

    place: the file and the line, to be named where a cell is wrong. redo: what makes the file anew.
    """

    def __init__(self, cells: Iterable[tuple[str, str]], place: str, redo: str) -> None:
        super().__init__(cells)
        self.place, self.redo = place, redo


def remake(table: str, study: str) -> str:
    """In words: the command that makes a table of a study anew.

    Args:
        study: what `--study` takes (see `StudyConfig.given`).
    """
    return f"make it anew: lcr {_MAKERS.get(table, f'table {table}')} --study {study}"


def read_rows(path: str | Path, columns: Iterable[str] = (), redo: str = _REDO) -> list[Row]:
    """The rows of a CSV written by `write_rows`.

    Args:
        columns: those that must be there.
        redo: what makes the table anew, in words.

    Raises:
        InputError: there is no such file, or it is not whole: not in UTF-8, cut off, without a row or one of `columns`,
            with two of one name, or with a row of more or fewer cells than the header. The line is named.
    """

    def damaged(line: int, what: str) -> InputError:
        return InputError(f"{path}, line {line}: {what}; {redo}")

    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise InputError(f"no table {path}; {redo}") from None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise damaged(content.count(b"\n", 0, error.start) + 1, "no text in UTF-8") from None
    if text.startswith("\ufeff"):
        raise damaged(1, "a byte order mark, which another program has put there")
    if not text.endswith("\n"):
        raise damaged(text.count("\n") + 1, "the file breaks off here")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    try:
        head = next(reader)
        if twice := [column for column in head if head.count(column) > 1]:
            raise damaged(1, f"two columns {twice[0]}")
        if lacking := [column for column in columns if column not in head]:
            more = f" and {len(lacking) - 1} more" if lacking[1:] else ""
            raise damaged(1, f"no column {lacking[0]}{more}")
        for cells in reader:
            if len(cells) != len(head):
                raise damaged(reader.line_num, f"{len(cells)} cells under {len(head)} columns")
            rows.append(ReadRow(zip(head, cells, strict=True), f"{path}, line {reader.line_num}", redo))
    except csv.Error as error:
        raise damaged(reader.line_num, f"no CSV ({error})") from None
    if not rows:
        raise damaged(reader.line_num, "no row follows the columns' names")
    return rows


def float_of(row: Row, column: str) -> float:
    """A cell as a number.

    Raises:
        InputError: it is none; names the file and line where the row was read from one.
    """
    return _cell(row, column, float, "number")


def int_of(row: Row, column: str) -> int:
    """A cell as a whole number; raises as `float_of`."""
    return _cell(row, column, int, "whole number")


def _cell(row: Row, column: str, kind: Callable[[str], N], word: str) -> N:
    cell = row[column]
    try:
        number = kind(cell)
        if cell != cell.strip() or "_" in cell or not math.isfinite(number):  # Python reads these as numbers too
            raise ValueError
        return number
    except (ValueError, OverflowError):
        place, redo = (row.place, row.redo) if isinstance(row, ReadRow) else ("a table", _REDO)
        raise InputError(f"{place}: {column} is '{cell}', which is no {word}; {redo}") from None
