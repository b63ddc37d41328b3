"""`lcr publish`, `lcr hashes`, `lcr reference` and `lcr verify`. Heavy modules are imported when a command runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lcr.commands.options import DataRoot, Results, Root, Study, study_source
from lcr.config.load import load_study
from lcr.util.errors import InputError, Mismatch

if TYPE_CHECKING:
    from lcr.evidence.verify import Report


def publish(
    study: Study,
    files: Annotated[
        list[str] | None, typer.Argument(help="Names below results/STUDY/; all, and hashes.json, when left out.")
    ] = None,
    data_root: DataRoot = None,
    root: Root = None,
    results: Results = Path("results"),
) -> None:
    """Copies a study's tables, figures, pages and README from results/STUDY/ to results/, then writes hashes.json.

    One process publishes at a time; another one waits for it.

    Example: lcr publish --study tiny
    """
    from lcr.evidence.publish import publish
    from lcr.study.store import Store

    chosen = study_source(study, data_root, root, results).study
    print(*publish(Store(results, chosen.name), chosen, study, files or ()), sep="\n")


def hashes(study: Study, data_root: DataRoot = None, root: Root = None, results: Results = Path("results")) -> None:
    """Writes hashes.json: the hash of every file of a study's finished results, which lcr verify checks.

    Example: lcr hashes --study tiny
    """
    from lcr.evidence.hashes import write_hashes
    from lcr.evidence.publish import LOCK
    from lcr.evidence.reference import link_figures
    from lcr.study.store import Store
    from lcr.util.locks import run_lock

    chosen = study_source(study, data_root, root, results).study
    store = Store(results, chosen.name)
    if store.packed:
        link_figures(store.folder)
    with run_lock(LOCK):
        print(write_hashes(store, chosen, study))


def reference(
    study: Study,
    data_root: DataRoot = None,
    root: Root = None,
    results: Results = Path("results"),
    out: Annotated[Path, typer.Option(help="OUT/STUDY is made; an earlier one is replaced.")] = Path(
        "results/reference"
    ),
) -> None:
    """Packs a study's tables, figures, predictions and records, small enough to commit: no weights, no clips.

    Example: lcr reference --study tiny --out results/reference
    """
    from lcr.evidence.reference import make_reference

    print(make_reference(study_source(study, data_root, root, results).study, study, results, out))


def verify(
    folder: Annotated[
        str, typer.Argument(help="results/, a reference made by lcr reference, or the folder of several.")
    ] = "results",
    study: Annotated[str | None, typer.Option(help="The study's YAML, if it is not the recorded one.")] = None,
    root: Root = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Runs of different backends, versions or instruction sets are a mismatch too."),
    ] = False,
) -> None:
    """Computes accuracies and statistics again from the per-clip predictions, and counts from the models.

    Measurements of a machine (memory, the readings' diagnosis) are checked by their hash, as all files are;
    configuration, data manifests, sources, commit and lock too. Every mismatch is printed, with exit code 1.

    Example: lcr verify results/reference
    """
    from lcr.evidence.verify import hashed_folders

    places = hashed_folders(Path(folder))
    if len(places) > 1 and study is not None:
        raise InputError(f"{folder} holds several studies; with --study name one: {', '.join(map(str, places))}")
    failed = []
    for place in places:
        report = checked(place, study, root, strict=strict)
        for note in report.note_lines():
            print(f"note: {note}")
        for problem in report.problem_lines():
            print(f"MISMATCH {problem}")
        if report.problems:
            failed.append(f"{len(report.problems)} things in {place} do not match ({report.checked} checked)")
        else:
            print(f"{place} matches: {report.checked}")
    if failed:
        raise Mismatch("; ".join(failed))


def checked(
    folder: str | Path, study: str | None = None, root: Path | None = None, *, strict: bool = False
) -> "Report":
    """The report of `lcr verify` on one folder of hashes.json.

    strict: runs that were not made alike are a problem, not a note.

    Raises:
        InputError: the folder has no results, there is no such study, or it is not that of the results.
    """
    from lcr.evidence.findings import Report
    from lcr.evidence.hashes import NAME, inspect_hashes
    from lcr.evidence.verify import studies_in, verify, verify_files, verify_seals

    place, report, hashes = Path(folder), Report(), None
    try:
        hashes, wrong = inspect_hashes(place)
    except FileNotFoundError:
        if not studies_in(place):
            raise InputError(f"no {place / NAME}, and no run of a study either; give another folder") from None
        wrong = "it is missing"
    report.demand(not wrong, f"{place / NAME}: {wrong}; make the results again, or only it with `lcr hashes`")
    roots = hashes.roots if hashes else None
    if study is not None:
        chosen = load_study(study, roots, root)
        if hashes and not wrong and chosen.name != hashes.name:
            raise InputError(f"{place / NAME} is of study '{hashes.name}', not of '{study}'; give its --study")
        verify(place, hashes, chosen, report, strict=strict)
        return report
    named, chosen = [hashes.study] if hashes else studies_in(place), None
    with report.finding(place / NAME, "its study cannot be loaded; give its --study"):
        if len(named) != 1:
            raise InputError(f"{place / NAME} does not tell its study; give its --study")
        chosen = load_study(named[0], roots, root)
    if chosen is not None:
        verify(place, hashes, chosen, report, strict=strict)
    elif hashes is not None:
        verify_files(place, hashes, report)
    else:
        verify_seals(place, named, report)
    return report
