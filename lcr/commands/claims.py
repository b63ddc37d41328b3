"""`lcr claims`. Heavy modules are imported when the command runs."""

from pathlib import Path
from typing import Annotated

import typer

from lcr.commands.options import DataRoot, Results, Root, Study, study_source
from lcr.study.tables.registry import TABLES, write_table


def claims(
    study: Study,
    data_root: DataRoot = None,
    root: Root = None,
    results: Results = Path("results"),
    published: Annotated[bool, typer.Option("--publish", help="Also copy it to results/claims.csv, whole.")] = False,
) -> None:
    """The paper's claims, each with a verdict: supported, contradicted, inconclusive, untested or untestable, and why.

    Needs the study's tables statistics and temporal. Measurements on synthetic clips decide nothing.

    Example: lcr claims --study tiny --publish
    """
    from lcr.evidence.publish import publish_table
    from lcr.report.answer import by_group, verdict_counts

    source = study_source(study, data_root, root, results)
    path = write_table("claims", source)
    print(publish_table(path, source, study) if published else path)
    for title, rows in by_group(source.read(TABLES["claims"])).items():
        counts = ", ".join(f"{count} {verdict}" for verdict, count in verdict_counts(rows).items())
        print(f"{title}, by cause ({len(rows)} rows): {counts}")
