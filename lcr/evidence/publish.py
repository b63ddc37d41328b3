"""Publication: a study's tables, figures, pages and README are copied from results/<study>/ to results/.

A study is published whole under one lock: an atomic write replaces each file, and hashes.json is written last. Two
studies at once in one folder are therefore published one after the other, and the second one's files stay.
"""

import json
from collections.abc import Iterable
from contextlib import suppress
from itertools import chain
from pathlib import Path

from lcr.config.study import StudyConfig
from lcr.evidence.hashes import NAME, write_hashes
from lcr.report.notebooks import NOTEBOOKS
from lcr.study.store import Store
from lcr.study.tables import registry
from lcr.util.errors import InputError, Mismatch, unknown
from lcr.util.files import atomic_write
from lcr.util.locks import run_lock

LOCK = "publish"
TABLES = tuple(chain.from_iterable(registry.made_by(maker) for maker in ("table", "cost", "readings diagnose")))
FIGURES = tuple(f"figures/{name}.{suffix}" for name in NOTEBOOKS for suffix in ("png", "svg"))
PAGES = tuple(f"notebooks/{name}.html" for name in NOTEBOOKS)
FILES = (*(f"{table}.csv" for table in TABLES), *FIGURES, *PAGES, "README.md")
ALL = (*FILES, NAME)  # in the order in which they are published


def is_published(name: str, store: Store) -> bool:
    """Whether the published file `name` is the study's; hashes.json is, if it names the study and all others are."""
    top = store.folder.parent
    with suppress(OSError, ValueError, LookupError, TypeError, RecursionError):
        if name == NAME:
            told = json.loads((top / NAME).read_bytes())["configuration"]["study"]["name"]
            return told == store.folder.name and all(is_published(other, store) for other in FILES)
        return (top / name).read_bytes() == (store.folder / name).read_bytes()
    return False


def publish(store: Store, study: StudyConfig, named: str, names: Iterable[str] = ()) -> list[Path]:
    """Publishes some of `FILES`; with no names, or hashes.json among them, all of them and hashes.json.

    Args:
        named: the study as the user names it.

    Returns:
        The published paths.

    Raises:
        InputError: a name is none of `FILES`, or the study has not made that file.
        Mismatch: another program has changed the published files meanwhile.
    """
    names, top = list(names), store.folder.parent
    for name in names:
        if name not in ALL:
            raise unknown("published file", name, ALL)
    chosen = ALL if not names or NAME in names else names
    with run_lock(LOCK):
        for name in chosen:
            if name == NAME:
                write_hashes(store, study, named)
            else:
                _copy(store.folder / name, top / name, named)
        for name in chosen:
            if not is_published(name, store):
                raise Mismatch(f"{top / name} has been changed by another program; run snakemake again")
    return [top / name for name in chosen]


def _copy(made: Path, published: Path, named: str) -> None:
    try:
        content = made.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot read {made}: {error.strerror}; make it with snakemake --config study={named}"
        ) from error
    with atomic_write(published) as aside:
        aside.write_bytes(content)
