"""The reference: a study's results small enough to commit, which `lcr verify` checks in a fresh clone.

`<study>/` holds the study's tables, figures, notebooks and pages, each once; the runs in the four packed files of
`lcr.study.store`; each dataset's manifest (no video); and hashes.json, with the hashes of weights, which are left out.
answer.html shows the figures that lie beside it.
"""

import base64
import shutil
from pathlib import Path

from lcr.config.study import StudyConfig
from lcr.evidence.hashes import NAME, manifest_path, read_hashes, study_files, write_hashes
from lcr.study.store import OF_RUN, Store, pack
from lcr.util.errors import InputError
from lcr.util.files import file_hash, folder_aside

KEPT = (".csv", ".png", ".svg", ".html", ".json", ".md")


def make_reference(study: StudyConfig, named: str, results: Path, out: Path) -> Path:
    """Copies and packs the results of a study to `out`/<study>, whole or not at all, and returns that folder.

    Raises:
        InputError: `results` holds no hashed results of the study, or a run lacks a file; or the folder cannot be
            written to, or holds something else than an earlier reference, which would be replaced.
        Mismatch: the results' hashes.json has been changed.
    """
    out = out / study.name
    store = Store(results, study.name)
    top = store.folder if store.packed else results
    _check_place(out, top)
    hashed = read_hashes(top)
    if hashed.name != study.name:
        raise InputError(f"{results} holds the study '{hashed.name}', not '{study.name}'; run its snakemake first")
    not_kept = {name.removeprefix(f"{study.name}/"): told for name, told in hashed.not_kept.items()}
    with folder_aside(out) as aside:
        pack(store, aside)
        for path in study_files(top, study.name):
            if store.folder not in path.parents:
                continue
            name = path.relative_to(store.folder)
            of_run = len(name.parts) == 4 and name.name in OF_RUN
            if path.suffix in KEPT and not of_run:
                (aside / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, aside / name)
            elif not of_run and path.suffix != ".parquet":
                not_kept[name.as_posix()] = file_hash(path)
        for dataset in study.datasets:
            (aside / dataset).mkdir()
            shutil.copyfile(manifest_path(top, study.name, dataset), aside / dataset / "manifest.parquet")
        link_figures(aside / "answer.html")
        write_hashes(aside, study, named, not_kept=not_kept)
    return out


def _check_place(out: Path, results: Path) -> None:
    """Refuses a place where something else than an earlier reference would be deleted."""
    if out.resolve() in (results.resolve(), *results.resolve().parents):
        raise InputError(f"--out {out.parent}: {out} holds the results themselves; give a new folder")
    if out.exists() and not (out.is_dir() and (not any(out.iterdir()) or (out / NAME).is_file())):
        raise InputError(f"--out {out.parent}: {out} is no earlier reference (it has no {NAME}); give a new folder")


def link_figures(page: Path) -> None:
    """Replaces each figure inside a page by a link to the same figure beside it, so that it stands only once."""
    if not page.is_file():
        return
    text = page.read_text(encoding="utf-8")
    for figure in sorted(page.parent.glob("figures/*.png")):
        inside = f"data:image/png;base64,{base64.b64encode(figure.read_bytes()).decode()}"
        text = text.replace(inside, f"figures/{figure.name}")
    page.write_text(text, encoding="utf-8")
