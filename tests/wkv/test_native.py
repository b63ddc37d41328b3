"""The native CPU kernel: threads, subnormal numbers, the longest sequences, memory, sanitizers."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lcr.wkv import bi_wkv, cpu, library
from lcr.wkv.reference import recurrence
from tests.wkv.forms import COMPILER, SOURCE, built, compile_native, compiles, error, gradient_of, inputs, through


@built
@pytest.mark.parametrize("bidirectional", [True, False])
def test_any_number_of_threads_gives_the_same_bits(bidirectional, monkeypatch):
    x = inputs(300, batch=3, heads=3, width=32)
    expected, passed, pack = through("cpu")(x, gradient_of(x), bidirectional), [], library.pack
    monkeypatch.setattr(library, "pack", lambda *numbers: passed.append(numbers[1]) or pack(*numbers))
    for threads in (2, 3, 16):
        torch.set_num_threads(threads)
        assert all(map(torch.equal, through("cpu")(x, gradient_of(x), bidirectional), expected))
    assert passed == [2, 2, 3, 3, 16, 16]


@built
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="the kernel flushes on x86-64 alone")
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("flushes", [False, True])
def test_subnormal_numbers_are_zero_in_the_kernel_and_unchanged_after_it(flushes, threads):
    r, k, v, omega, u = inputs(100, width=64)
    faint, slow, fast = k * 1e-40, omega.clamp(max=3), omega.clamp(min=3.01)
    torch.set_flush_denormal(flushes)  # a setting of the calling thread alone
    torch.set_num_threads(threads)
    y = cpu.forward(r * 1e30, faint, v, fast, u, True)  # 1e-10 if subnormal numbers counted
    dk = [cpu.backward(r, k, v, decays, u, faint, True)[1] for decays in (slow, fast)]
    alive = torch.full((1,), 1e-40) * 1
    torch.set_flush_denormal(False)  # the checks below need subnormal numbers
    assert not y.any()
    assert not dk[0].any()
    # gradients of fast channels may be as small: there they count, as far as this thread lets them
    assert bool(dk[1].any()) == bool(alive.any()) == (not flushes)


@pytest.mark.slow
@built
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc to read the memory in use from")
def test_the_states_of_a_long_sequence_are_freed_when_the_call_ends():
    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    x = inputs(60000, batch=1, heads=1, width=128)
    before = resident()
    cpu.forward(*x, True)  # a state of 64 KB for each of 1,875 chunks
    assert resident() - before < 60e6


@built
def test_a_call_beyond_the_memory_is_an_error():
    x = [torch.zeros(()).expand(1, 1, 2**40, 128) for _ in range(3)]
    with pytest.raises(MemoryError, match=str(2**40)):
        cpu._run([*x, x[0]], [torch.zeros(1, 128)] * 2, True, -1, None)


@pytest.mark.slow
def test_the_chunk_form_in_float64_can_judge_the_longest_sequences():
    x = inputs(12544, batch=1, heads=1, width=16, dtype=torch.float64)
    assert error(bi_wkv(*x, backend="torch"), recurrence(*x)) <= 1e-11


@pytest.mark.slow
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("backend", [pytest.param("cpu", marks=built), "torch"])
def test_the_longest_sequences_keep_their_digits_at_every_decay(backend, bidirectional):
    heads = 4 if backend == "cpu" and bidirectional else 1
    x = inputs(12544, batch=1, heads=heads, width=64)
    x[3] = torch.linspace(-12, 5, 64).repeat(heads, 1)  # a head is one more sample of the same channels
    dy = gradient_of(x)
    got = through(backend)(x, dy, bidirectional)
    expected = through("torch")([a.double() for a in x], dy.double(), bidirectional)
    for index, (a, b) in enumerate(zip(got, expected, strict=True)):
        assert error(a, b) <= (1e-5 if index else 1e-6), index
    if heads > 1:
        assert all(float(error(got[i], expected[i], axes=1).max()) <= 1e-5 for i in (4, 5))
        # du is summed in double: not even a single channel whose terms cancel loses digits
        assert float(((got[5] - expected[5]) / expected[5]).abs().max()) <= 1e-6


SANITIZED = """
import torch
from pathlib import Path
from lcr.wkv import cpu, library
built = library.load(Path({path!r}))
torch.set_num_threads(2)
def passes(batch, heads, tokens, width, kernel, both):
    r, k, v, dy = (torch.randn(batch, tokens, heads, width).transpose(1, 2) for _ in range(4))
    dy[..., tokens // 2 :, 0] *= float("inf")  # one direction then goes pair by pair
    omega, u = torch.linspace(-90, 90, heads * width).reshape(heads, width), torch.randn(heads, width)
    cpu.forward(r, k, v, omega, u, both, kernel, built)
    cpu.backward(r, k, v, omega, u, dy, both, kernel, built)
for tokens, width in ((0, 8), (1, 5), (31, 16), (40, 48), (70, 128), (300, 24)):
    for kernel in (0, 1, 2):
        for both in (True, False):
            passes(2, 3, tokens, width, kernel, both)
passes(1, 1, 4200, 128, 2, True)  # more states than a thread keeps: large pages, freed at the end
passes(1, 1, 40, 128, 2, True)
print("clean")
"""


@compiles
@pytest.mark.slow
def test_sanitizers_find_nothing(tmp_path):
    def found(library: str) -> str:
        return subprocess.run([COMPILER, f"-print-file-name={library}"], capture_output=True, text=True).stdout.strip()

    runtime = found("libasan.so")
    if not Path(runtime).is_absolute():
        pytest.skip("g++ has no libasan")
    path = compile_native(tmp_path, "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-O0")
    # libstdc++ beside it: else the sanitizer has no exceptions to intercept when torch throws its first one
    environment = {"LD_PRELOAD": f"{runtime} {found('libstdc++.so.6')}", "ASAN_OPTIONS": "detect_leaks=0"}
    command = [sys.executable, "-c", SANITIZED.format(path=str(path))]
    ran = subprocess.run(command, env=os.environ | environment, cwd=SOURCE, capture_output=True, text=True)
    assert ran.stdout.strip() == "clean", ran.stderr[-3000:]
