"""The CUDA kernel: under NVRTC, which needs no GPU; its table of resources; its cache; and on a GPU if there is one."""

import csv
import sys

import pytest
import torch

from lcr.wkv import bi_wkv
from lcr.wkv.cuda import TYPES, WIDTHS, missing, resources, source_hash
from tests.wkv.grid import LENGTHS, NAMES, exact


def nvrtc_is_here() -> bool:
    try:
        from lcr.wkv.cuda import gpu

        return bool(gpu.compiler())
    except (ImportError, RuntimeError):  # no cuda-core, or no NVRTC library for it
        return False


needs_extra = pytest.mark.skipif(
    not nvrtc_is_here(), reason="the extra [cuda] is not installed: no NVRTC to compile with"
)
gpu_here = pytest.mark.skipif(missing() is not None, reason=f"no GPU to run on: {missing()}")
KERNELS = {"lcr_tables", "lcr_states", "lcr_scan", "lcr_output", "lcr_gradients", "lcr_reduce"}


@pytest.fixture(scope="module")
def table():
    with resources.TABLE.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def test_the_table_is_of_these_sources_and_has_every_instantiation(table):
    assert tuple(table[0]) == resources.COLUMNS
    assert {row["sources"] for row in table} == {source_hash()[:16]}, "run python -m lcr.wkv.cuda.resources"
    have = {(row["kernel"], row["arch"], row["width"], row["dtype"]) for row in table}
    dtypes = [str(dtype).removeprefix("torch.") for dtype in TYPES]
    wanted = {(k, a, str(w), t) for k in KERNELS for a in resources.ARCHITECTURES for w in WIDTHS for t in dtypes}
    assert have == wanted
    assert len(table) == len(wanted)


def test_no_instantiation_spills_or_takes_more_shared_memory_than_any_gpu_gives(table):
    for row in table:
        assert row["spill_store_bytes"] == row["spill_load_bytes"] == "0", row
        assert int(row["shared_bytes"]) <= 48 << 10, row
        assert 0 < int(row["registers"]) <= 255, row


@needs_extra
@pytest.mark.parametrize(
    ("arch", "width", "dtype"),
    [("sm_80", 64, torch.float32), ("sm_90", 48, torch.bfloat16), ("sm_100", 128, torch.float16)],
)
def test_nvrtc_compiles_it_as_the_table_says(arch, width, dtype, table):
    rows = resources.resources(arch, width, dtype)
    assert {row["kernel"] for row in rows} == KERNELS
    said = str(dtype).removeprefix("torch.")
    committed = {
        row["kernel"]: row for row in table if (row["arch"], row["width"], row["dtype"]) == (arch, str(width), said)
    }
    for row in rows:
        assert row["spill_store_bytes"] == row["spill_load_bytes"] == "0", row
        assert row["shared_bytes"] == committed[row["kernel"]]["shared_bytes"]
        if row["nvrtc"] == committed[row["kernel"]]["nvrtc"]:  # another version may deal registers out otherwise
            assert row == committed[row["kernel"]]


@needs_extra
def test_what_was_compiled_is_kept_and_found_again(tmp_path, monkeypatch):
    from lcr.wkv.cuda import gpu

    calls = []

    def compile_for(*wanted):
        calls.append(wanted)
        return b"cubin of " + repr(wanted).encode(), ""

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(gpu, "compile_for", compile_for)
    first = gpu.compiled("sm_90", 64, torch.float32)
    assert gpu.compiled("sm_90", 64, torch.float32) == first
    assert len(calls) == 1
    assert gpu.compiled("sm_80", 64, torch.float32) != first
    assert gpu.compiled("sm_90", 48, torch.float32) != first
    assert gpu.compiled("sm_90", 64, torch.bfloat16) != first
    assert len(list((tmp_path / "lcr").iterdir())) == 4
    monkeypatch.setattr(gpu, "source_hash", lambda: "f" * 64)
    gpu.compiled("sm_90", 64, torch.float32)
    assert len(calls) == 5  # other sources, another name


@needs_extra
def test_a_cache_that_cannot_be_written_is_done_without(tmp_path, monkeypatch):
    from lcr.wkv.cuda import gpu

    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(gpu, "compile_for", lambda *wanted: (b"cubin", ""))
    assert gpu.compiled("sm_90", 64, torch.float32) == b"cubin"


@pytest.mark.skipif(missing() is None, reason="there is a GPU, and the backend serves")
def test_without_a_gpu_the_reason_is_said():
    from lcr.wkv import cuda

    with pytest.raises(RuntimeError, match="backend 'cuda' cannot serve: "):
        cuda.forward(*(torch.zeros(1, 1, 4, 32) for _ in range(3)), torch.zeros(1, 32), torch.zeros(1, 32), True)


def test_a_gpu_without_the_extra_is_left_to_torch_with_a_word_on_what_to_install(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.version, "hip", None)
    monkeypatch.setitem(sys.modules, "lcr.wkv.cuda.gpu", None)
    monkeypatch.delattr("lcr.wkv.cuda.gpu", raising=False)
    assert "install the package with its extra [cuda]" in missing.__wrapped__()


@needs_extra
@pytest.mark.parametrize(("capability", "said"), [((9, 0), None), ((9, 9), "this device is sm_99"), ((3, 5), "sm_35")])
def test_a_gpu_that_nvrtc_does_not_know_is_left_to_torch(capability, said, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda index: capability)
    monkeypatch.setattr(torch.version, "hip", None)
    found = missing.__wrapped__()
    assert found is None if said is None else said in found


@pytest.mark.gpu
@gpu_here
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("tokens", LENGTHS)
def test_on_a_gpu_output_and_gradients_equal_the_float64_sum(tokens, width, bidirectional, inputs, error):
    x = [a.cuda().requires_grad_() for a in inputs(tokens, batch=1 if tokens > 100 else 2, width=width)]
    dy = torch.randn(x[0].shape, generator=torch.Generator().manual_seed(7)).cuda()
    wanted, *expected = exact(x, dy, bidirectional)
    y = bi_wkv(*x, bidirectional=bidirectional, backend="cuda")
    assert error(y, wanted) <= 1e-6
    got = torch.autograd.grad(y, x, dy)
    for name, a, b in zip(NAMES, got, expected, strict=True):
        assert error(a, b) <= 1e-5 or float(b.abs().max()) == float(a.abs().max()) == 0, name
    repeated = bi_wkv(*x, bidirectional=bidirectional, backend="cuda")  # no atomics: the same bits
    again = (repeated, *torch.autograd.grad(repeated, x, dy))
    assert all(torch.equal(a, b) for a, b in zip((y, *got), again, strict=True))


@pytest.mark.gpu
@gpu_here
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_on_a_gpu_low_precision_works_in_float32_inside(dtype, inputs):
    x = [a.cuda() for a in inputs(197, width=64)]
    low = [a.to(dtype) for a in x[:3]] + x[3:]
    wide = bi_wkv(*(a.float() for a in low), backend="cuda")
    assert torch.equal(bi_wkv(*low, backend="cuda"), wide.to(dtype))


@pytest.mark.gpu
@gpu_here
def test_on_a_gpu_a_graph_replays_it_on_any_stream(inputs):
    x = [a.cuda() for a in inputs(197, width=64)]
    dy = torch.ones_like(x[0])

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
def test_on_a_gpu_auto_takes_it(inputs):
    from lcr.wkv import backend_for

    assert backend_for("cuda", torch.float32, 64) == backend_for("cuda", torch.bfloat16, 96) == "cuda"
    assert backend_for("cuda", torch.float64, 64) == backend_for("cuda", torch.float32, 40) == "torch"
