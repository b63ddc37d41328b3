"""The native CPU kernel: every instruction set's code, any number of threads, sanitizers, no compiler."""

import importlib.machinery
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lcr.wkv import bi_wkv, cpu, operator
from lcr.wkv.reference import pairwise

SOURCE = Path(__file__).parents[2]
NATIVE = SOURCE / "lcr" / "wkv" / "native"
COMPILER = shutil.which("g++")
built = pytest.mark.skipif(cpu.library() is None, reason="the native kernel is not built: no C++ compiler")
compiles = pytest.mark.skipif(COMPILER is None, reason="no g++ to compile the kernel with")


def compile_library(folder: Path, kernels: dict[str, tuple[int, list[str]]], *flags: str) -> Path:
    """The library with each kernel at the given vector width, whatever the instruction set."""
    common = [
        COMPILER,
        "-std=c++17",
        "-O1",
        "-fPIC",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-Wno-psabi",
        f"-I{NATIVE}",
        *flags,
    ]
    objects = [str(folder / "dispatch.o")]
    defined = '-DLCR_SOURCES="test"'
    subprocess.run([*common, defined, "-c", str(NATIVE / "dispatch.cpp"), "-o", objects[0]], check=True)
    for name, (width, more) in kernels.items():
        objects.append(str(folder / f"{name}.o"))
        macros = [f"-DLCR_KERNEL={name}", f"-DLCR_WIDTH={width}"]
        subprocess.run([*common, *more, *macros, "-c", str(NATIVE / "kernel.cpp"), "-o", objects[-1]], check=True)
    library = folder / "library.so"
    subprocess.run([COMPILER, "-shared", *flags, *objects, "-o", str(library), "-pthread"], check=True)
    return library


def all_widths() -> dict[str, tuple[int, list[str]]]:
    """The code for 4, 8 and 16 floats a vector in instructions that any x86-64 has: the same paths, only slower."""
    return {"kPortable": (4, []), "kAvx2": (8, []), "kAvx512": (16, [])}


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return cpu.load(compile_library(tmp_path_factory.mktemp("native"), all_widths()))


@compiles
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("kernel", [0, 1, 2])
@pytest.mark.parametrize(
    ("tokens", "width"),
    [
        (1, 16),
        (8, 7),
        (10, 32),
        (17, 16),
        (33, 48),
        (48, 24),
        (49, 80),
        (65, 64),
        (80, 64),
        (81, 65),
        (100, 96),
        (70, 128),
    ],
)
def test_each_instruction_sets_code_equals_the_float64_sum(
    tokens, width, kernel, bidirectional, library, inputs, error
):
    x = inputs(tokens, batch=1, width=width)
    dy = torch.randn(x[0].shape, generator=torch.Generator().manual_seed(3))
    wide = [a.double().requires_grad_() for a in x]
    y = pairwise(*wide, bidirectional)
    expected = torch.autograd.grad(y, wide, dy.double())
    assert error(cpu.forward(*x, bidirectional, library, kernel), y) <= 1e-6
    for got, exact in zip(cpu.backward(*x, dy, bidirectional, library, kernel), expected, strict=True):
        assert error(got, exact) <= 1e-5


@built
@pytest.mark.parametrize("bidirectional", [True, False])
def test_any_number_of_threads_gives_the_same_bits(bidirectional, inputs):
    x = [a.requires_grad_() for a in inputs(300, batch=3, heads=3, width=32)]
    dy = torch.randn(x[0].shape, generator=torch.Generator().manual_seed(4))
    seen = []
    for threads in (1, 2, 3, 16, 1):
        torch.set_num_threads(threads)
        y = bi_wkv(*x, bidirectional=bidirectional, backend="cpu")
        seen.append([y, *torch.autograd.grad(y, x, dy)])
    for others in seen[1:]:
        assert all(torch.equal(a, b) for a, b in zip(seen[0], others, strict=True))


@built
def test_the_longest_sequences_keep_their_digits_at_every_decay(inputs, error, error_by_channel):
    x = inputs(12544, batch=1, heads=4, width=64)
    x[3] = torch.linspace(-12, 5, 64).repeat(4, 1)  # a head is one more draw of the same channels
    dy = torch.randn(x[0].shape, generator=torch.Generator().manual_seed(5))
    exact = [a.double() for a in x]  # the chunk form in float64: its own error is a billion times smaller
    assert error(cpu.forward(*x, True), bi_wkv(*exact, backend="torch")) <= 1e-6
    got = cpu.backward(*x, dy, True)
    expected = torch.ops.lcr.bi_wkv_backward(*exact, dy.double(), True, "torch")
    for gradient, wide in zip(got, expected, strict=True):
        assert error(gradient, wide) <= 1e-5
    for gradient, wide in zip(got[3:], expected[3:], strict=True):
        assert float(error_by_channel(gradient, wide).max()) <= 1e-5
    # du is summed in double: not even a single channel whose terms cancel loses digits
    assert float(((got[4] - expected[4]) / expected[4]).abs().max()) <= 1e-6


