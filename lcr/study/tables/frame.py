"""Tables as typed pandas frames, and the CSV files that they are written to and read from.

A frame holds numbers at full precision; a column's format rounds them where the CSV (or a page) is written. Reading is
strict: a file that is damaged in any way is refused with its line and column, and with the command that makes it again.
Nothing here imports pandas before a frame is made, because the DAG asks for the tables' names at every call.

| kind | in the frame | in the CSV |
|---|---|---|
| text | str, "" where there is none | as it is |
| integer | Int64, <NA> where there is none | digits |
| number | float64, NaN where there is none | by the column's format |
| flag | bool | yes, no |
| list | a tuple of floats, () where there is none | each by the column's format, with spaces between |
"""

import csv
import io
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lcr.util.errors import InputError
from lcr.util.files import atomic_write
from lcr.util.reading import read_whole

if TYPE_CHECKING:
    import pandas as pd

    from lcr.config.study import StudyConfig

Row = dict[str, Any]  # column name -> value; a column that is left out is empty


# By kind of column: its type in a frame, its empty value, a cell's value, and in words a cell that has none.
_KINDS: dict[str, tuple[str, Any, Callable[[str], Any], str]] = {
    "text": ("object", "", str, "empty"),
    "integer": ("Int64", None, int, "no whole number"),
    "number": ("float64", math.nan, float, "no number"),
    "flag": ("bool", False, {"yes": True, "no": False}.__getitem__, "neither yes nor no"),
    "list": ("object", (), lambda cell: tuple(map(float, cell.split(" "))), "no list of numbers"),
}


@dataclass(frozen=True)
class Column:
    """A column of a table.

    format: of a number in the CSV, as after the colon of an f-string.
    infinite: "inf" is a value that this column may hold.
    required: no cell of it may be empty.
    machine: the values are measured on the machine that makes the table, so no other machine computes them again.
    """

    name: str
    kind: Literal["text", "integer", "number", "flag", "list"] = "text"
    format: str = ""
    infinite: bool = False
    required: bool = False
    machine: bool = False

    def cell(self, value: Any) -> str:
        """A value of a frame as it stands in the CSV; None is an empty cell."""
        if self.kind == "list":
            return " ".join(format(number, self.format) for number in value)
        if self.kind == "flag":
            return "yes" if value else "no"
        return "" if value is None else format(value, self.format)

    def value(self, cell: str) -> Any:
        """A cell of the CSV as a value of the frame.

        Raises:
            ValueError, KeyError: the cell is not of this column's kind, or is empty and required.
        """
        _, empty, parse, _ = _KINDS[self.kind]
        if not cell and not self.required and self.kind != "flag":
            return empty
        value = parse(cell)
        odd = self.kind != "text" and (cell != cell.strip() or "_" in cell)  # Python reads these as numbers too
        endless = self.kind == "number" and not math.isfinite(value) and not (self.infinite and cell == "inf")
        if odd or endless or not cell:
            raise ValueError(cell)
        return value


def integer(*names: str, **options: Any) -> tuple[Column, ...]:
    """Columns of whole numbers; options as in `Column`."""
    return tuple(Column(name, "integer", "d", **options) for name in names)


def number(form: str, *names: str, **options: Any) -> tuple[Column, ...]:
    """Columns of numbers that the CSV writes in format `form`; options as in `Column`."""
    return tuple(Column(name, "number", form, **options) for name in names)


def interval(form: str, name: str, stem: str = "") -> tuple[Column, ...]:
    """A number and the two ends of its interval, as in top1, top1_ci_low, top1_ci_high; stem: of the ends' names."""
    return number(form, name, f"{stem or name}_ci_low", f"{stem or name}_ci_high")


@dataclass(frozen=True)
class Source:
    """The files that tables are made from: a study's results below `results`.

    mixed: let runs of one dataset through that differ in data or protocol; their rows then say so.
    measure: fill in the columns that the machine must measure, which may take long.
    """

    study: "StudyConfig"
    results: str | Path = "results"
    mixed: bool = False
    measure: bool = True

    @property
    def folder(self) -> Path:
        """The folder of the study's tables."""
        return Path(self.results) / self.study.name

    def read(self, table: "Table") -> "pd.DataFrame":
        """A table of the study; raises as `read_frame`."""
        return read_frame(self.folder / f"{table.name}.csv", table, self.study.given)

    def write(self, table: "Table", rows: Iterable[Row]) -> Path:
        """Writes results/<study>/NAME.csv and returns its path; raises as `write_frame`."""
        return write_frame(self.folder / f"{table.name}.csv", table, table.frame(rows))


