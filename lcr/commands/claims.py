"""`lcr claims`. Light at the top: what the command needs is imported when it runs."""

from typing import Annotated

import typer


def claims(
    study: Annotated[str, typer.Option(help="The study whose runs the claims are held against: a name, or its YAML.")],
    data_root: Annotated[
        list[str] | None, typer.Option(help="DATASET=DIR: the runs were made on real clips in DIR. Repeatable.")
    ] = None,
    root: Annotated[str | None, typer.Option(help="The project's top folder, which holds ablations/.")] = None,
    results: Annotated[
        str, typer.Option(help="The folder of the study's tables, to which the ledger goes.")
    ] = "results",
    publish: Annotated[bool, typer.Option("--publish", help="Also copy it to results/claims.csv, whole.")] = False,
) -> None:
    """The paper's claims, each with a verdict: supported, contradicted, inconclusive or untested, and why.

    Needs the study's tables statistics and temporal. Measurements on synthetic clips decide nothing.

    Example: lcr claims --study tiny --publish
    """
    from lcr.commands.options import data_roots
    from lcr.config.study import load_study
    from lcr.report.answer import of_the_paper, verdict_counts
    from lcr.study.tables import registry as tables

    source = tables.Source(load_study(study, data_roots(data_root), root), results)
    path = tables.write_table("claims", source)
    papers = of_the_paper(source.read(tables.TABLES["claims"]))
    print(tables.publish(path, results) if publish else path)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in verdict_counts(papers).items())
    print(f"{len(papers)} claims of the paper: {counts}")
