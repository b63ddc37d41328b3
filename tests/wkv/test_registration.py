"""Bi-WKV as an operator of torch: registration, compilation, export, autocast, hooks, derivatives, bad arguments."""

import functools
import logging
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch._dynamo.testing import CompileCounter
from torch.autograd.forward_ad import dual_level, make_dual
from torch.utils.checkpoint import checkpoint
from torch.utils.flop_counter import FlopCounterMode

from lcr.wkv import backend_for, bi_wkv, library, multiply_adds, operator
from lcr.wkv.operator import BACKENDS
from lcr.wkv.reference import pairwise
from tests.wkv.forms import NAMES, built, error, inputs, run_python

HERE = pytest.mark.parametrize("backend", ["reference", "torch", pytest.param("cpu", marks=built)])
FAST = pytest.mark.parametrize("backend", ["torch", pytest.param("cpu", marks=built)])


def gradients(y, x):
    return torch.autograd.grad(y, x, torch.ones_like(y))


def same(first, second):
    return all(a.dtype == b.dtype and torch.equal(a, b) for a, b in zip(first, second, strict=True))


@FAST
@pytest.mark.parametrize("tokens", [0, 1, 40, 100])
def test_torch_finds_both_operators_well_registered(backend, tokens):
    x = [a.mT.contiguous().mT.requires_grad_() for a in inputs(tokens, batch=1, heads=3)]  # results are contiguous
    check = functools.partial(
        torch.library.opcheck, test_utils=("test_schema", "test_autograd_registration", "test_faketensor")
    )
    for bidirectional in (True, False):
        check(torch.ops.lcr.bi_wkv.default, (*x, bidirectional, backend))
        inputs_and_dy = (a.detach() for a in (*x, x[0]))
        check(torch.ops.lcr.bi_wkv_backward.default, (*inputs_and_dy, bidirectional, backend))


@pytest.mark.slow
def test_torch_finds_the_operator_well_differentiated():
    x = [a.requires_grad_() for a in inputs(5, width=4, dtype=torch.float64, low=-3.0, high=0.0)]
    torch.library.opcheck(torch.ops.lcr.bi_wkv.default, (*x, True, "torch"))


@pytest.mark.parametrize(
    ("compiler", "rtol", "dynamic", "backend"),
    [
        pytest.param("aot_eager", 0, True, "torch", marks=pytest.mark.slow),
        pytest.param("aot_eager", 0, False, "cpu", marks=(pytest.mark.slow, built)),
        pytest.param("inductor", 1e-5, True, "torch", marks=pytest.mark.slow),
        pytest.param("inductor", 1e-5, False, "cpu", marks=(pytest.mark.slow, built)),
    ],
)
def test_compiled_code_has_the_same_numbers(compiler, rtol, dynamic, backend):
    for bidirectional in (True, False):
        torch.compiler.reset()
        call = functools.partial(bi_wkv, bidirectional=bidirectional, backend=backend)
        compiled = torch.compile(lambda *a, f=call: f(*a) * 2, fullgraph=dynamic, backend=compiler, dynamic=dynamic)
        for tokens in (5, 40, 1, 0):
            x = [a.requires_grad_() for a in inputs(tokens)]
            y, expected = compiled(*x), call(*x) * 2
            assert torch.equal(y, expected)
            for got, wanted in zip(gradients(y, x), gradients(expected, x), strict=True):
                torch.testing.assert_close(got, wanted, rtol=rtol, atol=rtol / 10)


@HERE
def test_the_compiler_does_not_look_inside_after_a_graph_break(backend):
    x = [a.requires_grad_() for a in inputs(40)]
    torch.compiler.reset()
    counter = CompileCounter()

    def broken(*a):
        for _ in range(1):
            torch._dynamo.graph_break()
            y = torch.ops.lcr.bi_wkv(*a, True, backend)
        return y

    assert torch.equal(torch.compile(broken, backend=counter)(*x), bi_wkv(*x, backend=backend))
    assert counter.frame_count == 0


class Layer(torch.nn.Module):
    def forward(self, *x):
        return bi_wkv(*x) * 2


def test_tracers_and_exporters_see_one_node():
    x = inputs(40)
    traced = torch.jit.trace(Layer(), tuple(x))
    assert [node.kind() for node in traced.inlined_graph.nodes()].count("lcr::bi_wkv") == 1
    symbolic = torch.fx.symbolic_trace(lambda r, k, v, omega, u: bi_wkv(r, k, v, omega, u) * 2)
    assert [str(node.target) for node in symbolic.graph.nodes].count("lcr.bi_wkv") == 1
    shapes = (*[{2: torch.export.Dim("tokens", min=2, max=4096)}] * 3, None, None)
    exported = torch.export.export(Layer(), tuple(x), dynamic_shapes=(shapes,))
    assert ["bi_wkv" in str(node.target) for node in exported.graph.nodes].count(True) == 1
    x = inputs(70)
    assert torch.equal(symbolic(*x), bi_wkv(*x) * 2)
    assert torch.equal(exported.module()(*x), bi_wkv(*x) * 2)


