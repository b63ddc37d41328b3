"""The reference: a study's results small enough to commit, which `lcr verify` passes in a fresh clone.

Tables, figures, per-clip predictions and the records of every run are copied, and each data set's manifest (no video);
weights are not, but their hashes are.
"""

import shutil
from pathlib import Path

from lcr.config.run import Data
from lcr.config.study import StudyConfig
from lcr.evidence.hashes import NAME, read_hashes, study_files, write_hashes
from lcr.util.errors import InputError
from lcr.util.files import file_hash, folder_aside

KEPT = (".csv", ".png", ".svg", ".html", ".json", ".jsonl", ".parquet", ".md")


def _check_place(out: Path, results: Path) -> None:
    """Refuses a place where something would be deleted that is no earlier reference."""
    if out.resolve() in (results.resolve(), *results.resolve().parents):
        raise InputError(f"--out {out} holds the results themselves; give a new folder")
    if out.exists() and not (out.is_dir() and (not any(out.iterdir()) or (out / NAME).is_file())):
        raise InputError(f"--out {out} is there and no earlier reference (it has no {NAME}); give a new folder")


def make_reference(
    study: StudyConfig, named: str, results: str | Path, out: str | Path, root: str | Path | None = None
) -> Path:
    """Copies the results of a study to `out`, whole or not at all; an earlier reference there is replaced.

    Raises:
        InputError: `results` holds another study's results, none, or no hashes of them; or `out` cannot be written to,
            or holds anything else.
    """
    results, out = Path(results), Path(out)
    _check_place(out, results)
    try:
        hashed = read_hashes(results)
    except ValueError as error:
        raise InputError(f"{error}; make the results again, then `lcr verify {results}`") from error
    if hashed.name != study.name:
        raise InputError(f"{results} holds the study '{hashed.name}', not '{study.name}'; run its snakemake first")
    not_kept = {}
    with folder_aside(out) as aside:
        for path in study_files(results, study.name):
            name = path.relative_to(results)
            if path.suffix not in KEPT:
                not_kept[name.as_posix()] = file_hash(path)
                continue
            (aside / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, aside / name)
        for dataset in study.datasets:
            manifest = Data.of(study, dataset).manifest(results)
            shutil.copyfile(manifest, aside / study.name / dataset / manifest.name)
        write_hashes(aside, study, named, root, not_kept=not_kept)
    return out
