"""The CUDA kernel: on the host under g++, under NVRTC (no GPU needed), its table of resources, its cache; on a GPU."""

import csv
import shutil
import sys

import pytest
import torch

from lcr.wkv import backend_for, bi_wkv, cuda, library
from lcr.wkv.cuda import FOLDER, TYPES, missing, source_hash, steps
from tests.wkv.forms import Host, compiles, each_form, error, gpu_here, gradient_of, host, inputs, on_host
from tools import cuda_resources


def nvrtc_is_here() -> bool:
    try:
        from lcr.wkv.cuda import gpu

        return bool(gpu.compiler())
    except (ImportError, RuntimeError):  # no cuda-core, or no NVRTC library for it
        return False


needs_extra = pytest.mark.skipif(
    not nvrtc_is_here(), reason="the extra [cuda] is not installed: no NVRTC to compile with"
)
KERNELS = {"lcr_tables", "lcr_states", "lcr_scan", "lcr_output", "lcr_gradients", "lcr_reduce"}


@pytest.mark.slow
@compiles
@pytest.mark.parametrize("width", [48, 128])
def test_the_order_in_which_threads_run_does_not_change_a_bit(width):
    x = inputs(70, batch=1, width=width)
    forwards = on_host(x, gradient_of(x))
    host(width).library.lcr_host_backwards(1)
    try:
        backwards = on_host(x, gradient_of(x))
    finally:
        host(width).library.lcr_host_backwards(0)
    assert all(torch.equal(a, b) for a, b in zip(forwards, backwards, strict=True))


@pytest.mark.slow
@compiles
def test_a_missing_barrier_would_be_seen(tmp_path):
    folder = shutil.copytree(FOLDER, tmp_path / "cuda")
    source = (folder / "forward.cuh").read_text(encoding="utf-8")
    kernel = source.index("KERNEL(lcr_output")
    barrier = source.index("  __syncthreads();\n", kernel)
    (folder / "forward.cuh").write_text(source[:barrier] + source[barrier:].replace("  __syncthreads();\n", "", 1))
    x = inputs(40, batch=1, width=32)
    broken = steps.forward(Host(folder, 32, torch.float32), *x, True)
    assert not error(broken, bi_wkv(*x, backend="reference")) <= 1e-6


@pytest.fixture(scope="module")
def table():
    with cuda_resources.TABLE.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def test_the_table_is_of_these_sources_and_no_kernel_of_it_spills(table):
    assert tuple(table[0]) == cuda_resources.COLUMNS
    assert {row["sources"] for row in table} == {source_hash()[:16]}, "run python tools/cuda_resources.py"
    have = [(row["kernel"], row["arch"], row["width"], row["dtype"]) for row in table]
    dtypes = [str(dtype).removeprefix("torch.") for dtype in TYPES]
    wanted = [
        (k, a, str(w), t)
        for k in KERNELS
        for a in cuda_resources.ARCHITECTURES
        for w in library.CUDA_WIDTHS
        for t in dtypes
    ]
    assert sorted(have) == sorted(wanted)
    for row in table:
        assert row["spill_store_bytes"] == row["spill_load_bytes"] == "0", row
        assert int(row["shared_bytes"]) <= 48 << 10, row  # the least that any GPU gives
        assert 0 < int(row["registers"]) <= 255, row


@pytest.mark.slow
@needs_extra
@pytest.mark.parametrize(
    ("arch", "width", "dtype"),
    [("sm_80", 64, torch.float32), ("sm_90", 48, torch.bfloat16), ("sm_100", 128, torch.float16)],
)
def test_nvrtc_reports_the_resources_of_the_table(arch, width, dtype, table):
    kind = (arch, str(width), str(dtype).removeprefix("torch."))
    committed = [row for row in table if (row["arch"], row["width"], row["dtype"]) == kind]
    reported = cuda_resources.resources(arch, width, dtype)
    same = {"kernel", "shared_bytes", "spill_store_bytes", "spill_load_bytes"}
    if reported[0]["nvrtc"] == committed[0]["nvrtc"]:  # another version may assign registers differently
        same = set(cuda_resources.COLUMNS)
    assert [{name: row[name] for name in same} for row in reported] == [
        {name: row[name] for name in same} for row in sorted(committed, key=lambda row: row["kernel"])
    ]


