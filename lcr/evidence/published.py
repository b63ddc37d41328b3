"""The published files of a study: their names, and whether those in results/ are the study's. Free of pyarrow.

A whole study is published with hashes.json. A sweep or a multiverse publishes its own few files beside those.
"""

import json
from collections.abc import Iterable
from contextlib import suppress
from itertools import chain
from pathlib import Path

from lcr.config.study import StudyConfig
from lcr.report.notebooks import NOTEBOOKS, notebooks_of
from lcr.study.tables import registry

HASHES = "hashes.json"
TABLES = tuple(chain.from_iterable(registry.made_by(maker) for maker in ("table", "cost", "readings diagnose")))


def _files(tables: Iterable[str], notebooks: Iterable[str]) -> tuple[str, ...]:
    figures = (f"figures/{name}.{suffix}" for name in notebooks for suffix in ("png", "svg"))
    return (*(f"{table}.csv" for table in tables), *figures, *(f"notebooks/{name}.html" for name in notebooks))


FILES = (*_files(TABLES, NOTEBOOKS), "README.md")
ALL = (*FILES, HASHES)  # in the order in which they are published


def files_of(study: StudyConfig) -> tuple[str, ...]:
    """The published files of a study, in the order in which they are published."""
    tables = registry.tables_of(study)
    return ALL if {*TABLES} <= {*tables} else _files(tables, notebooks_of(study))


def published(folder: Path, files: Iterable[str] = ALL) -> set[str]:
    """The published files, of `files`, that are those of the study in `folder`, by name.

    hashes.json counts if it names the study and all other files match.
    """
    top = folder.parent
    others = (name for name in files if name != HASHES)
    found = {name for name in others if _content(top / name) == _content(folder / name) is not None}
    with suppress(ValueError, LookupError, TypeError, RecursionError):
        told = json.loads(_content(top / HASHES) or b"")["configuration"]["study"]["name"]
        found |= {HASHES} if told == folder.name and {*FILES} <= found else set()
    return found


def _content(path: Path) -> bytes | None:
    with suppress(OSError):
        return path.read_bytes()
    return None
