"""All forms of the operator as one function of the same problem, and the float64 sum that each of them must equal."""

import ctypes
import functools
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor

from lcr.wkv import bi_wkv, cpu, library
from lcr.wkv.cuda import FOLDER, TYPES, missing, steps
from lcr.wkv.reference import pairwise, recurrence

SOURCE = Path(__file__).parents[2]
NATIVE = SOURCE / "lcr" / "wkv" / "native"
COMPILER = shutil.which("g++")
NAMES = ("r", "k", "v", "omega", "u")
LENGTHS = (1, 2, 3, 31, 32, 33, 48, 49, 63, 64, 65, 80, 81, 197, 300, 1024)
DECAYS = (-90.0, -12.0, 5.0, 90.0)  # ω of all channels
LOW = (torch.bfloat16, torch.float16)

built = pytest.mark.skipif(library.find()[0] is None, reason="the native kernel is not built: no C++ compiler")
compiles = pytest.mark.skipif(COMPILER is None, reason="no g++ to compile the kernel with")
gpu_here = pytest.mark.skipif(missing() is not None, reason=f"no GPU to run on: {missing()}")


def inputs(
    tokens: int, batch: int = 2, heads: int = 2, width: int = 16, low: float = -12.0, high: float = 5.0,
    dtype: torch.dtype = torch.float32,
) -> list[Tensor]:  # fmt: skip
    """r, k, v, omega, u; ω runs evenly from low to high over the channels."""
    generator = torch.Generator().manual_seed(tokens + 1000 * width)
    r, k, v = (torch.randn(batch, heads, tokens, width, generator=generator, dtype=torch.float64) for _ in range(3))
    omega = torch.linspace(low, high, heads * width, dtype=torch.float64).reshape(width, heads).T
    u = torch.randn(heads, width, generator=generator, dtype=torch.float64)
    return [x.to(dtype).contiguous() for x in (r, k, v, omega, u)]


def gradient_of(x: list[Tensor]) -> Tensor:
    """dy, of y's shape and dtype."""
    return torch.randn(x[0].shape, generator=torch.Generator().manual_seed(7)).to(x[0].dtype)


def exact(x: list[Tensor], dy: Tensor, bidirectional: bool = True) -> list[Tensor]:
    """y and the gradients of r, k, v, ω, u at dy, in float64, of the same numbers."""
    wide = [a.detach().double().requires_grad_() for a in x]
    y = (recurrence if dy.shape[2] > 200 else pairwise)(*wide, bidirectional)
    return [y.detach(), *torch.autograd.grad(y, wide, dy.double())]


def error(x: Tensor, true: Tensor, axes: int | None = None) -> Tensor:
    """Root mean square of x - true by that of true, over the first `axes` axes, or over all."""
    x, true, over = x.detach().double(), true.detach().double(), tuple(range(true.ndim if axes is None else axes))
    return (x - true).pow(2).mean(over).sqrt() / true.pow(2).mean(over).sqrt().clamp(min=1e-30)


def assert_equals_the_float64_sum(got: list[Tensor], expected: list[Tensor], x: list[Tensor]) -> None:
    """y within 1e-6 and gradients within 1e-5 (1e-12 in float64; the rounding of results in low precision)."""
    for name, like, a, b in zip(("y", *NAMES), (x[0], *x), got, expected, strict=True):
        assert (a.shape, a.dtype) == (like.shape, like.dtype), name
        assert torch.isfinite(a).all(), name
        base = 1e-12 if a.dtype == torch.float64 else 1e-6 if name == "y" or x[0].shape[2] <= 2 else 1e-5
        tolerance = max(base, torch.finfo(a.dtype).eps / 2) if a.dtype in LOW else base
        nothing = float(torch.stack([a.abs().max().double(), b.abs().max()]).max()) < 1e-30  # float32 resolves no more
        assert nothing or error(a, b) <= tolerance, name


def through(backend: str, device: str = "cpu") -> Callable[..., list[Tensor]]:
    """y and the gradients by the public function and autograd."""

    def run(x: list[Tensor], dy: Tensor, bidirectional: bool = True) -> list[Tensor]:
        leaves = [a.detach().to(device).requires_grad_() for a in x]
        y = bi_wkv(*leaves, bidirectional=bidirectional, backend=backend)
        assert y.is_contiguous()
        return [a.cpu() for a in (y.detach(), *torch.autograd.grad(y, leaves, dy.to(device)))]

    return run


