"""Run locks: one process at a time, held by the kernel, so that a lock goes with its process however that ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(".lcr/locks")


@contextmanager
def run_lock(name: str) -> Iterator[None]:
    """Holds the lock `name` for the block; waits, and says so, while another process holds it."""
    path = FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for the process that already does this run ({path})", flush=True)
            fcntl.flock(opened, fcntl.LOCK_EX)
        yield
