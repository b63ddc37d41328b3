"""Run locks: one process at a time, held by the kernel, so that a lock goes with its process however that ends.

Some network file systems have no `flock` (Lustre without `-o flock`, NFS without a lock service). There a lock file
with the holder's process id, host and start time takes its place; the next process breaks it if that holder is gone.
"""

import errno
import fcntl
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import SoftFileLock, Timeout

from lcr.util.errors import InputError
from lcr.util.files import make_folder

FOLDER = Path(".lcr/locks")
NO_FLOCK = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)
MOUNTS = Path("/proc/self/mountinfo")


@contextmanager
def run_lock(name: str) -> Iterator[None]:
    """Holds the lock `name` for the block; waits, and says so, while another process holds it.

    Raises:
        InputError: something else than a file is in the lock's place, or a file in that of the folder of locks.
    """
    make_folder(FOLDER)
    path = FOLDER / name
    if path.exists() and not path.is_file():
        raise InputError(f"{path} is no file, so it cannot be locked; remove it")
    with ExitStack() as held, path.open("w") as opened:
        try:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print(f"waiting for the process that holds {path}", flush=True)
                fcntl.flock(opened, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in NO_FLOCK:
                raise
            print(
                f"{path}: its file system ({file_system(path)}) has no flock ({error.strerror}); "
                f"the lock file {path}.host takes its place",
                file=sys.stderr,
                flush=True,
            )
            held.enter_context(_lock_file(Path(f"{path}.host")))
        yield


@contextmanager
def _lock_file(path: Path) -> Iterator[None]:
    lock = SoftFileLock(path, poll_interval=0.1)
    try:
        lock.acquire(timeout=0.5)  # a dead holder is found at once, and its file removed
    except Timeout:
        print(
            f"waiting for {_holder(path)}, which holds {path}; if it is gone, break the lock: rm {path}",
            file=sys.stderr,
            flush=True,
        )
        lock.acquire(timeout=-1)
    try:
        yield
    finally:
        lock.release()


def _holder(path: Path) -> str:
    """The process and host that a lock file names."""
    with suppress(OSError, ValueError):
        process, host, *_ = path.read_text(encoding="utf-8").splitlines()
        return f"process {process} on host {host}"
    return "the process"


def file_system(path: Path) -> str:
    """The type of a path's file system, such as nfs4 or lustre; "unknown type" where the system does not say it."""
    place, best, kind = path.resolve(), Path(), "unknown type"
    with suppress(OSError, ValueError):
        for line in MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
            about, _, source = line.partition(" - ")
            mounted = Path(about.split()[4].encode("latin-1", "ignore").decode("unicode_escape"))
            if place.is_relative_to(mounted) and len(mounted.parts) >= len(best.parts):
                best, kind = mounted, source.split()[0]
    return kind
