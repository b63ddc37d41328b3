"""Bi-WKV on a GPU: CUDA C++ (kernel.cu), compiled at run time by NVRTC and launched on torch's current stream.

    forward.cuh, backward.cuh   the kernels; block.cuh, machine.cuh: their parts
    steps.py                    the order of the kernels that make y and the gradients
    gpu.py                      compiles, caches the compiled kernels on disk, launches
    host.h, host.cpp            the same source under g++, for tests

docs/cuda_resources.csv lists registers, spills and shared memory of every kernel (tools/cuda_resources.py writes it).
This module imports no CUDA package: gpu.py does, and is loaded once a tensor is on a GPU.
"""

import functools
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lcr.wkv.cuda import steps

FOLDER = Path(__file__).parent
TYPES = {torch.float32: 0, torch.bfloat16: 1, torch.float16: 2}  # LCR_TYPE of tensors; the state is float32


def source_hash() -> str:
    """SHA-256 of the kernel's sources, in hex."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(FOLDER.glob("*.cu*")))).hexdigest()


@functools.cache
def missing() -> str | None:
    """The reason why the kernel cannot serve here, and the remedy; None where it can."""
    if not torch.cuda.is_available():
        return "torch sees no CUDA device"
    if torch.version.hip is not None:
        return "the kernel is CUDA C++, and this torch is for ROCm"
    try:
        from lcr.wkv.cuda import gpu

        return gpu.unfit()
    except (ImportError, RuntimeError) as error:  # no cuda-core, or no NVRTC library for it
        return f"{error}: install the package with its extra [cuda], pip install -e '.[cuda]'"


def description() -> str:
    """The kernel that serves here. Needs `missing()` to be None."""
    major, minor = torch.cuda.get_device_capability()
    return f"the CUDA kernel, compiled for sm_{major}{minor} at its first call"


@contextmanager
def _machine(r: Tensor) -> Iterator[Any]:
    """The compiled kernels for r, with its device the current one."""
    problem = missing()
    if problem:
        raise RuntimeError(f"bi_wkv: backend 'cuda' cannot serve: {problem}")
    from lcr.wkv.cuda import gpu

    with torch.cuda.device(r.device):
        yield gpu.machine(r.device.index, r.shape[3], r.dtype)


def forward(r: Tensor, k: Tensor, v: Tensor, omega: Tensor, u: Tensor, bidirectional: bool) -> Tensor:
    """y of `lcr.wkv.bi_wkv` for CUDA tensors."""
    with _machine(r) as machine:
        return steps.forward(machine, r, k, v, omega, u, bidirectional)


def backward(
    r: Tensor, k: Tensor, v: Tensor, omega: Tensor, u: Tensor, dy: Tensor, bidirectional: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """dr, dk, dv, dω, du of `forward` at dy."""
    with _machine(r) as machine:
        return steps.backward(machine, r, k, v, omega, u, dy, bidirectional)
