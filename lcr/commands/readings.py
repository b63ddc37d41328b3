"""`lcr readings`. Light at the top: what the command needs is imported when it runs."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from lcr.commands.options import study_source

if TYPE_CHECKING:
    from lcr.study.tables.frame import Source


class Part(StrEnum):
    all = "all"
    diagnose = "diagnose"
    search = "search"


def readings(
    part: Annotated[
        Part,
        typer.Argument(
            help="all: the diagnosis, then readings.csv from it and the study's runs; diagnose: that alone, which "
            "needs no run; search: which readings give the paper's Table 1."
        ),
    ] = Part.all,
    study: Annotated[str, typer.Option(help="The study: a name, or the path of its YAML.")] = "tiny",
    data_root: Annotated[
        list[str] | None, typer.Option(help="DATASET=DIR: the study is on real clips in DIR. Repeatable.")
    ] = None,
    root: Annotated[str | None, typer.Option(help="The project's top folder, which holds ablations/.")] = None,
    results: Annotated[str, typer.Option(help="Where the run folders are and the tables go.")] = "results",
) -> None:
    """Effects of the paper's open questions: each reading's cost, gradients, sensitivity, cell growth and accuracy.

    Example: lcr readings search --study tiny

    Example: lcr readings diagnose --study tiny
    """
    from lcr.study.tables.registry import write_table

    source = study_source(study, data_root, root, results)
    (_search if part == Part.search else _diagnose)(source)
    if part == Part.all:
        print(write_table("readings", source))


def _write(source: "Source", name: str, key: dict, tables: dict[str, list]) -> list:
    """Writes tables by name, and to NAME.json the key that they were made for."""
    from lcr.config.keys import record_key
    from lcr.study.tables.registry import TABLES

    paths = [source.write(TABLES[table], rows) for table, rows in tables.items()]
    record_key(source.folder / f"{name}.json", key)
    return paths


def _search(source: "Source") -> None:
    from lcr.config.study_keys import search_key
    from lcr.cost.search import search
    from lcr.cost.space import accountings
    from lcr.study.tables.search import axes_rows, search_rows, summary
    from lcr.util.progress import counting_bar

    study = source.study
    with counting_bar(len(accountings()), "searching") as advance:
        found = search(progress=lambda way: advance(f"{way.unit} of {way.frames} frames"))
    tables = {"reading_search": search_rows(study.name, found), "reading_search_axes": axes_rows(study.name, found)}
    print(summary(found), *_write(source, "reading_search", search_key(study), tables), sep="\n")


def _diagnose(source: "Source") -> None:
    from lcr.config.register import reading_variants
    from lcr.config.study_keys import diagnosis_key
    from lcr.probes.diagnosis import diagnose_study
    from lcr.study.tables.diagnosis import diagnosis_rows, gradient_rows
    from lcr.util.progress import counting_bar

    study, dataset = source.study, source.study.readings_dataset
    variants = [study.variant("full"), *reading_variants().values()]
    with counting_bar(len(variants), "diagnosing") as advance:
        classes, found = diagnose_study(study, dataset, variants, advance)
    tables = {
        "reading_gradients": gradient_rows(study.name, dataset, found),
        "reading_diagnosis": diagnosis_rows(study.name, dataset, classes, found),
    }
    print(_write(source, "reading_diagnosis", diagnosis_key(study), tables)[-1])
