"""The native CPU kernel: finds the library that the package's build made, and calls it through ctypes, without the GIL.

The sources are in `native/`; setup.py compiles them where a C++17 compiler works. float32 inside, up to 128 channels a
head. One (batch, head) goes to one thread, so the numbers are the same for any number of threads.
"""

import ctypes
import functools
import hashlib
import importlib.machinery
import warnings
from pathlib import Path

import torch
from torch import Tensor

MAX_WIDTH = 128
NAMES = ("portable", "AVX2", "AVX-512")  # by the number that the library gives them


class _Strided(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("batch", ctypes.c_int64),
        ("head", ctypes.c_int64),
        ("token", ctypes.c_int64),
    )


def load(path: Path) -> ctypes.CDLL:
    """The library at `path`, with its interface declared. Raises OSError if it is no such library."""
    library = ctypes.CDLL(str(path))
    integer, pointer = ctypes.c_int64, ctypes.c_void_p
    library.lcr_bi_wkv.argtypes = (
        *(ctypes.c_int, ctypes.c_int, integer, integer, integer, integer, ctypes.c_int),
        *(ctypes.POINTER(_Strided), pointer, pointer, pointer, pointer),
    )
    library.lcr_bi_wkv.restype = ctypes.c_int
    library.lcr_bi_wkv_isa.restype = ctypes.c_int
    library.lcr_bi_wkv_sources.restype = ctypes.c_char_p
    return library


def _sources() -> str | None:
    """The hash of the sources, which setup.py compiles in; None where they were not installed."""
    files = sorted(Path(__file__).with_name("native").glob("*"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest() if files else None


@functools.cache
def library() -> ctypes.CDLL | None:
    """The built library, or None, with one warning that says what to do."""
    for path in [Path(__file__).with_name("_bi_wkv" + end) for end in importlib.machinery.EXTENSION_SUFFIXES]:
        if path.exists():
            try:
                loaded = load(path)
            except (OSError, AttributeError) as error:
                problem = f"{path.name} does not load ({error})"
                break
            if _sources() in (None, loaded.lcr_bi_wkv_sources().decode()):
                return loaded
            problem = f"{path.name} was built from other sources"
            break
    else:
        problem = "it is not built"
    warnings.warn(
        f"Bi-WKV's native CPU kernel cannot serve: {problem}. torch serves, slower. With a C++17 compiler "
        "(Debian: apt install g++; conda: conda install cxx-compiler), `pip install` this package again.",
        stacklevel=2,
    )
    return None


def missing() -> str | None:
    """Why the kernel cannot serve here, and what to do; None where it can."""
    return (
        None
        if library() is not None
        else "the native kernel is not built: install a C++17 compiler and the package again"
    )


def description() -> str:
    """The kernel that serves here, which needs `missing()` to be None."""
    return f"the native kernel, {NAMES[library().lcr_bi_wkv_isa()]}"


def _strided(x: Tensor) -> _Strided:
    batch, head, token, _ = x.stride()
    return _Strided(x.data_ptr(), batch, head, token)


def _float(x: Tensor) -> Tensor:
    x = x if x.dtype == torch.float32 else x.float()
    return x if x.stride(-1) == 1 else x.contiguous()


def _call(tensors, omega, u, d_omega, d_u, bidirectional, lib, kernel) -> None:
    batch, heads, tokens, width = tensors[0].shape
    lib = lib or library()
    if lib is None:
        raise RuntimeError(f"bi_wkv: backend 'cpu' cannot serve: {missing()}")
    failed = lib.lcr_bi_wkv(
        *(lib.lcr_bi_wkv_isa() if kernel is None else kernel, torch.get_num_threads()),
        *(batch, heads, tokens, width, int(bidirectional)),
        (_Strided * len(tensors))(*map(_strided, tensors)),
        *(omega.data_ptr(), u.data_ptr(), d_omega and d_omega[0].data_ptr(), d_u and d_u[0].data_ptr()),
    )
    if failed:
        raise MemoryError(f"bi_wkv: no memory for the states of {tuple(tensors[0].shape)}")


def forward(r, k, v, omega, u, bidirectional, lib=None, kernel=None) -> Tensor:
    """y of `lcr.wkv.bi_wkv` for CPU tensors; `kernel` forces an instruction set and `lib` a library, for tests."""
    y = torch.empty(r.shape)
    if r.numel():
        inputs = [_float(x) for x in (r, k, v)]
        small = [x.float().contiguous() for x in (omega, u)]
        _call([*inputs, y], *small, None, None, bidirectional, lib, kernel)
    return y.to(r.dtype)


def backward(
    r, k, v, omega, u, dy, bidirectional, lib=None, kernel=None
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """dr, dk, dv, dω, du of `forward` at dy."""
    outputs = [torch.empty(x.shape) for x in (r, k, v)]
    d_omega, d_u = torch.zeros(omega.shape), torch.zeros(u.shape)
    if r.numel():
        inputs = [_float(x) for x in (r, k, v, dy)]
        small = [x.float().contiguous() for x in (omega, u)]
        _call([*inputs, *outputs], *small, [d_omega], [d_u], bidirectional, lib, kernel)
    dr, dk, dv = (x.to(r.dtype) for x in outputs)
    return dr, dk, dv, d_omega.to(omega.dtype), d_u.to(u.dtype)
