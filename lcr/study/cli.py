"""`lcr table`. Light at the top: what a command needs is imported when it runs."""

from enum import StrEnum
from typing import Annotated

import typer

from lcr.errors import InputError, unknown


class Format(StrEnum):
    csv = "csv"
    markdown = "markdown"


def table(
    name: Annotated[
        str,
        typer.Argument(help="table1, table2, ablations, temporal, readings, or figure (the ablations as a picture)."),
    ],
    study: Annotated[str, typer.Option(help="The study whose runs are tabulated: a name, or the path of its YAML.")],
    data_root: Annotated[
        list[str] | None, typer.Option(help="DATASET=DIR: the runs were made on real clips in DIR. Repeatable.")
    ] = None,
    root: Annotated[str | None, typer.Option(help="The project's top folder, which holds ablations/.")] = None,
    results: Annotated[str, typer.Option(help="Where the run folders are and the table goes.")] = "results",
    publish: Annotated[bool, typer.Option("--publish", help="Also copy it to results/NAME.csv, whole.")] = False,
    format: Annotated[
        Format, typer.Option(help="csv writes results/STUDY/NAME.csv; markdown prints the table and writes nothing.")
    ] = Format.csv,
) -> None:
    """Tables of a study's finished runs, with intervals over seeds and clips.

    A run that is missing, damaged or stale is named, and no table is made.

    Example: lcr table table2 --study tiny --publish
    """
    from lcr.config import load_study
    from lcr.options import data_roots
    from lcr.study import tables

    if name not in (*tables.COLUMNS, "figure"):
        raise unknown("table", name, (*tables.COLUMNS, "figure"))
    chosen = load_study(study, data_roots(data_root), root)
    if format == Format.markdown:
        if name == "figure" or publish:
            raise InputError("--format markdown prints a table; leave out --publish, and ask for no figure")
        print(tables.markdown(name, tables.table_rows(name, chosen, results, root)))
        return
    if name == "figure":
        from lcr.study.figure import write_figure

        paths = write_figure(tables.table_rows("ablations", chosen, results, root), f"{results}/{chosen.name}")
    else:
        paths = [tables.write_table(name, chosen, results, root)]
    for path in paths:
        print(tables.publish(path, results) if publish else path)
