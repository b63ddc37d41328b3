"""Digests of all results of Bi-WKV over a fixed grid of calls: two builds with equal digests compute the same bits.

python tools/wkv_digests.py cpu          prints the digests of a backend on this machine
"""

import hashlib
import sys
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from torch import Tensor

from lcr.wkv import bi_wkv, cpu, library

TOKENS = (1, 2, 5, 10, 17, 33, 40, 49, 100, 197, 300)
WIDTHS = (7, 32, 48, 65, 96, 128)  # channels a head


def digests(backend: str) -> dict[str, str]:
    """SHA-256, in hex, of y and the gradients over the grid, under the backend's name and per instruction set of "cpu".

    Inputs are finite, with ω from -11 to 5, and come from numpy's integers: the same on every machine. One call takes
    less than five seconds on one core, except for backend "reference".

    Args:
        backend: a backend of `lcr.wkv.bi_wkv`.

    Raises:
        RuntimeError: backend "cpu" or "cuda" is not available here.
    """

    def operator(*inputs: Tensor, bidirectional: bool) -> list[Tensor]:
        *x, dy = inputs
        y = bi_wkv(*[a.requires_grad_() for a in x], bidirectional=bidirectional, backend=backend)
        return [y.detach(), *torch.autograd.grad(y, x, dy)]

    def kernel(*inputs: Tensor, bidirectional: bool, number: int) -> list[Tensor]:
        *x, dy = inputs
        return [cpu.forward(*x, bidirectional, number), *cpu.backward(*x, dy, bidirectional, number)]

    found = {backend: _digest(operator, backend)}
    if backend == "cpu":
        for number, name in enumerate(library.instruction_sets()):
            found[f"cpu, {name}"] = _digest(partial(kernel, number=number), backend)
    return found


def _digest(results: Callable[..., list[Tensor]], backend: str) -> str:
    found = hashlib.sha256()
    for inputs, bidirectional in _calls(library.CUDA_WIDTHS if backend == "cuda" else WIDTHS):
        if backend == "cuda":
            inputs = [x.cuda() for x in inputs]
        for result in results(*inputs, bidirectional=bidirectional):
            found.update(result.cpu().numpy().tobytes())
    return found.hexdigest()


def _calls(widths: tuple[int, ...]) -> Iterator[tuple[list[Tensor], bool]]:
    """(r, k, v, ω, u, dy) and the direction; k has its tokens before its heads in memory."""
    random = np.random.default_rng(0)

    def uniform(*shape: int) -> Tensor:
        return torch.from_numpy(random.integers(-(2**23), 2**23, shape).astype(np.float32)) / 2**22

    for width in widths:
        for tokens in TOKENS:
            for bidirectional in (True, False):
                r, v, dy = (uniform(2, 2, tokens, width) for _ in range(3))
                k = uniform(2, tokens, 2, width).transpose(1, 2)
                yield [r, k, v, uniform(2, width) * 4 - 3, uniform(2, width), dy], bidirectional


if __name__ == "__main__":
    for build, digest in digests(sys.argv[1]).items():
        print(digest, build)
