"""Sealed files: a file that holds the SHA-256 of its own content, which is checked each time the file is read.

A sealed file holds, exactly once, the marker `lcr-sha256:` and 64 hex digits: the SHA-256 of the whole file with zeros
in the place of these digits. The format of the file does not matter: the marker stands in metadata, in a JSON field or
in a line of text. A changed bit anywhere in the file, the digits included, is an error that names the file.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from lcr.util.errors import InputError
from lcr.util.files import atomic_write
from lcr.util.reading import MOST_TEXT, check_regular

MARKER, DIGITS = b"lcr-sha256:", 64
PLACEHOLDER = MARKER.decode() + "0" * DIGITS
_SEAL = re.compile(re.escape(MARKER) + b"(.{%d})" % DIGITS, re.DOTALL)
_HELD = len(PLACEHOLDER) - 1  # bytes at the end of a block that may be the start of a seal
_BLOCK = 1 << 20


def seal(path: str | Path) -> None:
    """Puts the digest of a file in the place of its `PLACEHOLDER`.

    Raises:
        ValueError: the file does not hold the placeholder exactly once.
    """
    with Path(path).open("rb+") as opened:
        digest, found = _walk(_blocks(opened))
        if [digits for _, digits in found] != [b"0" * DIGITS]:
            raise ValueError(f"{path} holds {len(found)} places for a digest, not one")
        opened.seek(found[0][0])
        opened.write(digest)


@contextmanager
def sealed_write(path: str | Path) -> Iterator[Path]:
    """As `atomic_write`, for a file with the `PLACEHOLDER` in it: the file is sealed before it is renamed.

    Raises:
        InputError: as `atomic_write`.
        ValueError: as `seal`.
    """
    with atomic_write(path) as aside:
        yield aside
        seal(aside)


def check_seal(path: str | Path, remake: str) -> None:
    """Reads a sealed file once, in blocks, and compares its digest.

    Args:
        remake: the command that makes the file again.

    Raises:
        FileNotFoundError: there is no such file.
        InputError: the file has changed since it was sealed, or was never sealed; the message names the file and
            `remake`.
    """
    with _opened(Path(path)) as opened:
        _check(path, remake, _blocks(opened))


def sealed_bytes(path: str | Path, remake: str, most: int = MOST_TEXT) -> bytes:
    """The content of a sealed file, checked: read once, for files that fit into memory.

    Args:
        most: the bytes that a file of this kind may have.

    Raises:
        FileNotFoundError, InputError: as `check_seal`, or it has more than `most` bytes.
    """
    with _opened(Path(path), most) as opened:
        content = opened.read()
    _check(path, remake, [content])
    return content


@contextmanager
def _opened(path: Path, most: int | None = None) -> Iterator[BinaryIO]:
    try:
        check_regular(path, most)
        with path.open("rb") as opened:
            yield opened
    except FileNotFoundError:
        raise
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise InputError(f"{path}: {error}") from error


def _check(path: str | Path, remake: str, blocks: Iterable[bytes]) -> None:
    digest, found = _walk(blocks)
    if not found:
        raise InputError(
            f"{path} holds no digest of itself: it is damaged, or an earlier version wrote it; make it again: {remake}"
        )
    if [digits for _, digits in found] != [digest]:
        raise InputError(f"{path} has changed since it was written (its digest differs); make it again: {remake}")


def _blocks(opened: BinaryIO) -> Iterator[bytes]:
    while block := opened.read(_BLOCK):
        yield block


def _walk(blocks: Iterable[bytes]) -> tuple[bytes, list[tuple[int, bytes]]]:
    """The digest of a content with zeros for the digits of its seals, as hex; and each seal's position and digits."""
    hashed, found, held, offset = hashlib.sha256(), [], b"", 0
    for block in blocks:
        whole = held + block
        if MARKER in whole:
            found += [(offset + one.start(1), one[1]) for one in _SEAL.finditer(whole)]
            whole = _SEAL.sub(PLACEHOLDER.encode(), whole)
        hashed.update(memoryview(whole)[:-_HELD])
        offset += max(0, len(whole) - _HELD)
        held = whole[-_HELD:]
    hashed.update(held)
    return hashed.hexdigest().encode(), found