@dataclass(frozen=True)
class Table:
    """A table by name.

    schema: its columns, a plain name for a column of text; or "module:NAME" of such a tuple, imported when asked for.
    maker: "module:function", which gives the rows of a `Source`. Without a maker, only `command` makes the table.
    command: the words after `lcr` that make it; `table NAME` if not given.
    needs: the other tables that it is made from.
    runs: the runs that it is made from: none, all, those of the table2 dataset, of the readings, or those of the
        table2 dataset whose variant acts.
    of: the studies that have it: those without a sweep or a multiverse; those with a sweep of learning rates or of
        lengths; or those with interpretations.
    mixes: whether `Source.mixed` makes a difference.
    title, legend: a line above the table, and the words below it that explain its columns.
    view: the columns of its Markdown (see `lcr.study.tables.markdown`).
    """

    name: str
    schema: str | tuple[str | Column, ...]
    maker: str = ""
    command: str = ""
    needs: tuple[str, ...] = ()
    runs: Literal["", "all", "table2", "readings", "acting"] = ""
    of: Literal["whole", "rates", "lengths", "interpretations"] = "whole"
    mixes: bool = False
    title: str = ""
    legend: str = ""
    view: Mapping[str, tuple[str, ...]] | None = None

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns in the order of the CSV."""
        found = _imported(self.schema) if isinstance(self.schema, str) else self.schema
        return tuple(Column(one) if isinstance(one, str) else one for one in found)

    @property
    def names(self) -> list[str]:
        """The columns' names in the order of the CSV."""
        return [column.name for column in self.columns]

    def rows(self, source: Source) -> Iterable[Row]:
        """The rows of the table of one study.

        Raises:
            InputError: a file that it is made from is missing, damaged or stale; or only another command makes it.
        """
        if not self.maker:
            raise InputError(f"{self.name} is no table of `lcr table`; {self.again(source.study.given)}")
        return _imported(self.maker)(source)

    def make(self, source: Source) -> "pd.DataFrame":
        """The table of one study; raises as `rows`."""
        return self.frame(self.rows(source))

    def frame(self, rows: Iterable[Row]) -> "pd.DataFrame":
        """Rows as a typed frame; a column that a row leaves out, or gives as None, is empty there.

        Raises:
            ValueError: a row has a column that the table has not.
        """
        import pandas as pd

        rows = list(rows)
        if foreign := {name for row in rows for name in row} - set(self.names):
            raise ValueError(f"{self.name} has no column {', '.join(sorted(foreign))}")
        found = pd.DataFrame(index=range(len(rows)), columns=self.names)
        for column in self.columns:
            dtype, empty, *_ = _KINDS[column.kind]
            values = [empty if (value := row.get(column.name)) is None else value for row in rows]
            found[column.name] = pd.Series(values, dtype=dtype)
        return found

    def cells(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        """A frame as text: the very cells that its CSV holds."""
        known = frame.astype(object).where(frame.notna(), None)
        return known.apply(lambda values: values.map(self.columns[self.names.index(values.name)].cell))

    def again(self, study: str = "STUDY") -> str:
        """In words: the command that makes the table again; study: the text after `--study` (`StudyConfig.given`)."""
        return f"make it again: lcr {self.command or f'table {self.name}'} --study {study}"


def _imported(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


def write_frame(path: Path, table: Table, frame: "pd.DataFrame") -> Path:
    """Writes a frame as CSV in one atomic write and returns its path.

    Raises:
        InputError: the file cannot be written.
    """
    cells = table.cells(frame[table.names])
    with atomic_write(path) as aside:
        cells.to_csv(aside, index=False, lineterminator="\n")
    return path


def read_frame(path: str | Path, table: Table, study: str = "STUDY") -> "pd.DataFrame":
    """A table's CSV as a typed frame.

    Args:
        study: the text after `--study` in the command that makes the table again (`StudyConfig.given`).

    Raises:
        InputError: as for `read_cells`; or a cell is not of its column's kind: its line and column are named.
    """
    cells = read_cells(path, table, study)
    rows: list[Row] = [{} for _ in cells.index]
    for column in table.columns:
        for row, (line, cell) in zip(rows, cells[column.name].items(), strict=True):
            try:
                row[column.name] = column.value(cell)
            except (ValueError, KeyError):
                why = f"{column.name} is '{cell}', which is {_KINDS[column.kind][-1]}"
                raise InputError(f"{path}, line {line}: {why}; {table.again(study)}") from None
    return table.frame(rows)


def read_cells(path: str | Path, table: Table, study: str = "STUDY") -> "pd.DataFrame":
    """A table's CSV as text, cell by cell; the index is the line in the file.

    Raises:
        InputError: there is no such file, or it is not whole: not in UTF-8, cut off, without a row, with other columns
            than the table's, or with a row of more or fewer cells. The line is named.
    """
    import pandas as pd

    try:
        text = read_whole(path).decode("utf-8", errors="replace")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"no table {path} ({why}); {table.again(study)}") from None
    reader, rows = csv.reader(io.StringIO(text, newline=""), strict=True), {}
    try:
        for cells in reader:
            if not rows and cells != table.names:
                wrong = sorted(set(cells) ^ set(table.names)) or ["their order, or two of one name"]
                raise ValueError(f"other columns than the table's ({', '.join(wrong)})")
            if len(cells) != len(table.names):
                raise ValueError(f"{len(cells)} cells under {len(table.names)} columns")
            if any("\N{REPLACEMENT CHARACTER}" in cell for cell in cells):
                raise ValueError("no text in UTF-8")
            rows[reader.line_num] = cells
        if len(rows) < 2 or not text.endswith("\n"):
            raise ValueError("the file breaks off here")
    except (csv.Error, ValueError) as error:
        raise InputError(f"{path}, line {max(reader.line_num, 1)}: {error}; {table.again(study)}") from None
    return pd.DataFrame.from_dict(rows, orient="index", columns=table.names)[1:]
