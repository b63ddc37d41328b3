"""The reference: a study's results small enough to commit, which `lcr verify` checks in a fresh clone.

`<study>/` holds the study's tables, figures, notebooks and pages, each once; the runs in the four packed files of
`lcr.study.store`; each dataset's manifest (no video); and hashes.json, with the hashes of weights, which are left out.
answer.html shows the figures that lie beside it.
"""

import base64
import shutil
from pathlib import Path

from lcr.config.record import RunRecord
from lcr.config.study import StudyConfig
from lcr.evidence.hashes import NAME, manifest_path, read_hashes, study_files, top_folder, write_hashes
from lcr.study.makers import mixtures, refuse
from lcr.study.store import OF_RUN, Store, pack
from lcr.util.errors import InputError
from lcr.util.files import atomic_folder, file_hash

KEPT = (".csv", ".png", ".svg", ".html", ".json", ".md")


def make_reference(study: StudyConfig, named: str, results: Path, out: Path) -> Path:
    """Copies and packs the results of a study to `out`/<study>, whole or not at all, and returns that folder.

    Raises:
        InputError: `results` holds no hashed results of the study, or a run lacks a file; or the folder cannot be
            written to, or holds something else than an earlier reference, which would be replaced.
        Mismatch: the results' hashes.json has been changed; or different backends, library versions or instruction
            sets made the runs, of which a reference has one each.
    """
    out, store = out / study.name, Store(results, study.name)
    _check_place(out, top_folder(store))
    hashed = read_hashes(top_folder(store))
    if hashed.name != study.name:
        raise InputError(f"{results} holds the study '{hashed.name}', not '{study.name}'; run its snakemake first")
    _check_makers(store)
    own = [path.relative_to(store.folder) for path in study_files(store) if store.folder in path.parents]
    not_packed = [
        name for name in own if name.suffix != ".parquet" and not (len(name.parts) == 4 and name.name in OF_RUN)
    ]
    copies = {name: store.folder / name for name in not_packed if name.suffix in KEPT}
    not_kept = {name.removeprefix(f"{study.name}/"): told for name, told in hashed.not_kept.items()}
    not_kept |= {name.as_posix(): file_hash(store.folder / name) for name in not_packed if name not in copies}
    copies |= {Path(dataset, "manifest.parquet"): manifest_path(store, dataset) for dataset in study.datasets}
    with atomic_folder(out) as aside:
        pack(store, aside)
        for name, path in copies.items():
            (aside / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, aside / name)
        link_figures(aside)
        write_hashes(Store(aside.parent, aside.name), study, named, not_kept=not_kept)
    return out


def _check_place(out: Path, results: Path) -> None:
    """Refuses a place where something else than an earlier reference would be deleted."""
    if out.resolve() in (results.resolve(), *results.resolve().parents):
        raise InputError(f"--out {out.parent}: {out} holds the results themselves; give a new folder")
    if out.exists() and not (out.is_dir() and (not any(out.iterdir()) or (out / NAME).is_file())):
        raise InputError(f"--out {out.parent}: {out} is no earlier reference (it has no {NAME}); give a new folder")


def _check_makers(store: Store) -> None:
    """Refuses runs that were not made alike. Older records name one maker, which counts for weights and predictions."""
    rows: dict[str, list[RunRecord]] = {}
    for run in store.runs():
        record = store.record(*run)
        whole = record.model_copy(update={"training": record.trained})
        rows.setdefault(f"{run.dataset}/{run.variant}", []).append(whole)
    refuse(mixtures(rows))


def link_figures(folder: Path) -> None:
    """Replaces each figure inside answer.html by a link to the same figure beside it, so that it stands only once."""
    for page in folder.glob("answer.html"):
        text = page.read_text(encoding="utf-8")
        for figure in sorted(folder.glob("figures/*.png")):
            inside = f"data:image/png;base64,{base64.b64encode(figure.read_bytes()).decode()}"
            text = text.replace(inside, f"figures/{figure.name}")
        page.write_text(text, encoding="utf-8")
