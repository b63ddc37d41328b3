"""The native CPU kernel: every instruction set's code, any number of threads, the longest sequences, sanitizers."""

import contextlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from lcr.wkv import bi_wkv, cpu, operator
from lcr.wkv.reference import recurrence
from tests.wkv.grid import exact

SOURCE = Path(__file__).parents[2]
NATIVE = SOURCE / "lcr" / "wkv" / "native"
COMPILER = shutil.which("g++")
built = pytest.mark.skipif(cpu.library() is None, reason="the native kernel is not built: no C++ compiler")
compiles = pytest.mark.skipif(COMPILER is None, reason="no g++ to compile the kernel with")


def compile_library(folder: Path, kernels: dict[str, tuple[int, list[str]]], *flags: str) -> Path:
    """The library with each kernel at the given vector width, whatever the instruction set."""
    warnings = ["-Wall", "-Wextra", "-Werror", "-Wno-psabi"]
    includes = [f"-I{NATIVE}", f"-isystem{sysconfig.get_path('include')}"]
    common = [COMPILER, "-std=c++17", "-O1", "-fPIC", *warnings, *includes, *flags]
    parts = [("dispatch", []), ("python", ['-DLCR_SOURCES="test"'])]
    commands = [[*common, *more, "-c", str(NATIVE / f"{n}.cpp"), "-o", str(folder / f"{n}.o")] for n, more in parts]
    for name, (width, more) in kernels.items():
        macros = [f"-DLCR_KERNEL={name}", f"-DLCR_WIDTH={width}"]
        source, target = str(NATIVE / "kernel.cpp"), str(folder / f"{name}.o")
        commands.append([*common, *more, *macros, "-c", source, "-o", target])
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(lambda command: subprocess.run(command, check=True), commands):
            pass
    objects = [command[-1] for command in commands]
    library = folder / "library.so"
    subprocess.run([COMPILER, "-shared", *flags, *objects, "-o", str(library), "-pthread"], check=True)
    return library


def all_widths() -> dict[str, tuple[int, list[str]]]:
    """The code for 4, 8 and 16 floats a vector in instructions that any x86-64 has: the same paths, only slower."""
    return {"kPortable": (4, []), "kAvx2": (8, []), "kAvx512": (16, [])}


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return cpu.load(compile_library(tmp_path_factory.mktemp("native"), all_widths()))


def close(x, bidirectional, library, kernel, error):
    """Both passes of one kernel of a library against the float64 sum."""
    dy = torch.randn(x[0].shape, generator=torch.Generator().manual_seed(3))
    y, *expected = exact(x, dy, bidirectional)
    assert error(cpu.forward(*x, bidirectional, None, library, kernel), y) <= 1e-6
    for got, wide in zip(cpu.backward(*x, dy, bidirectional, None, library, kernel), expected, strict=True):
        assert error(got, wide) <= 1e-5


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
        (300, 32),
    ],
)
def test_each_instruction_sets_code_equals_the_float64_sum(
    tokens, width, kernel, bidirectional, library, inputs, error
):
    close(inputs(tokens, batch=1, width=width), bidirectional, library, kernel, error)


