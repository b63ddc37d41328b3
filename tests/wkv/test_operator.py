"""Every backend of Bi-WKV against the float64 sum: relative root mean squares within 1e-6 for y, 1e-5 a gradient."""

import subprocess
import sys

import pytest
import torch

from lcr.wkv import backend_for, bi_wkv, cpu, multiply_adds, operator
from lcr.wkv.operator import BACKENDS
from lcr.wkv.reference import pairwise, recurrence
from tests.wkv.grid import DECAYS, FAULTS, LENGTHS, NAMES, NAN_AT, exact, nan_reaches, reached

NOT_BUILT = pytest.mark.skipif(cpu.library() is None, reason="the native kernel is not built: no C++ compiler")
BACKEND = ["torch", pytest.param("cpu", marks=NOT_BUILT)]


def gradients(y, inputs, dy):
    return torch.autograd.grad(y, inputs, dy)


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("tokens", [1, 2, 3, 31, 32, 33, 63, 64, 65, 197])
def test_the_two_references_agree(tokens, bidirectional, inputs, error):
    x = inputs(tokens, batch=1, width=8)
    assert error(recurrence(*x, bidirectional), pairwise(*x, bidirectional)) < 1e-13


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("backend", BACKEND)
@pytest.mark.parametrize("tokens", LENGTHS)
def test_output_and_gradients_equal_the_float64_sum(tokens, backend, bidirectional, inputs, error):
    x = [a.requires_grad_() for a in inputs(tokens, batch=1 if tokens > 100 else 2)]
    dy = torch.randn(x[0].shape, generator=torch.Generator().manual_seed(7))
    y = bi_wkv(*x, bidirectional=bidirectional, backend=backend)
    expected, *expected_gradients = exact(x, dy, bidirectional)
    assert y.shape == x[0].shape
    assert y.is_contiguous()
    assert error(y, expected) <= 1e-6
    for name, gradient, expected in zip(NAMES, gradients(y, x, dy), expected_gradients, strict=True):
        assert error(gradient, expected) <= 1e-5, name


@pytest.mark.parametrize("backend", BACKEND)
@pytest.mark.parametrize("width", [1, 5, 32, 48, 64, 96])
def test_every_width_of_head_is_served(width, backend, inputs, error):
    x = [a.requires_grad_() for a in inputs(70, batch=1, width=width)]
    dy = torch.randn(x[0].shape, generator=torch.Generator().manual_seed(8))
    y = bi_wkv(*x, backend=backend)
    expected, *expected_gradients = exact(x, dy)
    assert error(y, expected) <= 1e-6
    for name, gradient, expected in zip(NAMES, gradients(y, x, dy), expected_gradients, strict=True):
        assert error(gradient, expected) <= 1e-5, name


@pytest.mark.parametrize("backend", BACKEND)
def test_the_gradient_of_the_decay_is_right_in_each_single_channel(backend, inputs):
    x = [a.requires_grad_() for a in inputs(1024, batch=1, width=16, low=-12.0, high=2.0)]
    dy = torch.randn(x[0].shape, generator=torch.Generator().manual_seed(9))
    d_omega = gradients(bi_wkv(*x, backend=backend), x, dy)[3]
    expected = exact(x, dy)[4]
    # a channel is judged by its own size, and one whose terms cancel by a hundredth of the channels' median
    scale = expected.abs().clamp(min=expected.abs().median() * 1e-2)
    assert float(((d_omega - expected).abs() / scale).max()) < 1e-4


@pytest.mark.parametrize("tokens", [197, 1024])
@pytest.mark.parametrize("backend", BACKEND)
def test_the_gradients_of_decay_and_bonus_are_right_in_each_channel(backend, tokens, inputs, error_by_channel):
    x = inputs(tokens, batch=1, heads=4, width=32)
    x[3] = torch.linspace(-12, 5, 32).repeat(4, 1)  # a head is one more draw of the same channels
    x = [a.requires_grad_() for a in x]
    dy = torch.randn(x[0].shape, generator=torch.Generator().manual_seed(9))
    got, expected = gradients(bi_wkv(*x, backend=backend), x, dy), exact(x, dy)[1:]
    for name in ("omega", "u"):
        error = error_by_channel(got[NAMES.index(name)], expected[NAMES.index(name)])
        assert float(error.max()) <= 1e-5, name


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("backend", BACKEND)
@pytest.mark.parametrize("omega", DECAYS)
def test_extreme_decays_stay_finite_and_exact(omega, backend, bidirectional, inputs, error):
    x = [a.requires_grad_() for a in inputs(100, batch=1, width=8, low=omega, high=omega)]
    dy = torch.randn(x[0].shape, generator=torch.Generator().manual_seed(10))
    y = bi_wkv(*x, bidirectional=bidirectional, backend=backend)
    expected, *expected_gradients = exact(x, dy, bidirectional)
    assert error(y, expected) <= 1e-6
    for name, gradient, wide in zip(NAMES, gradients(y, x, dy), expected_gradients, strict=True):
        assert torch.isfinite(gradient).all()
        if name != "omega" or abs(omega) < 80:
            nothing = max(float(x.abs().max()) for x in (gradient, wide)) < 1e-30  # below what float32 resolves
            assert error(gradient, wide) <= 1e-5 or nothing, name
    if abs(omega) == 90:
        assert float(gradients(bi_wkv(*x, bidirectional=bidirectional, backend=backend), x, dy)[3].abs().max()) < 1e-30


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("tokens", [0, 1, 3, 70])
def test_gradcheck_in_float64(tokens, bidirectional, inputs):
    x = [a.requires_grad_() for a in inputs(tokens, batch=1, heads=1, width=3, low=-3.0, high=0.5, dtype=torch.float64)]
    assert torch.autograd.gradcheck(
        lambda *a: bi_wkv(*a, bidirectional=bidirectional, backend="torch"), x, fast_mode=tokens > 3
    )


