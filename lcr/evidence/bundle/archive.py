"""The bundle's files, and a zip whose bytes depend on theirs alone."""

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from lcr.evidence.bundle.cards import model_card
from lcr.evidence.bundle.checklist import checklist
from lcr.evidence.bundle.crate import METADATA, crate_metadata
from lcr.evidence.bundle.croissant import croissant, manifest_bytes
from lcr.evidence.bundle.facts import Facts
from lcr.study.store import OF_RUN
from lcr.util.errors import InputError
from lcr.util.files import write_aside

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold; the time of writing does not count


def bundle_files(facts: Facts, date: str) -> dict[str, bytes]:
    """All files of the bundle, by their path in it, sorted.

    Raises:
        InputError: a file of the study is missing.
    """
    found = dict(_of_the_study(facts))
    for name, manifest in facts.manifests.items():
        content = manifest_bytes(manifest)
        found[f"manifests/{name}.parquet"] = content
        found[f"manifests/{name}.croissant.json"] = croissant(manifest, content, date).encode()
    for variant in facts.variants:
        found[f"model-cards/{variant.name}.md"] = model_card(facts, variant).encode()
    found["checklist.md"] = checklist(facts).encode()
    found = dict(sorted(found.items()))
    return {METADATA: crate_metadata(facts, found, date)} | found


def _of_the_study(facts: Facts) -> Iterator[tuple[str, bytes]]:
    folder, store = facts.finished.folder, facts.finished.store
    shown = [path for part in ("figures", "notebooks") for path in sorted((folder / part).glob("[!.]*"))]
    runs = dict.fromkeys(store.place(run, file) for run in facts.runs for file in OF_RUN)
    for path in (folder / "README.md", *sorted(folder.glob("*.csv")), *shown, *runs):
        try:
            yield path.relative_to(folder).as_posix(), path.read_bytes()
        except FileNotFoundError:
            raise InputError(
                f"no {path}, which the bundle holds; run snakemake --cores all --config study={facts.study} first"
            ) from None


def write_zip(path: Path, files: Mapping[str, bytes]) -> None:
    """A zip with these files in this order, in one atomic write; the same files give the same bytes.

    Raises:
        InputError: the place cannot be written to.
    """
    with write_aside(path) as aside, zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as opened:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # Unix, on every machine
            opened.writestr(entry, content)


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