@built
def test_what_the_kernel_does_not_serve_goes_to_torch_or_is_refused(inputs):
    assert operator.backend_for("cpu", torch.float32) == operator.backend_for("cpu", torch.bfloat16) == "cpu"
    assert operator.backend_for("cpu", torch.float64) == "torch"
    assert operator.backend_for("cpu", torch.float32, width=129) == "torch"
    assert bi_wkv(*inputs(9, width=130)).shape == (2, 2, 9, 130)
    with pytest.raises(ValueError, match=r"r has shape \(2, 2, 9, 130\).*D up to 128"):
        bi_wkv(*inputs(9, width=130), backend="cpu")
    with pytest.raises(ValueError, match=r"torch.float64.*backend 'cpu' expects"):
        bi_wkv(*inputs(9, dtype=torch.float64), backend="cpu")


SANITIZED = """
import torch
from pathlib import Path
from lcr.wkv import cpu
library = cpu.load(Path({library!r}))
torch.set_num_threads(2)
for tokens, width in ((0, 8), (1, 5), (31, 16), (40, 48), (70, 128)):
    for kernel in (0, 1, 2):
        for both in (True, False):
            r, k, v, dy = (torch.randn(1, tokens, 3, width).transpose(1, 2) for _ in range(4))
            omega, u = torch.linspace(-90, 90, 3 * width).reshape(3, width), torch.randn(3, width)
            cpu.forward(r, k, v, omega, u, both, library, kernel)
            cpu.backward(r, k, v, omega, u, dy, both, library, kernel)
print("clean")
"""


@compiles
def test_sanitizers_find_nothing(tmp_path):
    flags = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-O0")
    library = compile_library(tmp_path, all_widths(), *flags)
    runtime = subprocess.run([COMPILER, "-print-file-name=libasan.so"], capture_output=True, text=True).stdout.strip()
    if not Path(runtime).is_absolute():
        pytest.skip("g++ has no libasan")
    # libstdc++ beside it: else the sanitizer has no exceptions to intercept when torch throws its first one
    standard = subprocess.run(
        [COMPILER, "-print-file-name=libstdc++.so.6"], capture_output=True, text=True
    ).stdout.strip()
    environment = os.environ | {"LD_PRELOAD": f"{runtime} {standard}", "ASAN_OPTIONS": "detect_leaks=0"}
    command = [sys.executable, "-c", SANITIZED.format(library=str(library))]
    ran = subprocess.run(command, env=environment, cwd=SOURCE, capture_output=True, text=True)
    assert ran.stdout.strip() == "clean", ran.stderr[-3000:]


def build(folder: Path, **environment: str) -> subprocess.CompletedProcess:
    """The package's own build of the library from a copy of what it needs."""
    shutil.copytree(NATIVE, folder / "lcr" / "wkv" / "native")
    (folder / "lcr" / "__init__.py").touch()
    (folder / "lcr" / "wkv" / "__init__.py").touch()
    shutil.copy(SOURCE / "setup.py", folder)
    command = [sys.executable, "setup.py", "build_ext", "--inplace"]
    return subprocess.run(command, cwd=folder, env=os.environ | environment, capture_output=True, text=True)


def test_without_a_compiler_the_build_goes_on_and_says_what_to_install(tmp_path):
    ran = build(tmp_path, CC="/nonexistent/cc", CXX="/nonexistent/c++")
    assert ran.returncode == 0, ran.stderr
    assert "left out" in ran.stdout + ran.stderr
    assert "apt install g++" in ran.stdout + ran.stderr
    assert not list((tmp_path / "lcr" / "wkv").glob("_bi_wkv*"))


WITHOUT = """
import warnings, torch
from lcr.wkv import backend_for, bi_wkv, cpu
cpu.importlib.machinery.EXTENSION_SUFFIXES = [".none"]
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    x = [torch.randn(1, 2, 5, 8) for _ in range(3)] + [torch.zeros(2, 8)] * 2
    bi_wkv(*x), bi_wkv(*x)
    print(backend_for("cpu"), len(seen), "apt install g++" in str(seen[0].message))
try:
    bi_wkv(*x, backend="cpu")
except RuntimeError as error:
    print(error)
"""


def test_without_the_library_torch_serves_with_one_warning():
    ran = subprocess.run([sys.executable, "-c", WITHOUT], cwd=SOURCE, capture_output=True, text=True)
    served, refused = ran.stdout.splitlines()
    assert served == "torch 1 True", ran.stderr
    assert "no native kernel (it is not built): install a C++17 compiler" in refused


def test_a_library_of_other_sources_or_none_at_all_is_not_used(tmp_path, library):
    name = f"_bi_wkv{importlib.machinery.EXTENSION_SUFFIXES[0]}"
    assert cpu.find(tmp_path) == (None, "it is not built")
    (tmp_path / name).symlink_to(library._name)  # its digest is the tests' own
    assert cpu.find(tmp_path) == (None, f"{name} was built from other sources")
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / name).write_bytes(b"no library")
    loaded, problem = cpu.find(broken)
    assert loaded is None
    assert problem.startswith(f"{name} does not load (")
