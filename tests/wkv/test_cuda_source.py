"""The CUDA kernel's own source under g++, against the float64 sum: blocks in turn, threads as fibers, real barriers."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import pytest
import torch

from lcr.wkv import bi_wkv
from lcr.wkv.cuda import FOLDER, TYPES, WIDTHS, steps
from lcr.wkv.reference import pairwise, recurrence

COMPILER = shutil.which("g++")
pytestmark = pytest.mark.skipif(COMPILER is None, reason="no g++ to compile the CUDA kernel's source with")
NAMES = ("y", "r", "k", "v", "omega", "u")


class Host:
    """The kernels for one D and dtype, compiled by g++: a `steps.Machine`."""

    def __init__(self, library: Path):
        self.library = ctypes.CDLL(str(library))

    def launch(self, kernel: str, blocks: tuple[int, int], threads: int, *arguments: int) -> None:
        integer = ctypes.c_longlong
        numbers = (integer * len(arguments))(*arguments)
        failed = getattr(self.library, f"host_{kernel}")(*map(integer, (*blocks, threads)), numbers)
        assert not failed, f"{kernel}: a barrier that not all threads reach, or too much shared memory"

    def backwards(self, on: bool) -> None:
        self.library.lcr_host_backwards(int(on))


def start(source: Path, target: Path, width: int, dtype: torch.dtype) -> subprocess.Popen:
    macros = [f"-DLCR_D={width}", f"-DLCR_TYPE={TYPES[dtype]}"]
    flags = ["-std=c++17", "-O1", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror", *macros]
    return subprocess.Popen([COMPILER, *flags, str(source / "host.cpp"), "-o", str(target)])


@pytest.fixture(scope="module")
def hosts(tmp_path_factory):
    """All D in float32, and D = 32 in the low precisions."""
    folder = tmp_path_factory.mktemp("cuda")
    wanted = [(width, torch.float32) for width in WIDTHS] + [(32, dtype) for dtype in TYPES if dtype != torch.float32]
    places = {one: folder / f"{one[0]}-{TYPES[one[1]]}.so" for one in wanted}
    for process in [start(FOLDER, place, *one) for one, place in places.items()]:
        assert process.wait() == 0
    return {one: Host(place) for one, place in places.items()}


def exact(x, dy, bidirectional):
    """y and the five gradients in float64."""
    wide = [a.double().requires_grad_() for a in x]
    y = (recurrence if dy.shape[2] > 200 else pairwise)(*wide, bidirectional)
    return [y.detach(), *torch.autograd.grad(y, wide, dy.double())]


def numbers(host, x, dy, bidirectional):
    return [steps.forward(host, *x, bidirectional), *steps.backward(host, *x, dy, bidirectional)]


def close(got, expected, error):
    for name, a, b in zip(NAMES, got, expected, strict=True):
        assert error(a, b) <= (1e-6 if name == "y" else 1e-5), name


def gradient_of(x):
    return torch.randn(x[0].shape, generator=torch.Generator().manual_seed(7)).to(x[0].dtype)


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("tokens", [3, 31, 32, 33, 63, 64, 65, 197, 1024])
def test_every_length_equals_the_float64_sum(tokens, bidirectional, hosts, inputs, error):
    x = inputs(tokens, batch=1 if tokens > 100 else 2, width=32)
    dy = gradient_of(x)
    close(numbers(hosts[32, torch.float32], x, dy, bidirectional), exact(x, dy, bidirectional), error)


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_width_of_head_equals_the_float64_sum(width, bidirectional, hosts, inputs, error):
    x = inputs(70, batch=1, width=width)
    dy = gradient_of(x)
    close(numbers(hosts[width, torch.float32], x, dy, bidirectional), exact(x, dy, bidirectional), error)


@pytest.mark.parametrize("tokens", [1, 2])
def test_the_shortest_sequences_have_no_slope_but_their_gradients(tokens, hosts, inputs, error):
    x = inputs(tokens, width=32)
    dy = gradient_of(x)
    got, expected = numbers(hosts[32, torch.float32], x, dy, True), exact(x, dy, True)
    assert torch.equal(got[4], torch.zeros_like(x[3]))  # w⁰ alone
    assert torch.equal(expected[4], torch.zeros_like(expected[4]))
    for position in (0, 1, 2, 3, 5):
        assert error(got[position], expected[position]) <= 1e-6, NAMES[position]


@pytest.mark.parametrize("omega", [-90.0, -12.0, 5.0, 90.0])
def test_extreme_decays_stay_finite_and_exact(omega, hosts, inputs, error):
    x = inputs(70, batch=1, width=32, low=omega, high=omega)
    dy = gradient_of(x)
    got, expected = numbers(hosts[32, torch.float32], x, dy, True), exact(x, dy, True)
    for name, a, b in zip(NAMES, got, expected, strict=True):
        assert torch.isfinite(a).all(), name
        if name != "omega" or abs(omega) < 80:
            assert error(a, b) <= 1e-5, name
    if abs(omega) == 90:
        assert float(got[4].abs().max()) < 1e-30


def test_the_gradient_of_the_decay_is_right_in_each_channel(hosts, inputs):
    x = inputs(1024, batch=1, width=32, low=-12.0, high=2.0)
    dy = gradient_of(x)
    got, expected = numbers(hosts[32, torch.float32], x, dy, True)[4], exact(x, dy, True)[4]
    scale = expected.abs().clamp(min=expected.abs().median() * 1e-2)
    assert float(((got - expected).abs() / scale).max()) < 1e-4


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_low_precision_works_in_float32_inside(dtype, hosts, inputs, error):
    x = inputs(70, width=32)
    low = [a.to(dtype) for a in x[:3]] + x[3:]
    dy = gradient_of(low)
    got, expected = numbers(hosts[32, dtype], low, dy, True), exact(low, dy, True)
    rounding = torch.finfo(dtype).eps  # of the results alone
    for name, a, b in zip(NAMES, got, expected, strict=True):
        assert a.dtype == (torch.float32 if name in ("omega", "u") else dtype)
        assert error(a, b) <= (1e-5 if name in ("omega", "u") else rounding / 2), name
    # to the nearest, ties to even, as torch rounds
    wide = steps.forward(hosts[32, torch.float32], *(a.float() for a in low), True)
    assert torch.equal(got[0], wide.to(dtype))


def test_strides_and_expanded_gradients_do_not_change_the_numbers(hosts, inputs):
    host, x = hosts[48, torch.float32], inputs(70, width=48)
    dy = torch.ones(()).expand(x[0].shape)
    expected = numbers(host, x, dy.contiguous(), True)
    views = [a.transpose(1, 2).contiguous().transpose(1, 2) for a in x[:3]] + [a.T.contiguous().T for a in x[3:]]
    wide = [torch.stack([a, a], -1)[..., 0] for a in x]
    for other in (views, wide):
        assert not other[0].is_contiguous()
        assert all(torch.equal(a, b) for a, b in zip(numbers(host, other, dy, True), expected, strict=True))


@pytest.mark.parametrize("shape", [(0, 2, 9, 32), (2, 2, 0, 32)])
def test_empty_tensors_have_zero_gradients(shape, hosts):
    x = [torch.zeros(shape) for _ in range(3)] + [torch.ones(2, 32), torch.ones(2, 32)]
    got = numbers(hosts[32, torch.float32], x, torch.zeros(shape), True)
    assert got[0].shape == shape
    assert all(torch.equal(a, torch.zeros_like(b)) for a, b in zip(got[1:], x, strict=True))


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("at", [0, 20, 33, 69])
def test_a_nan_goes_only_where_the_sum_takes_it(at, bidirectional, hosts, inputs):
    reached = slice(None) if bidirectional else slice(at, None)
    for position, where in ((0, (at,)), (1, (reached,)), (2, (reached, 3))):
        x = inputs(70, width=32)
        x[position][1, 1, at, 3] = float("nan")
        expected = torch.zeros(x[0].shape, dtype=torch.bool)
        expected[1, 1][where] = True
        y = steps.forward(hosts[32, torch.float32], *x, bidirectional)
        assert torch.equal(y.isnan(), expected), NAMES[position + 1]


@pytest.mark.parametrize("width", [48, 128])
def test_the_order_in_which_threads_run_does_not_change_a_bit(width, hosts, inputs):
    host, x = hosts[width, torch.float32], inputs(70, batch=1, width=width)
    dy = gradient_of(x)
    forwards = numbers(host, x, dy, True)
    host.backwards(True)
    try:
        backwards = numbers(host, x, dy, True)
    finally:
        host.backwards(False)
    assert all(torch.equal(a, b) for a, b in zip(forwards, backwards, strict=True))


def test_a_missing_barrier_would_be_seen(tmp_path, inputs, error):
    folder = shutil.copytree(FOLDER, tmp_path / "cuda")
    source = (folder / "forward.cuh").read_text(encoding="utf-8")
    kernel = source.index("KERNEL(lcr_output")
    barrier = source.index("  __syncthreads();\n", kernel)
    (folder / "forward.cuh").write_text(source[:barrier] + source[barrier:].replace("  __syncthreads();\n", "", 1))
    assert start(folder, tmp_path / "broken.so", 32, torch.float32).wait() == 0
    x = inputs(40, batch=1, width=32)
    broken = steps.forward(Host(tmp_path / "broken.so"), *x, True)
    assert not error(broken, bi_wkv(*x, backend="reference")) <= 1e-6
