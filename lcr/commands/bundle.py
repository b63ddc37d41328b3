"""`lcr bundle`. Heavy modules are imported when the command runs."""

from datetime import date as day
from pathlib import Path
from typing import Annotated

import typer

from lcr.commands.options import Results, Root, Study
from lcr.config.load import known_variants, load_study
from lcr.util.errors import InputError


def bundle(
    study: Study,
    root: Root = None,
    results: Results = Path("results"),
    date: Annotated[
        str | None, typer.Option(help="YYYY-MM-DD: the bundle's date; else that of the runs' newest commit.")
    ] = None,
) -> None:
    """All of a study's results as one archive, RESULTS/bundle.zip: RO-Crate, Croissant, model cards, checklist.

    No weights and no video. Made again from the same results it is the same file, byte for byte.

    Example: lcr bundle --study tiny
    """
    if date is not None:
        try:
            known = day.fromisoformat(date).isoformat() == date  # which reads other ways to write a day too
        except ValueError:
            known = False
        if not known:
            raise InputError(f"--date {date}: YYYY-MM-DD is expected, as in 2026-11-26")
    try:
        from lcr.evidence.bundle.archive import write_bundle
    except ModuleNotFoundError as error:
        raise InputError(f"the bundle needs '{error.name}'; install it with: pip install 'lcr[bundle]'") from error
    from lcr.evidence.bundle.facts import Facts
    from lcr.report.finished import Finished

    chosen = load_study(study, root=root) if study.endswith((".yaml", ".yml")) else None
    finished = Finished(chosen.name if chosen else study, results)
    print(write_bundle(Facts(finished, known_variants(root, chosen)), date))
