"""`lcr hashes`, `lcr reference` and `lcr verify`. Light at the top: what a command needs is imported when it runs."""

from typing import Annotated

import typer

from lcr.util.errors import Mismatch

Study = Annotated[str, typer.Option(help="The study whose results they are: a name, or the path of its YAML.")]
DataRoot = Annotated[
    list[str] | None, typer.Option(help="DATASET=DIR: the runs were made on real clips in DIR. Repeatable.")
]
Root = Annotated[str | None, typer.Option(help="The project's top folder, which holds ablations/.")]
Results = Annotated[str, typer.Option(help="Where the study's results are.")]


def hashes(study: Study, data_root: DataRoot = None, root: Root = None, results: Results = "results") -> None:
    """Writes RESULTS/hashes.json: what every file of a study's results is now, for lcr verify. The last thing to do.

    Example: lcr hashes --study tiny
    """
    from lcr.commands.options import data_roots
    from lcr.config.study import load_study
    from lcr.evidence.hashes import write_hashes

    print(write_hashes(results, load_study(study, data_roots(data_root), root), study, root))


def reference(
    study: Study,
    data_root: DataRoot = None,
    root: Root = None,
    results: Results = "results",
    out: Annotated[str, typer.Option(help="The folder to make; an earlier one is replaced.")] = "results/reference",
) -> None:
    """Copies a study's tables, figures, predictions and records, small enough to commit: no weights, no clips.

    Example: lcr reference --study tiny --out results/reference
    """
    from lcr.commands.options import data_roots
    from lcr.config.study import load_study
    from lcr.evidence.reference import make_reference

    print(make_reference(load_study(study, data_roots(data_root), root), study, results, out, root))


def verify(
    folder: Annotated[str, typer.Argument(help="results/, or a copy of it made by lcr reference.")] = "results",
    study: Annotated[str | None, typer.Option(help="The study's YAML, where it is not the one that was named.")] = None,
    root: Root = None,
) -> None:
    """Computes accuracies and statistics anew from the per-clip predictions, and counts from the models.

    What was measured on a machine (memory, the readings' diagnosis) is checked by its hash, as all files are;
    configuration, data manifests, sources, commit and lock too. What does not match is told, exit 1.

    Example: lcr verify results/reference
    """
    from lcr.evidence.verify import verify as check

    report = check(folder, study, root)
    for note in report.note_lines():
        print(f"note: {note}")
    for problem in report.problems:
        print(f"MISMATCH {problem}")
    checked = f"{report.files} files, {report.runs} runs, {report.tables} tables"
    if report.problems:
        raise Mismatch(f"{len(report.problems)} things in {folder} do not match ({checked} checked)")
    print(f"{folder} matches: {checked}")
