"""`lcr readings`. Heavy modules are imported when the command runs."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from lcr.commands.options import DataRoot, Results, Root, Study, study_source
from lcr.config.keys import record_key
from lcr.config.register import reading_variants
from lcr.config.study_keys import diagnosis_key, search_key
from lcr.study.tables.frame import Source
from lcr.study.tables.registry import TABLES, write_table
from lcr.util.progress import counting_bar


def readings(
    part: Annotated[
        Literal["all", "diagnose", "search"],
        typer.Argument(
            help="all: the diagnosis, then readings.csv from it and the study's runs; diagnose: that alone, which "
            "needs no run; search: which readings give the paper's Table 1."
        ),
    ] = "all",
    study: Study = "tiny",
    data_root: DataRoot = None,
    root: Root = None,
    results: Results = Path("results"),
) -> None:
    """Effects of the paper's open questions: each reading's cost, gradients, sensitivity, cell growth and accuracy.

    Example: lcr readings search --study tiny

    Example: lcr readings diagnose --study tiny
    """
    source = study_source(study, data_root, root, results)
    (_search if part == "search" else _diagnose)(source)
    if part == "all":
        print(write_table("readings", source))


def _write(source: Source, name: str, key: dict, tables: dict[str, list]) -> list:
    """Writes tables by name, and to NAME.json the key that they were made for."""
    paths = [source.write(TABLES[table], rows) for table, rows in tables.items()]
    record_key(source.folder / f"{name}.json", key)
    return paths


def _search(source: Source) -> None:
    from lcr.cost.search import Search
    from lcr.cost.space import accountings
    from lcr.study.tables.search import axes_rows, search_rows, summary

    study = source.study
    with counting_bar(len(accountings()), "searching") as advance:
        found = Search(progress=lambda way: advance(f"{way.unit} of {way.frames} frames"))
    tables = {"reading_search": search_rows(study.name, found), "reading_search_axes": axes_rows(study.name, found)}
    print(summary(found), *_write(source, "reading_search", search_key(study), tables), sep="\n")


def _diagnose(source: Source) -> None:
    from lcr.probes.diagnosis import diagnose_study
    from lcr.study.tables.diagnosis import diagnosis_rows, gradient_rows

    study, dataset = source.study, source.study.readings_dataset
    variants = [study.variant("full"), *reading_variants().values()]
    with counting_bar(len(variants), "diagnosing") as advance:
        classes, found = diagnose_study(study, dataset, variants, advance)
    tables = {
        "reading_gradients": gradient_rows(study.name, dataset, found),
        "reading_diagnosis": diagnosis_rows(study.name, dataset, classes, found),
    }
    print(_write(source, "reading_diagnosis", diagnosis_key(study), tables)[-1])
