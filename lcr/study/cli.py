"""`lcr table` and `lcr cost`. Light at the top: what a command needs is imported when it runs."""

from enum import StrEnum
from typing import Annotated

import typer

from lcr.errors import InputError, unknown


class Format(StrEnum):
    csv = "csv"
    markdown = "markdown"


def table(
    name: Annotated[str, typer.Argument(help="table2, ablations or temporal.")],
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

    if name not in tables.COLUMNS:
        raise unknown("table", name, tables.COLUMNS)
    chosen = load_study(study, data_roots(data_root), root)
    if format == Format.markdown:
        if publish:
            raise InputError("--format markdown prints a table and writes none; leave out --publish")
        print(tables.markdown(name, tables.table_rows(name, chosen, results, root)))
        return
    path = tables.write_table(name, chosen, results, root)
    print(tables.publish(path, results) if publish else path)


def answer(
    study: Annotated[str, typer.Option(help="The study whose tables are put into words: a name.")],
    results: Annotated[str, typer.Option(help="Where the study's folder is and the page goes.")] = "results",
) -> None:
    """The answer in words, with tables and figures, from the study's tables alone.

    Writes README.md and the same as one HTML page, answer.html, to results/STUDY/.

    Example: lcr answer --study tiny
    """
    from lcr.study.evidence import Evidence
    from lcr.study.readme import write_readme
    from lcr.workflow import TABLES

    print(*write_readme(Evidence(study, results), TABLES), sep="\n")


def cost(
    model: Annotated[str, typer.Argument(help="A model by name, as in lcr-base-112.")],
    frames: Annotated[
        int, typer.Option(min=1, help="Frames of one view; the paper does not say how many it counted.")
    ] = 32,
    ablation: Annotated[str, typer.Option(help="The variant of the model: a name, or the path of its YAML.")] = "full",
    root: Annotated[str | None, typer.Option(help="The project's top folder, which holds ablations/.")] = None,
) -> None:
    """Parameters, multiply-adds, FLOPs and memory of one view, by component.

    Counted on the model as the paper describes it, with nothing left out that no classifier reads.

    Example: lcr cost lcr-base-112 --frames 32
    """
    from rich.console import Console
    from rich.table import Table

    from lcr.config import load_variant
    from lcr.cost import cost as count
    from lcr.model.config import model_by_name

    variant = load_variant(ablation, root)
    found = count(variant.apply(model_by_name(model)), frames)
    shown = Table(title=f"{model}, {variant.title}, {frames} frames, one view")
    for head in ("component", "parameters", "multiply-adds", "elementwise operations"):
        shown.add_column(head, justify="left" if head == "component" else "right")
    for name in sorted({*found.params_by_component, *found.macs_by_component}):
        columns = (found.params_by_component, found.macs_by_component, found.elementwise_by_component)
        shown.add_row(name, *(f"{column.get(name, 0):,}" for column in columns))
    total = (found.params, sum(found.macs_by_component.values()), sum(found.elementwise_by_component.values()))
    shown.add_section()
    shown.add_row("all", *(f"{number:,}" for number in total))
    console = Console()
    console.print(shown)
    console.print(
        f"{found.gmacs:.6g} GMACs = {found.gflops:.6g} GFLOPs; peak memory {found.peak_mem_gb:.4g} GB", highlight=False
    )
