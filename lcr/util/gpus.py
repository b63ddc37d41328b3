"""GPU leases: each process on a machine takes one free GPU."""

import errno
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

VISIBLE = "CUDA_VISIBLE_DEVICES"


def gpus() -> list[str]:
    """The GPUs that this process may take: those that CUDA_VISIBLE_DEVICES names, else all that nvidia-smi lists."""
    given = os.environ.get(VISIBLE)
    if given is not None:
        return [name for part in given.split(",") if (name := part.strip())]
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=60).stdout
    except (OSError, subprocess.TimeoutExpired):
        return []
    return re.findall(r"\(UUID: (GPU-[^)\s]+)\)", listed)


@contextmanager
def gpu_lease(device: str) -> Iterator[None]:
    """For the block, the process sees one GPU that no other lease on this machine holds; waits while all are held.

    CUDA reads the environment when it starts, so a lease begins before torch touches a GPU. A single GPU needs no
    lease: a scheduler or the user has chosen it, and may share it.

    Args:
        device: cpu (nothing is leased) or cuda.
    """
    names = gpus() if device == "cuda" else []
    if len(names) < 2:
        yield
        return
    before = os.environ.get(VISIBLE)
    name, lease = _first_free(names)
    with lease:
        os.environ[VISIBLE] = name
        try:
            yield
        finally:
            os.environ.pop(VISIBLE)
            if before is not None:
                os.environ[VISIBLE] = before


def _first_free(names: list[str]) -> tuple[str, socket.socket]:
    said = False
    while True:
        for name in names:
            lease = socket.socket(socket.AF_UNIX)
            try:  # an abstract address: the kernel holds it for the whole machine, and it goes with its process
                lease.bind(f"\0lcr-gpu-{name}")
                return name, lease
            except OSError as error:
                lease.close()
                if error.errno != errno.EADDRINUSE:
                    raise
        if not said:
            print(f"waiting for one of the GPUs {', '.join(names)}", flush=True)
            said = True
        time.sleep(1)
