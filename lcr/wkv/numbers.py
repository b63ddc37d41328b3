"""What of the native kernel counts in a run's key: the numbers it computes, not its text.

A rewrite that computes the same bits can change no run, and redoing a study for it would say nothing. So lcr/runs.py
counts numbers.json in place of `native/`, and tests/wkv/test_numbers.py holds the kernel to it: digests of both passes
over a grid of calls with finite numbers, one for each vector width, beside the compiler that they were stated with. A
change of the bits changes the digests, and with them every key. Where another compiler built the kernel, or an
instruction set is missing, nothing holds it to them: see LOG.md.

    python -m lcr.wkv.numbers    # the digests of the built kernel; --write states what this machine can run
"""

import ctypes
import hashlib
import json
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lcr.wkv import cpu

FILE = Path(__file__).with_name("numbers.json")
WIDTHS = (4, 8, 16)  # floats a vector, by the kernel's number
TOKENS = (1, 2, 5, 8, 10, 17, 31, 33, 40, 47, 49, 65, 100, 197, 300)
CHANNELS = (7, 16, 24, 32, 48, 64, 65, 96, 128)


def compiler(library: ctypes.CDLL) -> str:
    """What built a library, and for which machines: another compiler may fuse other products with their sums."""
    library.lcr_bi_wkv_compiler.restype = ctypes.c_char_p
    return f"{library.lcr_bi_wkv_compiler().decode()}, {platform.machine()}"


def stated() -> dict[str, str]:
    """What numbers.json says: the compiler, and a digest by the floats of a vector."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def _calls() -> Iterator[tuple[list[Tensor], Tensor, bool]]:
    """(r, k, v, ω, u), dy and the direction; from numpy's integers, the same on every machine with one numpy."""
    random = np.random.default_rng(0)

    def uniform(*shape: int) -> Tensor:
        return torch.from_numpy(random.integers(-(2**23), 2**23, shape).astype(np.float32)) / 2**22

    for width in CHANNELS:
        for tokens in TOKENS:
            for bidirectional in (True, False):
                r, k = uniform(2, 2, tokens, width), uniform(2, tokens, 2, width).transpose(1, 2)
                v, dy = uniform(2, 2, tokens, width), uniform(2, 2, tokens, width)
                omega, u = uniform(2, width) * 4 - 3, uniform(2, width)  # from -11 to 5
                yield [r, k, v, omega, u], dy, bidirectional


def digest(kernel: int, library: ctypes.CDLL | None = None, keeps: bool = False) -> str:
    """SHA-256 of all that one instruction set's code computes over the grid, forward and backward.

    keeps: the forward pass leaves its states to the backward pass, as in training; the same bits, by other code.
    """
    found = hashlib.sha256()
    for x, dy, bidirectional in _calls():
        kept = cpu.room_to_keep(x[0], bidirectional, library, kernel) if keeps else None
        for result in (
            cpu.forward(*x, bidirectional, kept, library, kernel),
            *cpu.backward(*x, dy, bidirectional, kept, library, kernel),
        ):
            found.update(result.numpy().tobytes())
    return found.hexdigest()


def main() -> None:
    library = cpu.library()
    if library is None:
        sys.exit("numbers: " + str(cpu.missing()))
    before = stated() if FILE.exists() else {}
    now = {"compiler": compiler(library)}
    now |= {str(WIDTHS[kernel]): digest(kernel) for kernel in range(library.lcr_bi_wkv_isa() + 1)}
    for name, value in now.items():
        print(f"{name:>8}  {value[:40]}  {'as stated' if before.get(name) == value else 'NOT as stated'}")
    if "--write" in sys.argv[1:]:
        if len(now) <= len(WIDTHS):  # others would stay, of another compiler or of bits that are no more
            sys.exit("numbers: this machine lacks an instruction set; state them where all run")
        FILE.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
