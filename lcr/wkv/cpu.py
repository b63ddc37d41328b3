"""The native CPU kernel: finds the library that the package's build made, a Python module, and calls it.

The sources are in `native/`; setup.py compiles them where a C++17 compiler works. float32 inside, up to 128 channels a
head. One (batch, head) goes to one thread, so the numbers are the same for any number of threads. Subnormal numbers
(below 2^-126) count as zero on x86-64, but for the gradients of heads with ω above 3.
"""

import functools
import hashlib
import importlib.machinery
import importlib.util
import warnings
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor

MAX_WIDTH = 128
NAMES = ("portable", "AVX2", "AVX-512")  # by the number that the library gives them


def load(path: Path) -> ModuleType:
    """The library at `path`. Raises ImportError if it is none."""
    loader = importlib.machinery.ExtensionFileLoader("lcr.wkv._bi_wkv", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def _sources() -> str | None:
    """The hash of the sources, which setup.py compiles in; None where they were not installed."""
    files = sorted(Path(__file__).with_name("native").glob("*"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest() if files else None


def find(folder: Path) -> tuple[ModuleType | None, str]:
    """The library that was built into `folder`, or None and what is wrong with it."""
    for path in [folder / f"_bi_wkv{end}" for end in importlib.machinery.EXTENSION_SUFFIXES]:
        if path.exists():
            try:
                loaded = load(path)
            except ImportError as error:
                return None, f"{path.name} does not load ({error})"
            if _sources() in (None, getattr(loaded, "sources", None)):
                return loaded, ""
            return None, f"{path.name} was built from other sources"
    return None, "it is not built"


@functools.cache
def _found() -> tuple[ModuleType | None, str]:
    return find(Path(__file__).parent)


@functools.cache  # a call of it is no step of Python's, whatever traces those
def library() -> ModuleType | None:
    """The built library, or None."""
    return _found()[0]


@functools.cache
def missing() -> str | None:
    """Why the kernel cannot serve here, and what to do, with one warning; None where it can."""
    problem = _found()[1]
    if not problem:
        return None
    warnings.warn(
        f"Bi-WKV's native CPU kernel cannot serve: {problem}. torch serves, slower. With a C++17 compiler "
        "(Debian: apt install g++ python3-dev; conda: conda install cxx-compiler), `pip install` it again.",
        stacklevel=3,
    )
    return f"no native kernel ({problem}): install a C++17 compiler and the package again"


def description() -> str:
    """The kernel that serves here, which needs `missing()` to be None."""
    return f"the native kernel, {NAMES[library().isa]}"


_FLOAT, _CONTIGUOUS = torch.float32, torch.contiguous_format  # bound here, as in operator.py
_threads, _empty_like = torch.get_num_threads, torch.empty_like


def room_to_keep(r: Tensor, bidirectional: bool, lib=None, kernel=-1) -> bytearray | None:
    """Memory for what `forward` can leave to `backward`; None where making it anew is as fast (beyond 272 tokens).

    At N = 197 it is 1.3 times the size of r, k and v together at D = 64, 2.3 times at D = 128. For float32 alone.
    """
    lib = lib or library()
    return lib and lib.room_to_keep(r, bidirectional, kernel)


def _served(lib: ModuleType | None) -> ModuleType:
    if lib is None:
        raise RuntimeError(f"bi_wkv: backend 'cpu' cannot serve: {missing()}")
    return lib


def _float(x: Tensor) -> Tensor:
    x = x.float()
    return x if x.stride(-1) == 1 else x.contiguous()


def _converted(call, inputs, omega, u, results, *how) -> None:
    """Calls the library where it could not read the inputs as they are."""
    r, k, v, *dy = map(_float, inputs)
    small = omega.float().contiguous(), u.float().contiguous()
    if call(r, k, v, *small, *dy, *results, *how) is NotImplemented:
        raise ValueError(f"bi_wkv: the native kernel cannot read such tensors: r of shape {tuple(r.shape)}, {r.layout}")


def forward(r, k, v, omega, u, bidirectional, kept=None, lib=None, kernel=-1) -> Tensor:
    """y of `lcr.wkv.bi_wkv` for CPU tensors; `kernel` forces an instruction set and `lib` a library, for tests."""
    call = _served(lib or library()).forward
    y, how = _empty_like(r, memory_format=_CONTIGUOUS), (kept, bidirectional, _threads(), kernel)
    if call(r, k, v, omega, u, y, *how) is not NotImplemented:
        return y
    y = _empty_like(r, dtype=_FLOAT, memory_format=_CONTIGUOUS)
    _converted(call, (r, k, v), omega, u, (y,), *how)
    return y.to(r.dtype)


def backward(
    r, k, v, omega, u, dy, bidirectional, kept=None, lib=None, kernel=-1
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """dr, dk, dv, dω, du of `forward` at dy."""
    call = _served(lib or library()).backward
    inputs, how = (r, k, v, omega, u), (kept, bidirectional, _threads(), kernel)
    results = tuple([_empty_like(x, memory_format=_CONTIGUOUS) for x in inputs])
    if call(*inputs, dy, *results, *how) is not NotImplemented:
        return results
    results = [_empty_like(x, dtype=_FLOAT, memory_format=_CONTIGUOUS) for x in inputs]
    _converted(call, (r, k, v, dy), omega, u, results, *how)
    return tuple(result.to(x.dtype) for result, x in zip(results, inputs, strict=True))