@pytest.mark.parametrize("backend", BACKEND)
def test_strides_do_not_change_the_numbers(backend, inputs):
    x = inputs(70)
    expected = bi_wkv(*x, backend=backend)
    views = [a.transpose(1, 2).contiguous().transpose(1, 2) for a in x[:3]] + [a.T.contiguous().T for a in x[3:]]
    assert not views[0].is_contiguous()
    assert torch.equal(bi_wkv(*views, backend=backend), expected)
    wide = [torch.stack([a, a], -1)[..., 0] for a in x]
    assert torch.equal(bi_wkv(*wide, backend=backend), expected)


@pytest.mark.parametrize("backend", BACKEND)
def test_expanded_inputs_and_gradients_are_served(backend, inputs):
    x = inputs(40)
    one = x[2][:1].clone().requires_grad_()
    r, k = x[0].clone().requires_grad_(), x[1].clone().requires_grad_()
    y = bi_wkv(r, k, one.expand_as(r), x[3], x[4], backend=backend)
    got = torch.autograd.grad(y.sum(), (r, k, one))  # the gradient of a sum is one number, expanded
    v = one.detach().repeat(2, 1, 1, 1).requires_grad_()
    y = bi_wkv(r, k, v, x[3], x[4], backend=backend)
    expected = torch.autograd.grad(y, (r, k, v), torch.ones_like(y))
    assert torch.equal(got[0], expected[0])
    assert torch.equal(got[1], expected[1])
    assert torch.allclose(got[2], expected[2].sum(0, keepdim=True))


@pytest.mark.parametrize("backend", BACKEND)
def test_only_the_gradients_asked_for_are_given(backend, inputs):
    x = inputs(40)
    x[1].requires_grad_()
    bi_wkv(*x, backend=backend).sum().backward()
    assert x[1].grad is not None
    assert all(a.grad is None for a in (x[0], x[2], x[3], x[4]))


@pytest.mark.parametrize("backend", BACKEND)
def test_the_gradient_of_v_is_the_operator_with_r_and_k_swapped(backend, inputs, error):
    x = inputs(197)
    x[2].requires_grad_()
    dy = torch.randn(x[0].shape, generator=torch.Generator().manual_seed(11))
    (dv,) = torch.autograd.grad(bi_wkv(*x, backend=backend), x[2], dy)
    assert error(dv, bi_wkv(x[1], x[0], dy, x[3], x[4], backend="reference")) <= 1e-6


@pytest.mark.parametrize("backend", BACKEND)
@pytest.mark.parametrize("shape", [(0, 2, 9, 8), (2, 2, 0, 8), (2, 0, 9, 8), (2, 2, 9, 0)])
def test_empty_tensors_have_zero_gradients(shape, backend):
    x = [torch.zeros(shape, requires_grad=True) for _ in range(3)] + [
        torch.zeros(shape[1], shape[3], requires_grad=True) for _ in range(2)
    ]
    y = bi_wkv(*x, backend=backend)
    assert y.shape == shape
    y.sum().backward()
    assert all(torch.equal(a.grad, torch.zeros_like(a)) for a in x)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("backend", ["reference", *BACKEND])
@pytest.mark.parametrize("at", NAN_AT)
def test_a_nan_goes_only_where_the_sum_takes_it(at, backend, bidirectional, number, inputs):
    for source, where in nan_reaches(at, bidirectional)[0].items():
        x = inputs(70)
        x[NAMES.index(source)][1, 1, at, 3] = number
        y = bi_wkv(*x, bidirectional=bidirectional, backend=backend)
        assert torch.equal(~y.isfinite(), reached(where, y.shape)), source


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("backend", BACKEND)
@pytest.mark.parametrize("at", NAN_AT)
def test_a_nan_goes_only_to_the_gradients_whose_sum_takes_it(at, backend, bidirectional, inputs):
    for source, where in nan_reaches(at, bidirectional)[1].items():
        x = [*inputs(70), torch.randn(2, 2, 70, 16, generator=torch.Generator().manual_seed(13))]
        x[(*NAMES, "dy").index(source)][1, 1, at, 3] = float("nan")
        *x, dy = (a.requires_grad_() for a in x)
        got = gradients(bi_wkv(*x, bidirectional=bidirectional, backend=backend), x, dy)
        for name, gradient in zip(NAMES[:3], got[:3], strict=True):
            assert torch.equal(gradient.isnan(), reached(where.get(name, ()), dy.shape)), (source, name)
        assert all(gradient[0].isfinite().all() for gradient in got[3:]), source  # the other head