def test_the_flop_counter_counts_the_operators_own_multiply_adds():
    x = [a.requires_grad_() for a in inputs(40)]
    with FlopCounterMode(display=False) as counter:
        y = bi_wkv(*x)
    assert counter.get_total_flops() == 2 * multiply_adds((2, 2, 40, 16)) == 2 * 2 * 2 * 40 * (4 * 16 + 2 * 32) * 16
    with FlopCounterMode(display=False) as counter:
        y.sum().backward()
    assert counter.get_total_flops() == 5 * multiply_adds((2, 2, 40, 16))  # 5 products for every 2


@FAST
def test_autocast_converts_everything_to_float32(backend):
    x = inputs(40)
    low = [x[0].bfloat16(), x[1], x[2].bfloat16(), x[3], x[4]]
    with torch.autocast("cpu", torch.bfloat16):
        y = bi_wkv(*low, backend=backend)
    assert same([y], [bi_wkv(*(a.float() for a in low), backend=backend)])


@FAST
def test_modes_and_hooks_of_torch_change_no_bit(backend):
    x = [a.requires_grad_() for a in inputs(70)]
    call = functools.partial(bi_wkv, backend=backend)
    y = call(*x)
    expected = [y.detach(), *gradients(y, x)]
    with torch.inference_mode():
        assert torch.equal(call(*inputs(70)), y)
    with torch.autograd.graph.saved_tensors_hooks(lambda a: -a, torch._neg_view):  # lazy negatives
        hooked = call(*x)
    again = checkpoint(call, *x, use_reentrant=False)
    negative = [*x[:2], torch._neg_view(-x[2].detach()).requires_grad_(), *x[3:]]
    for other, leaves in ((hooked, x), (again, x), (call(*negative), negative)):
        assert same([other.detach(), *gradients(other, leaves)], expected)
    torch.set_default_dtype(torch.float64)
    try:
        with torch.device("meta"):
            y = call(*x)
            seen = [y.detach(), *torch.autograd.grad(y, x, torch.ones_like(y))]
    finally:
        torch.set_default_dtype(torch.float32)
    assert same(seen, expected)
    assert error(call(*negative), pairwise(*x)) <= 1e-6


@pytest.mark.parametrize(("dtype", "most"), [(torch.bfloat16, 0.05), (torch.float64, 1e-5)])
@FAST
def test_hooks_may_save_tensors_in_another_dtype(backend, dtype, most):
    x = [a.requires_grad_() for a in inputs(70)]
    expected = gradients(bi_wkv(*x, backend=backend), x)
    with torch.autograd.graph.saved_tensors_hooks(lambda a: a.to(dtype), lambda a: a.to(dtype)):
        y = bi_wkv(*x, backend=backend)
    for a, b in zip(gradients(y, x), expected, strict=True):
        assert a.dtype == b.dtype
        assert error(a, b) <= most


@FAST
def test_a_second_derivative_is_refused_and_the_first_is_right(backend):
    x = [a.requires_grad_() for a in inputs(9)]
    y = bi_wkv(*x, backend=backend)
    once = torch.autograd.grad(y.sum(), x, retain_graph=True)
    again = torch.autograd.grad(y.sum(), x, create_graph=True)
    assert same(once, again)
    for gradient in again:
        with pytest.raises(RuntimeError):
            torch.autograd.grad(gradient.sum(), x, retain_graph=True)


def test_forward_mode_and_function_transforms_are_refused_and_not_answered_with_zeros():
    x = inputs(9)
    for i, name in enumerate(NAMES):
        rest = [*x[:i], *x[i + 1 :]]

        def call(a, i=i, rest=rest):
            return bi_wkv(*rest[:i], a, *rest[i:])

        with dual_level():
            assert torch.equal(call(x[i]), bi_wkv(*x))  # without a tangent as ever
            with pytest.raises(NotImplementedError, match=f"^bi_wkv: {name} "):
                call(make_dual(x[i], torch.ones_like(x[i])))
        with pytest.raises(NotImplementedError):
            torch.func.jvp(call, (x[i],), (torch.ones_like(x[i]),))
        with pytest.raises(RuntimeError):
            torch.func.grad(lambda a, f=call: f(a).sum())(x[i])


