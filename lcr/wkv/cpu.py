"""The native CPU kernel for torch tensors: calls the library of lcr/wkv/library.py.

It works in float32, with up to 128 channels a head. Each (batch, head) is computed by one thread, so the results do not
depend on the number of threads. On x86-64 the kernel treats subnormal numbers (below 2^-126) as zero, except in the
gradients of heads with ω above 3.
"""

import functools
import warnings
from ctypes import CDLL

import torch
from torch import Tensor

from lcr.wkv import library


@functools.cache
def missing() -> str | None:
    """The reason why the kernel cannot serve here, and the remedy, with one warning; None where it can."""
    problem = library.find()[1]
    if not problem:
        return None
    warnings.warn(
        f"Bi-WKV's native CPU kernel cannot serve: {problem}. torch serves, slower. With a C++17 compiler "
        "(Debian: apt install g++; conda: conda install cxx-compiler), `pip install` it again.",
        stacklevel=3,
    )
    return f"no native kernel ({problem}): install a C++17 compiler and the package again"


def description() -> str:
    """The kernel that serves here. Needs `missing()` to be None."""
    return f"the native kernel, {library.instruction_sets()[-1]}"


def _float(x: Tensor) -> Tensor:
    """x in float32 with channels next to each other, as the kernel reads it."""
    x = x if x.dtype == torch.float32 else x.float()
    return x if x.stride(-1) == 1 else x.contiguous()


def _results(*inputs: Tensor) -> list[Tensor]:
    """Tensors of the same shapes in float32, to be written."""
    return [torch.empty_like(x, dtype=torch.float32, memory_format=torch.contiguous_format) for x in inputs]


def _run(tensors: list[Tensor], small: list[Tensor], bidirectional: bool, kernel: int, built: CDLL | None) -> None:
    """One call of the library: r, k, v, y with ω, u; or r, k, v, dy, dr, dk, dv with ω, u, dω, du."""
    built = built or library.find()[0]
    if built is None:
        raise RuntimeError(f"bi_wkv: backend 'cpu' cannot serve: {missing()}")
    numbers = [kernel, torch.get_num_threads(), *tensors[0].shape, bidirectional]
    numbers += [x.data_ptr() for x in small] + [0] * (4 - len(small))
    for x in tensors:
        numbers += x.data_ptr(), *x.stride()[:3]
    if built.lcr_bi_wkv(library.pack(*numbers, *[0] * (39 - len(numbers)))):
        raise MemoryError(f"bi_wkv: no memory for the states of {tuple(tensors[0].shape)}")


def forward(r, k, v, omega, u, bidirectional: bool, kernel: int = -1, built: CDLL | None = None) -> Tensor:
    """y of `lcr.wkv.bi_wkv` for CPU tensors; tests force an instruction set by its number, and another library."""
    (y,) = _results(r)
    small = [omega.float().contiguous(), u.float().contiguous()]
    _run([_float(r), _float(k), _float(v), y], small, bidirectional, kernel, built)
    return y if r.dtype == torch.float32 else y.to(r.dtype)


def backward(
    r, k, v, omega, u, dy, bidirectional: bool, kernel: int = -1, built: CDLL | None = None
) -> tuple[Tensor, ...]:
    """dr, dk, dv, dω, du of `forward` at dy."""
    results = _results(r, k, v, omega, u)
    small = [omega.float().contiguous(), u.float().contiguous(), *results[3:]]
    _run([_float(r), _float(k), _float(v), _float(dy), *results[:3]], small, bidirectional, kernel, built)
    if r.dtype == omega.dtype == u.dtype == torch.float32:
        return tuple(results)
    return tuple(result.to(x.dtype) for result, x in zip(results, (r, k, v, omega, u), strict=True))
