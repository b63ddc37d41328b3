"""A run's sealed files, written and changed as their author could do it: the seal holds afterwards."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from lcr.util.parquet import read_sealed_parquet, write_sealed_parquet
from lcr.util.seals import PLACEHOLDER, sealed_write


def write_text(path: Path, text: str) -> None:
    """Writes a text that holds the placeholder."""
    with sealed_write(path) as aside:
        aside.write_text(text)


def write_record(folder: Path, content: dict[str, Any]) -> None:
    """Writes a run.json."""
    write_text(folder / "run.json", json.dumps(content | {"seal": PLACEHOLDER}))


def edit_record(folder: Path, **values: Any) -> None:
    """Changes values in a run.json."""
    write_record(folder, json.loads((folder / "run.json").read_text()) | values)


def write_log(folder: Path, lines: Iterable[dict[str, Any]]) -> None:
    """Writes a metrics.jsonl, with the seal in its last line."""
    *before, end = lines
    write_text(
        folder / "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in [*before, end | {"seal": PLACEHOLDER}])
    )


def edit_table(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """Changes a parquet file."""
    write_sealed_parquet(path, change(read_sealed_parquet(path, "")))
