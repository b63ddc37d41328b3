"""Compiles the kernel with NVRTC, caches compiled kernels on disk, and launches them on torch's current stream.

Needs the extra [cuda] (cuda-core, and NVRTC's library), no CUDA toolkit. The first call of a kernel compiles it.
"""

import contextlib
import functools
import io
import os
from pathlib import Path

import torch
from cuda.bindings import nvrtc
from cuda.core import Device, LaunchConfig, ObjectCode, Program, ProgramOptions, launch

from lcr.util.errors import LCRError
from lcr.util.files import atomic_write
from lcr.wkv.cuda import FOLDER, TYPES, source_hash


def compiler() -> str:
    """NVRTC's version, as in 13.0."""
    _, major, minor = nvrtc.nvrtcVersion()
    return f"{major}.{minor}"


def unfit() -> str | None:
    """The reason why NVRTC cannot compile for the current device; None where it can. RuntimeError without NVRTC."""
    _, numbers = nvrtc.nvrtcGetSupportedArchs()
    known, arch = [f"sm_{number}" for number in numbers], arch_of(torch.cuda.current_device())
    return None if arch in known else f"NVRTC {compiler()} compiles for {', '.join(known)}, and this device is {arch}"


def arch_of(index: int) -> str:
    """A device's architecture, as in "sm_90"."""
    major, minor = torch.cuda.get_device_capability(index)
    return f"sm_{major}{minor}"


def compile_for(arch: str, width: int, dtype: torch.dtype) -> tuple[bytes, str]:
    """The kernels for a GPU architecture ("sm_90"), D and a dtype: a cubin, and the report of ptxas.

    Needs no GPU.
    """
    options = ProgramOptions(
        arch=arch,
        std="c++17",
        include_path=str(FOLDER),
        define_macro=[("LCR_D", str(width)), ("LCR_TYPE", str(TYPES[dtype]))],
        ptxas_options=["-v"],
    )
    report = io.StringIO()
    program = Program((FOLDER / "kernel.cu").read_text(encoding="utf-8"), "c++", options)
    try:
        return bytes(program.compile("cubin", logs=report).code), report.getvalue()
    finally:
        program.close()


def cache_folder() -> Path:
    """The folder of compiled kernels: $XDG_CACHE_HOME/lcr, or ~/.cache/lcr."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lcr"


def compiled(arch: str, width: int, dtype: torch.dtype) -> bytes:
    """The cubin from the cache, or compiled and written there; its name has the sources' hash and the compiler."""
    name = f"bi_wkv-{arch}-d{width}-{str(dtype).removeprefix('torch.')}-nvrtc{compiler()}-{source_hash()[:16]}.cubin"
    path = cache_folder() / name
    with contextlib.suppress(OSError):
        return path.read_bytes()
    code, _ = compile_for(arch, width, dtype)
    with contextlib.suppress(LCRError, OSError), atomic_write(path) as aside:  # works without a cache too
        aside.write_bytes(code)
    return code


class Gpu:
    """The kernels for one D and dtype on one device; a `steps.Machine`."""

    def __init__(self, index: int, width: int, dtype: torch.dtype):
        Device(index).set_current()  # the primary context, which is torch's
        self._code = ObjectCode.from_cubin(compiled(arch_of(index), width, dtype))
        self._kernel = functools.cache(self._code.get_kernel)

    def launch(self, kernel: str, blocks: tuple[int, int], threads: int, *arguments: int) -> None:
        config = LaunchConfig(grid=blocks, block=threads)
        launch(torch.cuda.current_stream(), config, self._kernel(kernel), *arguments)


@functools.cache
def machine(index: int, width: int, dtype: torch.dtype) -> Gpu:
    """The kernels, compiled and loaded at the first call. Capturing a CUDA graph needs one call before."""
    return Gpu(index, width, dtype)
