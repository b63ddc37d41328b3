"""What of the native kernel counts in a run's key: the numbers it computes, not its text.

A rewrite that computes the same bits can change no run, and redoing a study for it would say nothing. So lcr/runs.py
counts the digests of numbers.json in place of `native/`, one for each vector width, of both passes over a grid of
calls with finite numbers and ω from -11 to 5; tests/wkv/test_numbers.py holds the kernel to them. A change of the bits
changes the digests, and with them every key. Another compiler may fuse other products with their sums, so they are
compared where the one that is stated beside them built the kernel. Beside them stands the hash of the kernel's text
too, which no key counts: an edit is noticed by the tests of any machine, also of one that cannot compare. The flags in
setup.py are not part of that text.

    python -m lcr.wkv.numbers    # the digests of the built kernel; --write states them, and the text
"""

import hashlib
import json
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from lcr.config.run import NATIVE, PACKAGE, hash_of, meaning
from lcr.wkv import cpu

FILE = Path(__file__).with_name("numbers.json")
WIDTHS = (4, 8, 16)  # floats a vector, by the kernel's number
TOKENS = (1, 2, 5, 8, 10, 17, 31, 33, 40, 47, 49, 65, 100, 197, 300)
CHANNELS = (7, 16, 24, 32, 48, 64, 65, 96, 128)


def compiler(library: ModuleType) -> str:
    """What built a library, and for which machines."""
    return f"{library.compiler}, {platform.machine()}"


def text() -> str:
    """Hash of the kernel's sources without their comments."""
    return hash_of([[file.name, meaning(file)] for file in sorted((PACKAGE / NATIVE).iterdir())])


def stated() -> dict[str, str]:
    """What numbers.json says: the compiler, the hash of the text, and a digest by the floats of a vector."""
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


def digest(kernel: int, library: ModuleType | None = None, keeps: bool = False) -> str:
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
    now = {"compiler": compiler(library), "text": text()}
    now |= {str(WIDTHS[kernel]): digest(kernel) for kernel in range(library.isa + 1)}
    for name, value in now.items():
        print(f"{name:>8}  {value[:40]}  {'as stated' if before.get(name) == value else 'NOT as stated'}")
    if "--write" in sys.argv[1:]:
        lacking = [str(width) for width in WIDTHS if str(width) not in now]
        if lacking and any(before.get(name) != value for name, value in now.items() if name != "text"):
            sys.exit(f"numbers: {', '.join(lacking)} floats a vector do not run here; state them where all run")
        # what does not run here stays: the tests compare it too, in instructions that do
        now |= {name: before[name] for name in lacking}
        FILE.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
