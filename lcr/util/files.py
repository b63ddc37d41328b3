"""Files that are either whole or not there."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lcr.util.errors import InputError


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Yields a path beside `path` to write to; on success it is synced and renamed over `path`, on failure removed.

    A full disk, a kill or an exception therefore leaves the earlier file, if there was one, as it was. The file has the
    permissions that the umask leaves, whatever the writer sets.

    Raises:
        InputError: the disk is full or the place cannot be written to.
    """
    path = Path(path)
    aside = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")  # some writers look at the suffix
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.touch()
        mode = aside.stat().st_mode
        yield aside
        if aside.stat().st_mode != mode:  # safetensors makes a file its owner's alone
            aside.chmod(mode)
        with aside.open("rb+") as written:
            os.fsync(written.fileno())
        aside.replace(path)
    except OSError as error:
        why = error.strerror or error
        raise InputError(f"cannot write {path}: {why}; the earlier file, if any, is intact") from error
    finally:
        with suppress(OSError):  # where a file is in a folder's place, that would hide the error that says so
            aside.unlink(missing_ok=True)


def make_folder(path: str | Path) -> None:
    """Makes a folder and those above it.

    Raises:
        InputError: it cannot be made; names the file that is in the way, if one is.
    """
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        file = next((one for one in (path, *path.parents) if one.is_file() or one.is_symlink()), path)
        raise InputError(f"{file} is a file, but a folder is needed there; move it away") from error
    except OSError as error:
        raise InputError(f"cannot make the folder {path}: {error.strerror or error}") from error


def check_writable(folder: str | Path) -> None:
    """Makes a folder that long work will write to.

    Raises:
        InputError: it cannot be written to, which is better said before the work than after it.
    """
    make_folder(folder)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"cannot write to {folder}: {error.strerror or error}") from error


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """As `atomic_write`, for a whole folder: `path` appears complete or not at all. An earlier `path` is replaced."""
    path = Path(path)
    aside, earlier = (path.with_name(f".{path.name}.{os.getpid()}{kind}.tmp") for kind in ("", ".earlier"))
    try:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        yield aside
        if path.exists():
            path.replace(earlier)  # and not deleted in its place: a kill would leave half of it under its name
        aside.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        if earlier.exists() and not path.exists():
            earlier.replace(path)
        shutil.rmtree(aside, ignore_errors=True)
        shutil.rmtree(earlier, ignore_errors=True)


def folders_below(root: str | Path) -> Iterator[tuple[Path, list[str]]]:
    """Each folder at or below `root`, symbolic links followed, with the names of its files, in alphabetical order.

    A folder that several links lead to comes once, by the first path, so that a link to a folder above ends.
    """
    seen: set[tuple[int, int]] = set()
    for folder, subfolders, names in os.walk(root, followlinks=True):
        place = Path(folder).stat()
        new = (place.st_dev, place.st_ino) not in seen
        seen.add((place.st_dev, place.st_ino))
        subfolders[:] = sorted(subfolders) if new else []
        if new:
            yield Path(folder), sorted(names)


def remove_unfinished(folder: Path) -> None:
    """Removes what a killed process left of its atomic writes in `folder`. The caller holds the folder's lock."""
    for left in folder.glob(".*.tmp*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def bytes_hash(content: bytes) -> str:
    """SHA-256 of bytes, as 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def file_hash(path: str | Path) -> str:
    """SHA-256 of a file's bytes, as 64 hex digits."""
    with Path(path).open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def checked_name(path: Path) -> str:
    """The path as text. OpenCV crashes at one that is not UTF-8, and no manifest can hold it.

    Raises:
        InputError: it has characters that the locale does not know.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"{path} has characters that the locale does not know; set LC_ALL=C.UTF-8, or move the clips to a path of "
            "plain letters"
        ) from error
    return str(path)