@needs_extra
def test_a_compiled_kernel_is_cached_under_its_kind_sources_and_compiler(tmp_path, monkeypatch):
    from lcr.wkv.cuda import gpu

    calls = []
    monkeypatch.setattr(gpu, "compile_for", lambda *kind: calls.append(kind) or (repr(kind).encode(), ""))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kinds = [(a, w, t) for a in ("sm_90", "sm_80") for w in (64, 48) for t in (torch.float32, torch.bfloat16)]
    for _ in range(2):
        assert [gpu.compiled(*kind) for kind in kinds] == [repr(kind).encode() for kind in kinds]
    assert (calls, len(list((tmp_path / "lcr").iterdir()))) == (kinds, len(kinds))
    monkeypatch.setattr(gpu, "source_hash", lambda: "f" * 64)
    gpu.compiled(*kinds[0])
    assert len(calls) == len(kinds) + 1
    (tmp_path / "file").touch()  # a cache that cannot be written
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert gpu.compiled(*kinds[0]) == repr(kinds[0]).encode()


@pytest.mark.skipif(missing() is None, reason="there is a GPU, and the backend serves")
def test_without_a_gpu_the_backend_refuses():
    with pytest.raises(RuntimeError, match="'cuda'"):
        cuda.forward(*(torch.zeros(1, 1, 4, 32) for _ in range(3)), torch.zeros(1, 32), torch.zeros(1, 32), True)


def found_on_a_gpu(monkeypatch, capability=(9, 0)) -> str | None:
    """`missing()` as if there were a GPU of that capability."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda *_: capability)
    monkeypatch.setattr(torch.version, "hip", None)
    return missing.__wrapped__()


def test_a_gpu_without_the_extra_is_left_to_torch_with_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "lcr.wkv.cuda.gpu", None)
    monkeypatch.delattr("lcr.wkv.cuda.gpu", raising=False)
    assert "[cuda]" in found_on_a_gpu(monkeypatch)


@needs_extra
@pytest.mark.parametrize(("capability", "arch"), [((9, 0), None), ((9, 9), "sm_99"), ((3, 5), "sm_35")])
def test_a_gpu_that_nvrtc_does_not_know_is_left_to_torch(capability, arch, monkeypatch):
    problem = found_on_a_gpu(monkeypatch, capability)
    assert problem is None if arch is None else arch in problem


@each_form("cuda")
def test_on_a_gpu_the_bits_repeat_and_a_graph_replays_them(form):
    x = inputs(197, width=64)
    assert all(map(torch.equal, form.run(x, gradient_of(x)), form.run(x, gradient_of(x))))  # no atomics
    x, dy = [a.cuda() for a in x], torch.ones_like(x[0]).cuda()

    def both_passes():
        return bi_wkv(*x, backend="cuda"), torch.ops.lcr.bi_wkv_backward(*x, dy, True, "cuda")

    expected, (dr, *_) = both_passes()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):  # captures on a stream of its own
        y, gradients = both_passes()
    x[2].mul_(2)
    graph.replay()
    torch.cuda.synchronize()
    torch.testing.assert_close(y, 2 * expected)
    torch.testing.assert_close(gradients[0], 2 * dr)


@pytest.mark.gpu
@gpu_here
def test_on_a_gpu_auto_selects_it():
    assert backend_for("cuda", torch.float32, 64) == backend_for("cuda", torch.bfloat16, 96) == "cuda"
    assert backend_for("cuda", torch.float64, 64) == backend_for("cuda", torch.float32, 40) == "torch"
