"""The bundle's files, and a zip whose bytes depend on theirs alone."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

from lcr.evidence.bundle.facts import Facts
from lcr.evidence.bundle.standards import METADATA, crate_metadata, croissant, manifest_bytes
from lcr.evidence.bundle.texts import checklist, model_card
from lcr.study.store import OF_RUN
from lcr.util.errors import InputError
from lcr.util.files import atomic_write

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold; the time of writing does not count


def bundle_files(facts: Facts, date: str) -> dict[str, bytes]:
    """All files of the bundle, by their path in it, sorted.

    Raises:
        InputError: a file of the study is missing, or the seal of a run's file is broken.
    """
    found = _of_the_study(facts)
    for name, manifest in facts.manifests.items():
        found[f"manifests/{name}.parquet"] = content = manifest_bytes(manifest)
        found[f"manifests/{name}.croissant.json"] = croissant(manifest, content, date).encode()
    found |= {f"model-cards/{variant.name}.md": model_card(facts, variant).encode() for variant in facts.variants}
    found = dict(sorted((found | {"checklist.md": checklist(facts).encode()}).items()))
    return {METADATA: crate_metadata(facts, found, date)} | found


def _of_the_study(facts: Facts) -> dict[str, bytes]:
    folder, store = facts.finished.folder, facts.finished.store
    shown = [path for part in ("figures", "notebooks") for path in sorted((folder / part).glob("[!.]*"))]
    runs = dict.fromkeys(store.place(run, file) for run in facts.runs for file in OF_RUN)
    paths = [folder / "README.md", *sorted(folder.glob("*.csv")), *shown, *runs]
    if missing := [path for path in paths if not path.is_file()]:
        command = f"snakemake --cores all --config study={facts.finished.study}"
        raise InputError(f"no {missing[0]}, which the bundle holds; run {command} first")
    for path in runs:
        store.check_seal(path)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def write_zip(path: Path, files: Mapping[str, bytes]) -> None:
    """A zip with these files in this order, in one atomic write; the same files give the same bytes.

    Raises:
        InputError: the place cannot be written to.
    """
    with atomic_write(path) as aside, zipfile.ZipFile(aside, "w") as opened:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # Unix, on every machine
            opened.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=9)


def write_bundle(facts: Facts, date: str | None = None) -> Path:
    """Writes bundle.zip to the results' folder and returns its path.

    Args:
        date: YYYY-MM-DD, as published; None for the day of the runs' newest commit.

    Raises:
        InputError: a file of the study is missing, or the date is not known.
    """
    path = facts.finished.results / "bundle.zip"
    write_zip(path, bundle_files(facts, date or facts.date))
    return path
