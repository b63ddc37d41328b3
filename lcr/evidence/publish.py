"""Publication: a study's tables, figures, pages and README are copied from results/<study>/ to results/.

A study is published whole under one lock: an atomic write replaces each file, and hashes.json is written last. Two
studies at once in one folder are therefore published one after the other, and the second one's files stay.
"""

from collections.abc import Iterable
from pathlib import Path

from lcr.config.study import StudyConfig
from lcr.evidence.hashes import write_hashes
from lcr.evidence.published import HASHES, files_of, published
from lcr.study.store import Store
from lcr.study.tables.frame import Source
from lcr.util.errors import InputError, Mismatch, unknown
from lcr.util.files import atomic_write
from lcr.util.locks import run_lock

LOCK = "publish"


def publish(store: Store, study: StudyConfig, named: str, names: Iterable[str] = ()) -> list[Path]:
    """Publishes the named files of a study; all of them where no name, or hashes.json, is given.

    Args:
        named: the study as the user names it.

    Returns:
        The published paths.

    Raises:
        InputError: a name is none of `files_of` the study, or the study has not made that file.
        Mismatch: another program has changed the published files meanwhile.
    """
    names, top, files = list(names), store.folder.parent, files_of(study)
    for name in names:
        if name not in files:
            raise unknown(f"published file of study '{study.name}'", name, files)
    chosen = files if not names or HASHES in names else names
    with run_lock(LOCK):
        for name in chosen:
            if name == HASHES:
                write_hashes(store, study, named)
            else:
                _copy(store.folder / name, top / name, named)
        there = published(store.folder, files)
        for name in chosen:
            if name not in there:
                raise Mismatch(f"{top / name} has been changed by another program; run snakemake again")
    return [top / name for name in chosen]


def publish_table(path: Path, source: Source, named: str) -> Path:
    """Publishes one table that was made for `source`; raises as `publish`."""
    return publish(Store(source.results, source.study.name), source.study, named, [path.name])[0]


def _copy(made: Path, published: Path, named: str) -> None:
    try:
        content = made.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot read {made}: {error.strerror}; make it: snakemake --cores all --config study={named}"
        ) from error
    with atomic_write(published) as aside:
        aside.write_bytes(content)
