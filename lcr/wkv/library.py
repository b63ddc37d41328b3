"""The native CPU kernel as a shared library: finds the file that the package's build made, and loads it with ctypes.

The sources are in `native/`, with their C interface in interface.h; setup.py compiles them where a C++17 compiler
works. This module imports no torch, so that a command can name the kernel before anything heavy is loaded.
"""

import ctypes
import functools
import hashlib
import struct
from pathlib import Path

FILE = "_bi_wkv.so"
MAX_WIDTH = 128  # channels a head
CUDA_WIDTHS = (32, 48, 64, 96, 128)  # of the CUDA kernel, which is compiled for each
INSTRUCTION_SETS = ("portable", "AVX2", "AVX-512")  # by the kernel's number
HERE = Path(__file__).parent
pack = struct.Struct("39q").pack  # LcrCall of interface.h: 11 numbers, then 7 tensors of an address and 3 strides


def sources() -> str | None:
    """SHA-256 of the kernel's sources, in hex; None where the package was installed without them."""
    files = sorted((HERE / "native").glob("*"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest() if files else None


def load(path: Path) -> ctypes.CDLL:
    """Loads the library at `path`.

    Raises:
        OSError: the file is no library of this machine, or has other functions.
    """
    library = ctypes.CDLL(str(path))
    try:
        library.lcr_bi_wkv.argtypes = [ctypes.c_char_p]
        library.lcr_bi_wkv_isa.argtypes = []
        library.lcr_bi_wkv_sources.restype = ctypes.c_char_p
    except AttributeError as error:
        raise OSError(str(error)) from error
    return library


@functools.cache
def find(folder: Path = HERE) -> tuple[ctypes.CDLL | None, str]:
    """The library that was built into `folder`, and ""; or None and the reason why there is none to use."""
    path = folder / FILE
    if not path.exists():
        return None, "it is not built"
    try:
        library = load(path)
    except OSError as error:
        return None, f"{FILE} does not load ({error})"
    if sources() in (None, library.lcr_bi_wkv_sources().decode()):
        return library, ""
    return None, f"{FILE} was built from other sources"


def instruction_sets() -> tuple[str, ...]:
    """Names of the instruction sets that the built library runs on this machine, the best one last; none without it."""
    library, _ = find()
    return INSTRUCTION_SETS[: library.lcr_bi_wkv_isa() + 1] if library else ()
