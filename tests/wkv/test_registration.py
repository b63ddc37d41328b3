"""What torch is told of the operator, and what its tools make of it: layouts, code, raw calls, forward mode."""

import pytest
import torch
from torch._dynamo.testing import CompileCounter

from lcr.wkv import bi_wkv, cpu, operator
from tests.wkv.grid import FAULTS

BACKENDS = ["reference", "torch"] + ["cpu"] * (cpu.library() is not None)


def turned(x):
    """The same numbers in another layout."""
    return x.mT.contiguous().mT


@pytest.mark.parametrize("tokens", [0, 1, 40, 100])
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("backend", BACKENDS)
def test_results_lie_in_memory_as_the_fake_kernel_says(backend, bidirectional, tokens, inputs):
    x = [turned(a) for a in inputs(tokens, batch=1)]
    dy = turned(torch.ones(x[0].shape))
    assert not x[3].is_contiguous()
    with torch._subclasses.FakeTensorMode() as mode:
        fake, fake_dy = [mode.from_tensor(a) for a in x], mode.from_tensor(dy)
        said = [
            torch.ops.lcr.bi_wkv(*fake, bidirectional, backend),
            *torch.ops.lcr.bi_wkv_backward(*fake, fake_dy, bidirectional, backend),
        ]
    made = [
        torch.ops.lcr.bi_wkv(*x, bidirectional, backend),
        *torch.ops.lcr.bi_wkv_backward(*x, dy, bidirectional, backend),
    ]
    for name, a, b in zip(("y", "dr", "dk", "dv", "d_omega", "du"), said, made, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype), name
        assert a.is_contiguous(), name
        assert b.is_contiguous(), name


class Layer(torch.nn.Module):
    def forward(self, *x):
        return bi_wkv(*x) * 2


def test_tracing_sees_one_node(inputs):
    traced = torch.jit.trace(Layer(), tuple(inputs(40)))
    assert [node.kind() for node in traced.inlined_graph.nodes()].count("lcr::bi_wkv") == 1
    assert not any("matmul" in node.kind() for node in traced.inlined_graph.nodes())


def test_symbolic_tracing_sees_one_node(inputs):
    traced = torch.fx.symbolic_trace(lambda r, k, v, omega, u: bi_wkv(r, k, v, omega, u) * 2)
    assert [str(node.target) for node in traced.graph.nodes].count("lcr.bi_wkv") == 1
    x = inputs(40)
    assert torch.equal(traced(*x), bi_wkv(*x) * 2)


def test_torch_finds_the_operator_well_registered(inputs):
    x = [a.requires_grad_() for a in inputs(5, width=4, dtype=torch.float64, low=-3.0, high=0.0)]
    torch.library.opcheck(torch.ops.lcr.bi_wkv.default, (*x, True, "torch"))


