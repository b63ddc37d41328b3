"""`lcr hashes`, `lcr reference` and `lcr verify`. Light at the top: what a command needs is imported when it runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lcr.commands.options import DataRoot, Results, Root, Study, study_source
from lcr.config.study import load_study
from lcr.util.errors import Mismatch

if TYPE_CHECKING:
    from lcr.evidence.verify import Report


def hashes(study: Study, data_root: DataRoot = None, root: Root = None, results: Results = Path("results")) -> None:
    """Writes hashes.json: the hash of every file of a study's finished results, which lcr verify checks.

    Example: lcr hashes --study tiny
    """
    from lcr.evidence.hashes import write_hashes
    from lcr.evidence.reference import link_figures
    from lcr.study.store import Store

    chosen = study_source(study, data_root, root, results).study
    store = Store(results, chosen.name)
    if store.packed:
        link_figures(store.folder)
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
    folder: Annotated[str, typer.Argument(help="results/, or a reference made by lcr reference.")] = "results",
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
    report = checked(folder, study, root, strict=strict)
    for note in report.note_lines():
        print(f"note: {note}")
    for problem in report.problems:
        print(f"MISMATCH {problem}")
    if report.problems:
        raise Mismatch(f"{len(report.problems)} things in {folder} do not match ({report.checked} checked)")
    print(f"{folder} matches: {report.checked}")


def checked(folder: str, study: str | None = None, root: Path | None = None, *, strict: bool = False) -> "Report":
    """The report of `lcr verify`; strict: runs that were not made alike are a problem, not a note.

    Raises:
        InputError: the folder has no hashes.json, or there is no such study.
        Mismatch: hashes.json itself has been changed.
    """
    from lcr.evidence.hashes import read_hashes
    from lcr.evidence.verify import hashed_folder, verify

    place = hashed_folder(Path(folder))
    hashes = read_hashes(place)
    return verify(place, hashes, load_study(study or hashes.study, hashes.roots, root), strict=strict)
