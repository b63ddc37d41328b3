"""The CUDA kernel's own source under g++, against the float64 sum: blocks in turn, threads as fibers, real barriers."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import pytest
import torch

from lcr.wkv import bi_wkv
from lcr.wkv.cuda import FOLDER, TYPES, WIDTHS, steps
from tests.wkv import grid
from tests.wkv.grid import DECAYS, LENGTHS, NAN_AT, exact, nan_reaches, reached

LOW, LOW_WIDTHS = [dtype for dtype in TYPES if dtype != torch.float32], (32, 96)
COMPILER = shutil.which("g++")
pytestmark = pytest.mark.skipif(COMPILER is None, reason="no g++ to compile the CUDA kernel's source with")
NAMES = ("y", *grid.NAMES)


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
    """All D in float32, and two of them in the low precisions."""
    folder = tmp_path_factory.mktemp("cuda")
    wanted = [(width, torch.float32) for width in WIDTHS] + [(width, dtype) for width in LOW_WIDTHS for dtype in LOW]
    places = {one: folder / f"{one[0]}-{TYPES[one[1]]}.so" for one in wanted}
    for process in [start(FOLDER, place, *one) for one, place in places.items()]:
        assert process.wait() == 0
    return {one: Host(place) for one, place in places.items()}


def numbers(host, x, dy, bidirectional):
    return [steps.forward(host, *x, bidirectional), *steps.backward(host, *x, dy, bidirectional)]


def close(got, expected, error):
    for name, a, b in zip(NAMES, got, expected, strict=True):
        assert error(a, b) <= (1e-6 if name == "y" else 1e-5), name


def gradient_of(x):
    return torch.randn(x[0].shape, generator=torch.Generator().manual_seed(7)).to(x[0].dtype)


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("tokens", [n for n in LENGTHS if n > 2])
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


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("tokens", [1, 2])
def test_the_shortest_sequences_have_no_slope_but_their_gradients(tokens, bidirectional, hosts, inputs, error):
    x = inputs(tokens, width=32)
    dy = gradient_of(x)
    got, expected = numbers(hosts[32, torch.float32], x, dy, bidirectional), exact(x, dy, bidirectional)
    assert torch.equal(got[4], torch.zeros_like(x[3]))  # w⁰ alone
    assert torch.equal(expected[4], torch.zeros_like(expected[4]))
    for position in (0, 1, 2, 3, 5):
        assert error(got[position], expected[position]) <= 1e-6, NAMES[position]


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("omega", DECAYS)
def test_extreme_decays_stay_finite_and_exact(omega, bidirectional, hosts, inputs, error):
    x = inputs(70, batch=1, width=32, low=omega, high=omega)
    dy = gradient_of(x)
    got, expected = numbers(hosts[32, torch.float32], x, dy, bidirectional), exact(x, dy, bidirectional)
    for name, a, b in zip(NAMES, got, expected, strict=True):
        assert torch.isfinite(a).all(), name
        if name != "omega" or abs(omega) < 80:
            assert error(a, b) <= (1e-6 if name == "y" else 1e-5), name
    if abs(omega) == 90:
        assert float(got[4].abs().max()) < 1e-30


def test_the_gradient_of_the_decay_is_right_in_each_single_channel(hosts, inputs):
    x = inputs(1024, batch=1, width=32, low=-12.0, high=2.0)
    dy = gradient_of(x)
    got, expected = numbers(hosts[32, torch.float32], x, dy, True)[4], exact(x, dy, True)[4]
    # a channel is judged by its own size, and one whose terms cancel by a hundredth of the channels' median
    scale = expected.abs().clamp(min=expected.abs().median() * 1e-2)
    assert float(((got - expected).abs() / scale).max()) < 1e-4


@pytest.mark.parametrize("tokens", [197, 1024])
def test_the_gradients_of_decay_and_bonus_are_right_in_each_channel(tokens, hosts, inputs, error_by_channel):
    x = inputs(tokens, batch=1, heads=4, width=32)
    x[3] = torch.linspace(-12, 5, 32).repeat(4, 1)  # a head is one more draw of the same channels
    dy = gradient_of(x)
    got, expected = numbers(hosts[32, torch.float32], x, dy, True), exact(x, dy, True)
    for position in (4, 5):
        assert float(error_by_channel(got[position], expected[position]).max()) <= 1e-5, NAMES[position]


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("width", LOW_WIDTHS)
@pytest.mark.parametrize("dtype", LOW)
def test_low_precision_works_in_float32_inside(dtype, width, bidirectional, hosts, inputs, error):
    x = inputs(70, width=width)
    low = [a.to(dtype) for a in x[:3]] + x[3:]
    dy = gradient_of(low)
    got, expected = numbers(hosts[width, dtype], low, dy, bidirectional), exact(low, dy, bidirectional)
    rounding = torch.finfo(dtype).eps  # of the results alone
    for name, a, b in zip(NAMES, got, expected, strict=True):
        assert a.dtype == (torch.float32 if name in ("omega", "u") else dtype)
        assert error(a, b) <= (1e-5 if name in ("omega", "u") else rounding / 2), name
    # to the nearest, ties to even, as torch rounds
    wide = steps.forward(hosts[width, torch.float32], *(a.float() for a in low), bidirectional)
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


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
@pytest.mark.parametrize("width", [32, 48, 64])
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("at", NAN_AT)
def test_a_nan_goes_only_where_the_sum_takes_it(at, bidirectional, width, number, hosts, inputs):
    for source, where in nan_reaches(at, bidirectional)[0].items():
        x = inputs(70, width=width)
        x[grid.NAMES.index(source)][1, 1, at, 3] = number
        y = steps.forward(hosts[width, torch.float32], *x, bidirectional)
        seen = y.isnan() if number != number else ~y.isfinite()
        assert torch.equal(seen, reached(where, y.shape)), source


@pytest.mark.parametrize("width", [32, 48])
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("at", NAN_AT)
def test_a_nan_goes_only_to_the_gradients_whose_sum_takes_it(at, bidirectional, width, hosts, inputs):
    for source, where in nan_reaches(at, bidirectional)[1].items():
        x = inputs(70, width=width)
        x.append(gradient_of(x))
        x[(*grid.NAMES, "dy").index(source)][1, 1, at, 3] = float("nan")
        got = steps.backward(hosts[width, torch.float32], *x, bidirectional)
        for name, gradient in zip(grid.NAMES[:3], got[:3], strict=True):
            assert torch.equal(gradient.isnan(), reached(where.get(name, ()), gradient.shape)), (source, name)
        assert all(gradient[0].isfinite().all() for gradient in got[3:]), source  # the other head


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
