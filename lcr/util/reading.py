"""Checks of a foreign file's size and type before its content is read into memory.

Every function raises OSError or ValueError, which a caller turns into an error that names the command to run.
"""

import json
import stat
from pathlib import Path
from typing import Any

MOST_TEXT = 256 * 2**20  # bytes of a text file; the committed reference's largest has under 2 MB


def check_regular(path: str | Path, most: int | None = None) -> int:
    """The size of a regular file in bytes. A FIFO or a device would block its reader, or never end.

    Raises:
        OSError: there is no such file, or its name cannot be looked up.
        ValueError: it is a folder, a FIFO, a socket or a device, or has more than `most` bytes.
    """
    found = Path(path).stat()
    if not stat.S_ISREG(found.st_mode):
        raise ValueError("it is no regular file")
    if most is not None and found.st_size > most:
        raise ValueError(f"its {found.st_size} bytes are more than the {most} that a file of this kind may have")
    return found.st_size


def read_whole(path: str | Path, most: int = MOST_TEXT) -> bytes:
    """The content of a file; raises as `check_regular`."""
    check_regular(path, most)
    return Path(path).read_bytes()


def parse_json(content: str | bytes) -> Any:
    """A JSON value.

    Raises:
        ValueError: it is no JSON in UTF-8, gives a key twice, or is nested too deep.
    """
    try:
        return json.loads(content, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("its brackets are nested too deep") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {max(keys, key=keys.count)!r:.60} is given twice")
    return found


def read_json(path: str | Path, most: int = MOST_TEXT) -> Any:
    """The value of a JSON file; raises as `check_regular` and `parse_json`."""
    return parse_json(read_whole(path, most))