@pytest.mark.parametrize("backend", BACKENDS[1:])
def test_inductors_code_has_the_same_numbers(backend, inputs):
    x = [a.requires_grad_() for a in inputs(40)]
    y = torch.compile(lambda *a: bi_wkv(*a, backend=backend) * 2)(*x)
    expected = bi_wkv(*x, backend=backend) * 2
    assert torch.equal(y, expected)
    for got, wanted in zip(*(torch.autograd.grad(a.sum(), x) for a in (y, expected)), strict=True):
        assert torch.allclose(got, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("fullgraph", [True, False])
@pytest.mark.parametrize("dynamic", [True, False])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_compiled_code_has_the_same_numbers(bidirectional, dynamic, fullgraph, inputs):
    torch.compiler.reset()
    compiled = torch.compile(
        lambda *a: bi_wkv(*a, bidirectional=bidirectional) * 2,
        fullgraph=fullgraph,
        backend="aot_eager",
        dynamic=dynamic,
    )
    for tokens in (5, 40, 1, 0):
        x = [a.requires_grad_() for a in inputs(tokens)]
        y, expected = compiled(*x), bi_wkv(*x, bidirectional=bidirectional) * 2
        assert torch.equal(y, expected)
        for got, wanted in zip(*(torch.autograd.grad(a.sum(), x) for a in (y, expected)), strict=True):
            assert torch.equal(got, wanted)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_compiler_does_not_look_inside_where_it_gave_up(backend, inputs):
    x = [a.requires_grad_() for a in inputs(40)]
    torch.compiler.reset()
    counter = CompileCounter()

    def given_up(*a):
        for _ in range(1):
            torch._dynamo.graph_break()
            y = torch.ops.lcr.bi_wkv(*a, True, backend)
        return y

    y = torch.compile(given_up, backend=counter)(*x)
    assert torch.equal(y, bi_wkv(*x, backend=backend))
    assert counter.frame_count == 0


@pytest.mark.parametrize(("position", "tensor", "message"), FAULTS)
def test_compiled_code_has_the_same_errors(position, tensor, message, inputs):
    x = inputs(40)
    x[position] = tensor
    torch.compiler.reset()
    for fullgraph in (True, False):  # with fullgraph=True torch wraps every error
        kind = torch._dynamo.exc.Unsupported if fullgraph else ValueError
        with pytest.raises(kind, match=message):
            torch.compile(lambda *a: bi_wkv(*a) * 2, fullgraph=fullgraph, backend="aot_eager")(*x)
    if tensor.device.type == "cpu":
        with pytest.raises(ValueError, match=message), torch._subclasses.FakeTensorMode() as mode:
            torch.ops.lcr.bi_wkv(*(mode.from_tensor(a) for a in x), True, "auto")


def test_an_exported_program_keeps_the_operator_for_any_number_of_tokens(inputs):
    tokens = torch.export.Dim("tokens", min=2, max=4096)
    shapes = [{2: tokens}] * 3 + [None] * 2
    exported = torch.export.export(Layer(), tuple(inputs(40)), dynamic_shapes=(tuple(shapes),))
    assert [node.name for node in exported.graph.nodes if "bi_wkv" in str(node.target)] == ["bi_wkv"]
    x = inputs(70)
    assert torch.equal(exported.module()(*x), bi_wkv(*x) * 2)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("position", "tensor", "message"),
    [
        (1, torch.zeros(2, 2, 5, 16), r"k has shape \(2, 2, 5, 16\); expected \(2, 2, 9, 16\)"),
        (3, torch.zeros(16), r"omega has shape \(16,\); expected \(2, 16\)"),
        (5, torch.zeros(2, 2, 5, 16), r"dy has shape \(2, 2, 5, 16\), .*; expected .*\(2, 2, 9, 16\), torch.float32"),
        (5, torch.zeros(2, 2, 9, 16, dtype=torch.float64), r"dy has .* torch.float64, .*; expected .* torch.float32"),
    ],
)
def test_a_raw_call_of_the_backward_operator_is_checked_too(position, tensor, message, backend, inputs):
    x = [*inputs(9), torch.zeros(2, 2, 9, 16)]
    x[position] = tensor
    with pytest.raises(ValueError, match=message):
        torch.ops.lcr.bi_wkv_backward(*x, True, backend)


def test_forward_mode_is_refused_and_not_answered_with_zeros(inputs):
    r, *rest = inputs(9)
    with torch.autograd.forward_ad.dual_level():
        assert torch.equal(bi_wkv(r, *rest), operator._forward(r, *rest, True, "auto"))  # no tangent: as ever
        dual = torch.autograd.forward_ad.make_dual(r, torch.ones_like(r))
        with pytest.raises(NotImplementedError, match="forward mode AD"):
            bi_wkv(dual, *rest)
    with pytest.raises(RuntimeError, match="functorch transforms"):
        torch.func.jvp(lambda a: bi_wkv(a, *rest), (r,), (torch.ones_like(r),))
