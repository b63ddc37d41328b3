"""The published files of a study: their names, and whether those in results/ are the study's. Free of pyarrow."""

import json
from contextlib import suppress
from itertools import chain
from pathlib import Path

from lcr.report.notebooks import NOTEBOOKS
from lcr.study.tables import registry

HASHES = "hashes.json"
TABLES = tuple(chain.from_iterable(registry.made_by(maker) for maker in ("table", "cost", "readings diagnose")))
FIGURES = tuple(f"figures/{name}.{suffix}" for name in NOTEBOOKS for suffix in ("png", "svg"))
PAGES = tuple(f"notebooks/{name}.html" for name in NOTEBOOKS)
FILES = (*(f"{table}.csv" for table in TABLES), *FIGURES, *PAGES, "README.md")
ALL = (*FILES, HASHES)  # in the order in which they are published


def published(folder: Path) -> set[str]:
    """The published files that are those of the study in `folder`, by name.

    hashes.json counts if it names the study and all other files match.
    """
    top = folder.parent
    found = {name for name in FILES if _content(top / name) == _content(folder / name) is not None}
    with suppress(ValueError, LookupError, TypeError, RecursionError):
        told = json.loads(_content(top / HASHES) or b"")["configuration"]["study"]["name"]
        found |= {HASHES} if told == folder.name and len(found) == len(FILES) else set()
    return found


def _content(path: Path) -> bytes | None:
    with suppress(OSError):
        return path.read_bytes()
    return None
