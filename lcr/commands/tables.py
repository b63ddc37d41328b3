"""`lcr table`. Light at the top: what a command needs is imported when it runs."""

from enum import StrEnum
from typing import Annotated

import typer

from lcr.study.tables.registry import TABLES
from lcr.util.errors import InputError

HELP = f"{', '.join(table.name for table in TABLES.values() if table.maker)}."
MIXED = f"In {', '.join(table.name for table in TABLES.values() if table.mixes)}"


class Format(StrEnum):
    csv = "csv"
    markdown = "markdown"


def table(
    name: Annotated[str, typer.Argument(help=HELP)],
    study: Annotated[str, typer.Option(help="The study whose runs are tabulated: a name, or the path of its YAML.")],
    data_root: Annotated[
        list[str] | None, typer.Option(help="DATASET=DIR: the runs were made on real clips in DIR. Repeatable.")
    ] = None,
    root: Annotated[str | None, typer.Option(help="The project's top folder, which holds ablations/.")] = None,
    results: Annotated[str, typer.Option(help="Where the run folders are and the table goes.")] = "results",
    publish: Annotated[bool, typer.Option("--publish", help="Also copy it to results/NAME.csv, whole.")] = False,
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
        Format, typer.Option(help="csv writes results/STUDY/NAME.csv; markdown prints the table and writes nothing.")
    ] = Format.csv,
) -> None:
    """Tables of a study's finished runs, with intervals over seeds and clips.

    A run that is missing, damaged or stale is named, and no table is made. A row that another backend, library version
    or instruction set made than the other rows says so in its note.

    Example: lcr table table2 --study tiny --publish
    """
    from lcr.commands.options import data_roots
    from lcr.config.study import load_study
    from lcr.study.tables import registry
    from lcr.study.tables.frame import Source
    from lcr.study.tables.markdown import markdown
    from lcr.study.tables.strict import refuse_mixed

    chosen = registry.table_named(name)
    if mixed and not chosen.mixes:
        raise InputError(f"--mixed has no effect on {name}; leave it out")
    source = Source(load_study(study, data_roots(data_root), root), results, mixed=mixed)
    if strict:
        refuse_mixed(chosen, source)
    if format == Format.markdown:
        if publish:
            raise InputError("--format markdown prints a table and writes none; leave out --publish")
        print(markdown(chosen, chosen.make(source)))
        return
    path = registry.write_table(name, source)
    print(registry.publish(path, results) if publish else path)