@compiles
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("kernel", [0, 1, 2])
@pytest.mark.parametrize(("tokens", "width"), [(1, 5), (48, 24), (49, 16), (100, 80), (272, 64)])
@pytest.mark.parametrize("spoilt", [False, True])
def test_what_the_forward_pass_keeps_changes_no_bit(tokens, width, kernel, bidirectional, spoilt, library, inputs):
    r, k, v, omega, u = inputs(tokens, width=width)
    dy = torch.randn(r.shape, generator=torch.Generator().manual_seed(3))
    if spoilt:  # one direction then goes pair by pair
        k[0, 0, tokens // 2, 1] = dy[0, 0, tokens // 3, 0] = float("nan")
    room = cpu.room_to_keep(r, bidirectional, library, kernel)
    room[:] = b"\xff" * len(room)  # NaN: what is read was written before
    seen = []
    for kept in (None, room):
        y = cpu.forward(r, k, v, omega, u, bidirectional, kept, library, kernel)
        seen.append((y, *cpu.backward(r, k, v, omega, u, dy, bidirectional, kept, library, kernel)))
    torch.testing.assert_close(*seen, rtol=0, atol=0, equal_nan=True)


@built
def test_short_sequences_keep_what_their_backward_pass_would_make_again(inputs, monkeypatch):
    for tokens, keeps in ((1, True), (272, True), (273, False)):
        y = bi_wkv(*[x.requires_grad_() for x in inputs(tokens)])
        assert (y.grad_fn.kept is not None) == keeps
        y.sum().backward()
        assert y.grad_fn.kept is None  # though y is still held
    with torch.autograd.graph.save_on_cpu():  # who wants the inputs elsewhere wants no more of them here
        assert bi_wkv(*[x.requires_grad_() for x in inputs(272)]).grad_fn.kept is None
    monkeypatch.setattr(cpu, "room_to_keep", None)
    bi_wkv(*inputs(272))  # without gradients nothing asks for room


@built
def test_a_second_backward_pass_has_the_same_bits(inputs):
    x = [a.requires_grad_() for a in inputs(100)]
    y = bi_wkv(*x)
    first, second = (torch.autograd.grad(y.square().sum(), x, retain_graph=True) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@built
def test_the_library_reads_what_it_can_read_as_it_is_and_nothing_else(inputs):
    library, x = cpu.library(), inputs(70)
    y = torch.empty_like(x[0])
    assert library.fits(*x)
    assert library.fits(torch.nn.Parameter(x[0]), *x[1:])
    assert library.fits(x[0][:, :, :1].expand(x[0].shape), *x[1:])
    transposed, shorter = x[0].mT.contiguous().mT, x[0][:, :, 1:]
    others = [x[0].double(), x[0].bfloat16(), x[0].to("meta"), x[0].to_sparse(), transposed, shorter, x[0][0], None, 1]
    others += [torch._efficientzerotensor(x[0].shape), torch._to_functional_tensor(x[0]), "r", x[0].numpy()]
    for other in others:
        assert not library.fits(x[0], other, *x[2:])
        assert library.forward(x[0], x[1], other, *x[3:], y, None, True, 1, -1) is NotImplemented
        assert library.forward(*x, other, None, True, 1, -1) is NotImplemented
    for other in (
        x[3].double(),
        x[3][:1],
        x[3].expand(2, *x[3].shape),
        x[3].mT.contiguous().mT,
        x[3][:1].expand(2, -1),
    ):
        assert not library.fits(*x[:4], other)
        assert not library.fits(*x[:3], other, x[4])
    for wrong in (x, [*x, y, None, True, 1], [*x, y, None, True, 1, -1, 0]):
        with pytest.raises(TypeError, match=r"\d+ arguments; expected 10"):
            library.forward(*wrong)
    for threads, kernel in ((1.5, -1), (1, "0")):
        with pytest.raises(TypeError):
            library.forward(*x, y, None, True, threads, kernel)
    for kept in (bytearray(64), b"", library.room_to_keep(x[0], False, -1)):
        with pytest.raises(ValueError, match="kept: expected what room_to_keep gives"):
            library.forward(*x, y, kept, True, 1, -1)
    assert library.room_to_keep(torch.empty(1).expand(2**20, 2**12, 197, 128), True, -1) is None  # more than there is
    assert library.room_to_keep(torch.empty(1).expand(2**30, 2**30, 1, 1), True, -1) is None  # more than there can be
    with pytest.raises(ValueError, match="cannot read such tensors"):
        cpu.forward(x[0], x[1], shorter, *x[3:], True)


@built
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc to read the memory in use from")
def test_calls_leave_no_memory_behind(inputs):
    x = [a.requires_grad_() for a in inputs(197, batch=1, heads=3, width=64)]
    dy = torch.ones_like(x[0])
    held = []
    for _ in range(2):
        for _ in range(300):
            torch.autograd.grad(bi_wkv(*x), x, dy)
        held.append(int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
    assert held[1] - held[0] < 20e6  # what one call keeps is 0.6 MB


@built
def test_calls_leave_no_reference_behind(inputs):
    library, x = cpu.library(), inputs(9)
    y, kept = torch.empty_like(x[0]), cpu.room_to_keep(x[0], True)
    objects = [*x, y, kept, None, NotImplemented, True, False]

    def counts():
        return [sys.getrefcount(thing) for thing in objects]

    counts()
    before = counts()
    for _ in range(1000):
        library.fits(*x), library.fits(*x[:4], None), library.room_to_keep(x[0], True, -1)
        for room, threads in ((kept, 1), (None, 1), (b"", 1), (kept, "1")):
            with contextlib.suppress(ValueError, TypeError):
                library.forward(*x, y, room, True, threads, -1)
        library.forward(*x, None, kept, True, 1, -1)
    assert max(abs(a - b) for a, b in zip(counts(), before, strict=True)) < 10


@built
def test_what_is_kept_stays_where_it_is_while_the_kernel_works(inputs):
    x = inputs(272, batch=100, heads=4, width=64)  # some 50 ms
    room = cpu.room_to_keep(x[0], True)
    worker = threading.Thread(target=cpu.forward, args=(*x, True, room))
    worker.start()
    refused = 0
    while worker.is_alive():
        try:
            room.append(0)
            del room[-1]
        except BufferError:
            refused += 1
        time.sleep(1e-4)
    assert refused


@built
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize(("tokens", "width"), [(70, 48), (197, 64), (300, 96)])
def test_what_was_built_equals_the_float64_sum_in_every_instruction_set_of_this_machine(
    tokens, width, bidirectional, inputs, error
):
    for kernel in range(cpu.library().isa + 1):
        close(inputs(tokens, batch=1, width=width), bidirectional, None, kernel, error)


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
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="the kernel flushes on x86-64 alone")
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("flushes", [False, True])
def test_subnormal_numbers_are_zero_in_the_kernel_and_after_it_what_they_were(flushes, threads, inputs):
    r, k, v, omega, u = inputs(100, width=64)
    faint, slow, fast = k * 1e-40, omega.clamp(max=3), omega.clamp(min=3.01)
    torch.set_flush_denormal(flushes)  # for the calling thread, whose setting is its own
    torch.set_num_threads(threads)
    y = cpu.forward(r * 1e30, faint, v, fast, u, True, cpu.room_to_keep(r, True))  # 1e-10 if they were not
    dk = [cpu.backward(r, k, v, decays, u, faint, True)[1] for decays in (slow, fast)]
    alive = torch.full((1,), 1e-40) * 1
    torch.set_flush_denormal(False)  # or what follows would take them for zero
    assert not y.any()
    assert not dk[0].any()
    # gradients of fast channels may be as small: there they count, as far as this thread lets them
    assert bool(dk[1].any()) == bool(alive.any()) == (not flushes)


@built
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no /proc to count threads in")
def test_torchs_number_of_threads_is_used_and_python_goes_on_meanwhile(inputs):
    x = inputs(20000, batch=2, heads=2, width=64)
    inside, threads_seen, python_went_on = threading.Event(), {}, {}

    def count():
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208  (a Path for each would take too long)

    def call(threads):
        torch.set_num_threads(threads)
        inside.set()
        cpu.forward(*x, True)
        inside.clear()

    before = min(count() for _ in range(50) if not time.sleep(1e-3))  # without what the last test's threads leave
    for threads in (1, 3):
        worker = threading.Thread(target=call, args=(threads,))
        seen = []
        for _ in range(1000):  # a thread that is joined may be listed a little longer
            if count() <= before:
                break
            time.sleep(1e-3)
        worker.start()
        inside.wait()
        while inside.is_set():
            seen.append(count() - before)
            time.sleep(1e-3)
        worker.join()
        threads_seen[threads], python_went_on[threads] = max(seen), len(seen)
    assert threads_seen == {1: 1, 3: 3}  # the worker, and those that the kernel started
    assert min(python_went_on.values()) > 5  # it held no lock of the interpreter


@built
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc to read the memory in use from")
def test_the_states_of_a_long_sequence_go_back_when_the_call_ends(inputs):
    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    x = inputs(60000, batch=1, heads=1, width=128)
    before = resident()
    cpu.forward(*x, True)  # a state of 64 KB for each of 1,875 chunks
    assert resident() - before < 60e6


@built
def test_the_chunk_form_in_float64_can_judge_the_longest_sequences(inputs, error):
    x = inputs(12544, batch=1, heads=1, width=16, dtype=torch.float64)
    assert error(bi_wkv(*x, backend="torch"), recurrence(*x)) <= 1e-11


@pytest.mark.parametrize(
    ("backend", "heads", "bidirectional"),
    [
        pytest.param("cpu", 4, True, marks=built),
        pytest.param("cpu", 1, False, marks=built),
        ("torch", 1, True),
        ("torch", 1, False),
    ],
)
def test_the_longest_sequences_keep_their_digits_at_every_decay(
    backend, heads, bidirectional, inputs, error, error_by_channel
):
    x = inputs(12544, batch=1, heads=heads, width=64)
    x[3] = torch.linspace(-12, 5, 64).repeat(heads, 1)  # a head is one more draw of the same channels
    dy = torch.randn(x[0].shape, generator=torch.Generator().manual_seed(5))
    wide = [a.double() for a in x]
    y = bi_wkv(*x, bidirectional=bidirectional, backend=backend)
    assert error(y, bi_wkv(*wide, bidirectional=bidirectional, backend="torch")) <= 1e-6
    got = torch.ops.lcr.bi_wkv_backward(*x, dy, bidirectional, backend)
    expected = torch.ops.lcr.bi_wkv_backward(*wide, dy.double(), bidirectional, "torch")
    for gradient, true in zip(got, expected, strict=True):
        assert error(gradient, true) <= 1e-5
    if heads > 1:
        for gradient, true in zip(got[3:], expected[3:], strict=True):
            assert float(error_by_channel(gradient, true).max()) <= 1e-5
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
def passes(batch, heads, tokens, width, kernel, both):
    r, k, v, dy = (torch.randn(batch, tokens, heads, width).transpose(1, 2) for _ in range(4))
    dy[..., tokens // 2 :, 0] *= float("inf")  # one direction then goes pair by pair
    omega, u = torch.linspace(-90, 90, heads * width).reshape(heads, width), torch.randn(heads, width)
    for kept in (None, cpu.room_to_keep(r, both, library, kernel)):
        cpu.forward(r, k, v, omega, u, both, kept, library, kernel)
        cpu.backward(r, k, v, omega, u, dy, both, kept, library, kernel)
for tokens, width in ((0, 8), (1, 5), (31, 16), (40, 48), (70, 128), (300, 24)):
    for kernel in (0, 1, 2):
        for both in (True, False):
            passes(2, 3, tokens, width, kernel, both)
passes(1, 1, 4200, 128, 2, True)  # more states than a thread keeps: they are asked for in large pages, and go back
passes(1, 1, 40, 128, 2, True)
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