@pytest.mark.parametrize("backend", BACKEND)
def test_low_precision_works_in_float32_inside(backend, inputs, error):
    x = inputs(70)
    low = [a.bfloat16() for a in x[:3]] + x[3:]
    y = bi_wkv(*low, backend=backend)
    assert y.dtype == torch.bfloat16
    assert error(y, pairwise(*low)) < 3e-3  # the rounding of y itself


@pytest.mark.parametrize("backend", BACKEND)
def test_autocast_takes_everything_to_float32(backend, inputs):
    x = inputs(40)
    low = [x[0].bfloat16(), x[1], x[2].bfloat16(), x[3], x[4]]
    with torch.autocast("cpu", torch.bfloat16):
        y = bi_wkv(*low, backend=backend)
    assert y.dtype == torch.float32
    assert torch.equal(y, bi_wkv(*(a.float() for a in low), backend=backend))


def test_the_flop_counter_counts_the_operators_own_multiply_adds(inputs):
    x = [a.requires_grad_() for a in inputs(40)]
    with torch.utils.flop_counter.FlopCounterMode(display=False) as counter:
        bi_wkv(*x)
    assert counter.get_total_flops() == 2 * multiply_adds((2, 2, 40, 16)) == 2 * 2 * 2 * 40 * (4 * 16 + 2 * 32) * 16
    with torch.utils.flop_counter.FlopCounterMode(display=False) as counter:
        bi_wkv(*x).sum().backward()
    assert counter.get_total_flops() == 7 * multiply_adds((2, 2, 40, 16))  # backward: 5 products for every 2


@pytest.mark.parametrize(("position", "tensor", "message"), FAULTS)
def test_bad_arguments_are_named_with_their_shape_and_what_was_expected(position, tensor, message, inputs):
    x = inputs(40)
    x[position] = tensor
    with pytest.raises(ValueError, match=message):
        bi_wkv(*x)


def test_an_unknown_backend_is_refused_with_the_known_ones(inputs):
    with pytest.raises(ValueError, match="'cuda-fast' is not known; expected auto, reference, torch, cpu, cuda"):
        bi_wkv(*inputs(4), backend="cuda-fast")
    assert backend_for("cpu", torch.float64) in BACKENDS


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("compiled", [False, True])
def test_what_is_no_tensor_is_refused_by_name(place, compiled, inputs):
    call = torch.compile(bi_wkv, backend="aot_eager") if compiled else bi_wkv
    for other in (None, [1.0], inputs(4)[0].tolist()):
        x = list(inputs(4))
        x[place] = other
        kind, name = type(other).__name__, ("r", "k", "v", "omega", "u")[place]
        with pytest.raises(ValueError, match=f"bi_wkv: {name} is of type {kind}; expected a tensor"):
            call(*x)


def test_a_backend_for_other_tensors_is_refused_with_what_it_expects(inputs):
    with pytest.raises(
        ValueError, match=r"r has shape \(2, 2, 4, 16\).*'cuda' expects CUDA tensors .* D of 32, 48, 64"
    ):
        bi_wkv(*inputs(4), backend="cuda")


def test_auto_says_once_what_it_takes_and_why(inputs, caplog):
    operator.choice.cache_clear()
    with caplog.at_level("INFO", logger="lcr.wkv"):
        for _ in range(3):
            bi_wkv(*inputs(4))
            bi_wkv(*inputs(4, dtype=torch.float64))
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert said[0].startswith(f"bi_wkv: auto takes '{backend_for('cpu', width=16)}' for torch.float32 on cpu, D = 16: ")
    assert "auto takes 'torch' for torch.float64 on cpu, D = 16: backend 'cpu' expects" in said[1]


def test_a_call_on_the_cpu_loads_neither_the_cuda_kernel_nor_torchs_compiler():
    code = """if True:
        import sys, lcr.wkv, torch
        x, o = torch.ones(1, 1, 4, 8), torch.zeros(1, 8)
        lcr.wkv.bi_wkv(x, x, x, o, o), torch.ops.lcr.bi_wkv(x, x, x, o, o, True, "auto")
        print([name for name in sys.modules if name.startswith(("lcr.wkv.cuda", "cuda.core", "torch._dynamo"))])"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
