"""What torch is told of the operator, and what its tools make of it: layouts, code, raw calls, forward mode."""

import pytest
import torch

from lcr.wkv import bi_wkv, cpu, operator

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


@pytest.mark.parametrize("backend", BACKENDS[1:])
def test_inductors_code_has_the_same_numbers(backend, inputs):
    x = [a.requires_grad_() for a in inputs(40)]
    y = torch.compile(lambda *a: bi_wkv(*a, backend=backend) * 2)(*x)
    expected = bi_wkv(*x, backend=backend) * 2
    assert torch.equal(y, expected)
    for got, wanted in zip(*(torch.autograd.grad(a.sum(), x) for a in (y, expected)), strict=True):
        assert torch.allclose(got, wanted, rtol=1e-5, atol=1e-6)


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
