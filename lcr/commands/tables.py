"""`lcr table`. Free of pandas until a table is made."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from lcr.commands.options import DataRoot, Results, Root, Study, study_source
from lcr.study.tables.markdown import markdown
from lcr.study.tables.registry import TABLES, table_named, tables_of, write_table
from lcr.util.errors import InputError

HELP = f"{', '.join(table.name for table in TABLES.values() if table.maker)}."
MIXED = f"In {', '.join(table.name for table in TABLES.values() if table.mixes)}"


def table(
    name: Annotated[str, typer.Argument(help=HELP)],
    study: Study,
    data_root: DataRoot = None,
    root: Root = None,
    results: Results = Path("results"),
    published: Annotated[bool, typer.Option("--publish", help="Also copy it to results/NAME.csv, whole.")] = False,
    mixed: Annotated[
        bool,
        typer.Option(
            "--mixed",
            help=f"{MIXED}: put runs of different data or protocols in one column; their rows say so.",
        ),
    ] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Refuse runs of different backends, library versions or instruction sets, with exit code 1.",
        ),
    ] = False,
    format: Annotated[
        Literal["csv", "markdown"],
        typer.Option(help="csv writes results/STUDY/NAME.csv; markdown prints the table and writes nothing."),
    ] = "csv",
) -> None:
    """Tables of a study's finished runs, with intervals over seeds and clips.

    A run that is missing, damaged or stale is named, and no table is made. A row that another backend, library version
    or instruction set made than the other rows says so in its note.

    Example: lcr table table2 --study tiny --publish
    """
    from lcr.evidence.publish import publish_table
    from lcr.study.tables.strict import refuse_mixed

    chosen = table_named(name)
    if mixed and not chosen.mixes:
        raise InputError(f"--mixed has no effect on {name}; leave it out")
    source = replace(study_source(study, data_root, root, results), mixed=mixed)
    if name not in (own := tables_of(source.study)):
        raise InputError(f"study '{source.study.name}' has no table {name}; its tables: {', '.join(own)}")
    if strict:
        refuse_mixed(chosen, source)
    if format == "markdown":
        if published:
            raise InputError("--format markdown prints a table and writes none; leave out --publish")
        print(markdown(chosen, chosen.make(source)))
        return
    path = write_table(name, source)
    print(publish_table(path, source, study) if published else path)