def compile_native(folder: Path, *flags: str) -> Path:
    """The CPU library with the code of every instruction set, in instructions of any x86-64: the same paths, slower."""
    warnings = ["-Wall", "-Wextra", "-Werror", "-Wno-psabi"]
    common = [COMPILER, "-std=c++17", "-O1", "-fPIC", *warnings, f"-I{NATIVE}", '-DLCR_SOURCES="test"', *flags, "-c"]
    commands = [[*common, str(NATIVE / "dispatch.cpp"), "-o", str(folder / "dispatch.o")]]
    for name, width in (("kPortable", 4), ("kAvx2", 8), ("kAvx512", 16)):
        macros = [f"-DLCR_KERNEL={name}", f"-DLCR_WIDTH={width}"]
        commands.append([*common, *macros, str(NATIVE / "kernel.cpp"), "-o", str(folder / f"{name}.o")])
    for process in [subprocess.Popen(command) for command in commands]:
        assert process.wait() == 0
    objects, target = [command[-1] for command in commands], folder / library.FILE
    subprocess.run([COMPILER, "-shared", *flags, *objects, "-o", str(target), "-pthread"], check=True)
    return target


@functools.cache
def lowered() -> ctypes.CDLL:
    """A library for the instruction sets that this machine lacks."""
    if COMPILER is None:
        pytest.skip("no g++ to compile the kernel with")
    return library.load(compile_native(Path(tempfile.mkdtemp())))


def native(number: int) -> Callable[..., list[Tensor]]:
    """y and the gradients by the CPU kernel of one instruction set."""

    def run(x: list[Tensor], dy: Tensor, bidirectional: bool = True) -> list[Tensor]:
        how = bidirectional, number, None if number < len(library.instruction_sets()) else lowered()
        return [cpu.forward(*x, *how), *cpu.backward(*x, dy, *how)]

    return run


class Host:
    """The CUDA kernels for one D and dtype, compiled by g++: a `steps.Machine` of fibers with real barriers."""

    def __init__(self, source: Path, width: int, dtype: torch.dtype):
        target = Path(tempfile.mkdtemp()) / "host.so"
        macros = [f"-DLCR_D={width}", f"-DLCR_TYPE={TYPES[dtype]}"]
        flags = ["-std=c++17", "-O1", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror", *macros]
        subprocess.run([COMPILER, *flags, str(source / "host.cpp"), "-o", str(target)], check=True)
        self.library = ctypes.CDLL(str(target))

    def launch(self, kernel: str, blocks: tuple[int, int], threads: int, *arguments: int) -> None:
        integer = ctypes.c_longlong
        numbers = (integer * len(arguments))(*arguments)
        failed = getattr(self.library, f"host_{kernel}")(*map(integer, (*blocks, threads)), numbers)
        assert not failed, f"{kernel}: a barrier that not all threads reach, or too much shared memory"


@functools.cache
def host(width: int, dtype: torch.dtype = torch.float32) -> Host:
    return Host(FOLDER, width, dtype)


def on_host(x: list[Tensor], dy: Tensor, bidirectional: bool = True) -> list[Tensor]:
    """y and the gradients by the CUDA kernel's own source, compiled for the CPU."""
    machine = host(x[0].shape[3], x[0].dtype)
    return [steps.forward(machine, *x, bidirectional), *steps.backward(machine, *x, dy, bidirectional)]


@dataclass(frozen=True)
class Form:
    """A form of the operator: `run(x, dy, bidirectional)` gives y and the gradients."""

    name: str
    run: Callable[..., list[Tensor]]
    widths: tuple[int, ...] = (16, 1, 5, 7, 24, 32, 48, 64, 65, 80, 96, 128)  # of heads to test, the usual one first
    dtypes: tuple[torch.dtype, ...] = LOW
    marks: tuple[pytest.MarkDecorator, ...] = (built,)


FORMS = [
    Form("reference", through("reference"), (16,), (), ()),
    Form("torch", through("torch"), dtypes=(torch.float64, *LOW), marks=()),
    Form("cpu", through("cpu")),
    *[Form(f"cpu, {name}", native(number)) for number, name in enumerate(library.INSTRUCTION_SETS)],
    Form("cuda on the host", on_host, library.CUDA_WIDTHS, marks=(pytest.mark.slow, compiles)),
    Form("cuda", through("cuda", "cuda"), library.CUDA_WIDTHS, marks=(pytest.mark.gpu, gpu_here)),
]


def each_form(*names: str):
    """A parametrization over forms, or over those of the names."""
    chosen = [form for form in FORMS if form.name in names or not names]
    return pytest.mark.parametrize("form", [pytest.param(form, id=form.name, marks=form.marks) for form in chosen])


FAST = tuple(form.name for form in FORMS if form.name != "reference")


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess:
    """A new Python in the project's folder."""
    return subprocess.run(
        [sys.executable, "-c", code], cwd=SOURCE, capture_output=True, text=True, env=environment or None
    )