SHAPES = st.tuples(st.integers(0, 2), st.integers(1, 3), st.integers(0, 70), st.integers(1, 40))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    shape=SHAPES,
    which=st.integers(0, 4),
    wrong=st.sampled_from(["rank", "shape", "integers", "dtype", "device", "no tensor"]),
    axis=st.integers(0, 3),
    backend=st.sampled_from(["auto", "torch"] + ["cpu"] * (library.find()[0] is not None)),
)
def test_an_argument_that_does_not_fit_is_named(shape, which, wrong, axis, backend):
    x = [torch.zeros(shape) for _ in range(3)] + [torch.zeros(shape[1], shape[3]) for _ in range(2)]
    sizes = [n + (i == axis % x[which].ndim) for i, n in enumerate(x[which].shape)]
    x[which] = {
        "rank": x[which][None],
        "shape": torch.zeros(sizes),
        "integers": x[which].int(),
        "dtype": x[which].bfloat16(),
        "device": x[which].to("meta"),
        "no tensor": x[which].tolist(),
    }[wrong]
    with pytest.raises(ValueError, match=r"^bi_wkv: ") as refused:
        bi_wkv(*x, backend=backend)
    named = NAMES.index(re.match(r"bi_wkv: (\w+)", str(refused.value))[1])
    # r is what the others are compared with: where r differs, another may be named
    assert named == which or (which == 0 and wrong in ("shape", "dtype", "device"))
    assert wrong == "no tensor" or str(tuple(x[named].shape)) in str(refused.value)


FAULTS = [  # for inputs of (2, 2, 40, 16)
    ("r", torch.zeros(2, 40, 16)),
    ("k", torch.zeros(2, 2, 39, 16)),
    ("omega", torch.zeros(16)),
    ("v", torch.zeros(2, 2, 40, 16, dtype=torch.float64)),
    ("k", torch.zeros(2, 2, 40, 16, device="meta")),
    ("u", None),
]


@pytest.mark.parametrize(("name", "wrong"), FAULTS)
@pytest.mark.parametrize("fullgraph", [True, False])
def test_compiled_code_has_the_same_errors(name, wrong, fullgraph):
    x = inputs(40)
    x[NAMES.index(name)] = wrong
    torch.compiler.reset()
    kind = (ValueError, torch._dynamo.exc.Unsupported) if fullgraph else ValueError  # fullgraph=True wraps most errors
    with pytest.raises(kind, match=f"bi_wkv: {name}"):
        torch.compile(lambda *a: bi_wkv(*a) * 2, fullgraph=fullgraph, backend="aot_eager")(*x)
    if wrong is not None and not wrong.is_meta:
        with pytest.raises(ValueError, match=f"bi_wkv: {name}"), torch._subclasses.FakeTensorMode() as mode:
            torch.ops.lcr.bi_wkv(*(mode.from_tensor(a) for a in x), True, "auto")


@HERE
@pytest.mark.parametrize(
    ("name", "wrong"),
    [*FAULTS[:3], ("dy", torch.zeros(2, 2, 5, 16)), ("dy", torch.zeros(2, 2, 40, 16, dtype=torch.float64))],
)
def test_a_raw_call_of_the_backward_operator_is_checked_too(name, wrong, backend):
    x = [*inputs(40), torch.zeros(2, 2, 40, 16)]
    x[(*NAMES, "dy").index(name)] = wrong
    with pytest.raises(ValueError, match=name):
        torch.ops.lcr.bi_wkv_backward(*x, True, backend)


def test_a_backend_that_does_not_serve_the_tensors_is_refused():
    with pytest.raises(ValueError, match="'cuda-fast'"):
        bi_wkv(*inputs(4), backend="cuda-fast")
    wide, double = inputs(9, width=130), inputs(9, dtype=torch.float64)
    for x, backend in ((inputs(4), "cuda"), (wide, "cpu"), (double, "cpu")):
        with pytest.raises(ValueError, match=re.escape(f"r has shape {tuple(x[0].shape)}")) as refused:
            bi_wkv(*x, backend=backend)
        assert f"'{backend}'" in str(refused.value)
    assert bi_wkv(*wide).shape == wide[0].shape
    assert backend_for("cpu", torch.float64) == backend_for("cpu", torch.float32, width=129) == "torch"
    assert backend_for("cpu", torch.bfloat16) == ("cpu" if library.find()[0] else "torch")


def test_auto_logs_its_selection_once(caplog):
    operator.selection.cache_clear()
    with caplog.at_level(logging.INFO, logger="lcr.wkv"):
        for _ in range(3):
            bi_wkv(*inputs(4))
            bi_wkv(*inputs(4, dtype=torch.float64))
    first, second = (record.getMessage() for record in caplog.records)
    assert f"'{backend_for('cpu', width=16)}' for torch.float32 on cpu" in first
    assert "'torch' for torch.float64 on cpu" in second
    assert {backend_for("cpu"), "torch"} <= set(BACKENDS)


def test_modules_are_loaded_only_on_use():
    code = """if True:
        import sys, lcr.wkv.library
        print("torch" in sys.modules)
        from lcr.wkv import bi_wkv
        import torch
        x, o = torch.ones(1, 1, 4, 8), torch.zeros(1, 8)
        bi_wkv(x, x, x, o, o), torch.ops.lcr.bi_wkv(x, x, x, o, o, True, "auto")
        print([name for name in sys.modules if name.startswith(("lcr.wkv.cuda", "cuda.core", "torch._dynamo"))])"""
    assert run_python(code).stdout.split() == ["False", "[]"]
