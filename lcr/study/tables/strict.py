"""`--strict`: refuses a table whose rows were not made alike (see `lcr.study.makers`)."""

from lcr.config.run import Run
from lcr.study.makers import mixtures, records_behind, refuse
from lcr.study.store import Store
from lcr.study.tables.frame import Source, Table
from lcr.study.tables.registry import TABLES, runs_of_table
from lcr.util.errors import InputError


def runs_behind(table: Table, source: Source) -> list[Run]:
    """The runs that a table is made from, those of the tables that it needs included."""
    own = runs_of_table(table, source.study, source.results)
    return [*own, *(run for name in table.needs for run in runs_behind(TABLES[name], source))]


def refuse_mixed(table: Table, source: Source) -> None:
    """Refuses a table whose runs were not all made alike.

    Raises:
        InputError: the table is made from no runs.
        Mismatch: names the rows and their differences.
    """
    runs = runs_behind(table, source)
    if not runs:
        raise InputError(f"--strict has no effect on {table.name}, which is made from no runs; leave it out")
    refuse(mixtures(records_behind(Store(source.results, source.study.name), runs)))
