"""The native CPU kernel: finds the library that the package's build made, and calls it through ctypes, without the GIL.

The sources are in `native/`; setup.py compiles them where a C++17 compiler works. float32 inside, up to 128 channels a
head. One (batch, head) goes to one thread, so the numbers are the same for any number of threads.
"""

import ctypes
import functools
import hashlib
import importlib.machinery
import struct
import warnings
from pathlib import Path

import torch
from torch import Tensor

MAX_WIDTH = 128
NAMES = ("portable", "AVX2", "AVX-512")  # by the number that the library gives them
# LcrCall of native/dispatch.cpp with four tensors (forward) or seven: an address and three strides each
_CALLS = {tensors: struct.Struct(f"{12 + 4 * tensors}q") for tensors in (4, 7)}


def load(path: Path) -> ctypes.CDLL:
    """The library at `path`, with its interface declared.

    Raises OSError if it is no library, AttributeError if it lacks a function of ours.
    """
    library = ctypes.CDLL(str(path))
    library.lcr_bi_wkv.argtypes = (ctypes.c_char_p,)
    library.lcr_bi_wkv.restype = ctypes.c_int
    library.lcr_bi_wkv_kept.argtypes = (ctypes.c_int64,) * 4
    library.lcr_bi_wkv_kept.restype = ctypes.c_int64
    library.lcr_bi_wkv_isa.restype = ctypes.c_int
    library.lcr_bi_wkv_sources.restype = ctypes.c_char_p
    return library


def _sources() -> str | None:
    """The hash of the sources, which setup.py compiles in; None where they were not installed."""
    files = sorted(Path(__file__).with_name("native").glob("*"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest() if files else None


def find(folder: Path) -> tuple[ctypes.CDLL | None, str]:
    """The library that was built into `folder`, or None and what is wrong with it."""
    for path in [folder / f"_bi_wkv{end}" for end in importlib.machinery.EXTENSION_SUFFIXES]:
        if path.exists():
            try:
                loaded = load(path)
            except OSError as error:
                return None, f"{path.name} does not load ({error})"
            except AttributeError:  # it lacks a function
                loaded = None
            if loaded and _sources() in (None, loaded.lcr_bi_wkv_sources().decode()):
                return loaded, ""
            return None, f"{path.name} was built from other sources"
    return None, "it is not built"


@functools.cache
def _found() -> tuple[ctypes.CDLL | None, str]:
    loaded, problem = find(Path(__file__).parent)
    if problem:
        warnings.warn(
            f"Bi-WKV's native CPU kernel cannot serve: {problem}. torch serves, slower. With a C++17 compiler "
            "(Debian: apt install g++; conda: conda install cxx-compiler), `pip install` this package again.",
            stacklevel=3,
        )
    return loaded, problem


def library() -> ctypes.CDLL | None:
    """The built library, or None, with one warning that says what to do."""
    return _found()[0]


def missing() -> str | None:
    """Why the kernel cannot serve here, and what to do; None where it can."""
    problem = _found()[1]
    return f"no native kernel ({problem}): install a C++17 compiler and the package again" if problem else None


def description() -> str:
    """The kernel that serves here, which needs `missing()` to be None."""
    return f"the native kernel, {NAMES[library().lcr_bi_wkv_isa()]}"


_FLOAT, _threads = torch.float32, torch.get_num_threads  # bound here, as in operator.py
# room for what the kernel writes about x, whatever torch's default dtype and device
_result = functools.partial(torch.empty_like, dtype=_FLOAT, memory_format=torch.contiguous_format)


def _float(x: Tensor) -> Tensor:
    x = x if x.dtype is _FLOAT else x.float()
    return x if x.stride(-1) == 1 else x.contiguous()


def _dense(x: Tensor) -> Tensor:
    return x if x.dtype is _FLOAT and x.is_contiguous() else x.float().contiguous()


def _call(tensors, omega, u, d_omega, d_u, kept, bidirectional, lib, kernel) -> None:
    lib = lib or library()
    if lib is None:
        raise RuntimeError(f"bi_wkv: backend 'cpu' cannot serve: {missing()}")
    layout = []  # loops rather than generators: at N = 197 ten microseconds here are 2% of a forward pass
    for x in tensors:
        batch, head, token, _ = x.stride()
        layout += x.data_ptr(), batch, head, token
    decays, bonuses = _dense(omega), _dense(u)
    call = _CALLS[len(tensors)].pack(
        *(kernel, _threads(), *tensors[0].shape, bidirectional),
        *(decays.data_ptr(), bonuses.data_ptr(), d_omega, d_u, 0 if kept is None else kept.data_ptr(), *layout),
    )
    failed = lib.lcr_bi_wkv(call)
    if failed:
        raise MemoryError(f"bi_wkv: no memory for the states of {tuple(tensors[0].shape)}")


@functools.cache
def _floats_kept(tokens: int, width: int, bidirectional: bool, lib: ctypes.CDLL, kernel: int) -> int:
    return lib.lcr_bi_wkv_kept(kernel, tokens, width, bidirectional)


def room_to_keep(r: Tensor, bidirectional: bool, lib=None, kernel=-1) -> Tensor | None:
    """Memory for what `forward` can leave to `backward`; None where making it anew is as fast (beyond 272 tokens).

    At N = 197 it is 1.3 times the size of r, k and v together at D = 64, 2.3 times at D = 128.
    """
    lib = lib or library()
    batch, heads, tokens, width = r.shape
    floats = lib and _floats_kept(tokens, width, bidirectional, lib, kernel)
    return r.new_empty(batch * heads * floats, dtype=_FLOAT) if floats else None


def forward(r, k, v, omega, u, bidirectional, kept=None, lib=None, kernel=-1) -> Tensor:
    """y of `lcr.wkv.bi_wkv` for CPU tensors; `kernel` forces an instruction set and `lib` a library, for tests."""
    y = _result(r)
    if y.numel():
        _call((_float(r), _float(k), _float(v), y), omega, u, 0, 0, kept, bidirectional, lib, kernel)
    return y if r.dtype is _FLOAT else y.to(r.dtype)


def backward(
    r, k, v, omega, u, dy, bidirectional, kept=None, lib=None, kernel=-1
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """dr, dk, dv, dω, du of `forward` at dy."""
    dr, dk, dv, d_omega, d_u = _result(r), _result(k), _result(v), _result(omega), _result(u)
    if dr.numel():
        large = _float(r), _float(k), _float(v), _float(dy), dr, dk, dv
        _call(large, omega, u, d_omega.data_ptr(), d_u.data_ptr(), kept, bidirectional, lib, kernel)
    else:
        d_omega.zero_(), d_u.zero_()
    if r.dtype is omega.dtype is u.dtype is _FLOAT:
        return dr, dk, dv, d_omega, d_u
    return dr.to(r.dtype), dk.to(r.dtype), dv.to(r.dtype), d_omega.to(omega.dtype), d_u.to(u.dtype)
