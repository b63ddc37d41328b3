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


def is_published(name: str, folder: Path) -> bool:
    """Whether the published file `name` is that of the study in `folder`.

    hashes.json counts as published if it names the study and all other files match.
    """
    top = folder.parent
    with suppress(OSError, ValueError, LookupError, TypeError, RecursionError):
        if name == HASHES:
            told = json.loads((top / HASHES).read_bytes())["configuration"]["study"]["name"]
            return told == folder.name and all(is_published(other, folder) for other in FILES)
        return (top / name).read_bytes() == (folder / name).read_bytes()
    return False
