"""Around torch's dispatcher when nothing listens there, and through it when something does: the same numbers."""

import pytest
import torch
from torch.utils.checkpoint import checkpoint

from lcr.wkv import bi_wkv, cpu, operator
from lcr.wkv.reference import pairwise

BACKENDS = ["auto", "torch"] + ["cpu"] * (cpu.library() is not None)


def through_the_dispatcher(*x, bidirectional=True, backend="auto"):
    return torch.ops.lcr.bi_wkv(*x, bidirectional, backend)


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("backend", BACKENDS)
def test_around_the_dispatcher_the_bits_are_the_same(backend, bidirectional, inputs):
    x = [a.requires_grad_() for a in inputs(70)]
    dy = torch.randn(x[0].shape, generator=torch.Generator().manual_seed(12))
    assert operator._nobody_listens(*x)
    seen = []
    for call in (bi_wkv, through_the_dispatcher):
        y = call(*x, bidirectional=bidirectional, backend=backend)
        seen.append([y, *torch.autograd.grad(y, x, dy)])
    assert all(torch.equal(a, b) for a, b in zip(*seen, strict=True))


@pytest.mark.parametrize("backend", BACKENDS)
def test_activation_checkpointing_gives_the_same_gradients(backend, inputs):
    x = [a.requires_grad_() for a in inputs(70)]
    again = checkpoint(bi_wkv, *x, backend=backend, use_reentrant=False)
    seen = [torch.autograd.grad(y.sum(), x) for y in (bi_wkv(*x, backend=backend), again)]
    assert all(torch.equal(a, b) for a, b in zip(*seen, strict=True))


@pytest.mark.parametrize(("dtype", "error"), [(torch.bfloat16, 0.05), (torch.float64, 1e-5)])
@pytest.mark.parametrize("backend", BACKENDS)
def test_hooks_may_save_tensors_in_another_dtype(backend, dtype, error, inputs):
    x = [a.requires_grad_() for a in inputs(70)]
    right = torch.autograd.grad(bi_wkv(*x, backend=backend).sum(), x)
    with torch.autograd.graph.saved_tensors_hooks(lambda a: a.to(dtype), lambda a: a.to(dtype)):
        y = bi_wkv(*x, backend=backend)
    for a, b in zip(torch.autograd.grad(y.sum(), x), right, strict=True):
        assert (a - b).norm() <= error * b.norm()


@pytest.mark.parametrize("tokens", [70, 300])  # with states kept where no hook is set, and without
@pytest.mark.parametrize("backend", BACKENDS)
def test_hooks_may_give_back_lazy_negatives(backend, tokens, inputs):
    x = [a.requires_grad_() for a in inputs(tokens)]
    right = torch.autograd.grad(bi_wkv(*x, backend=backend).sum(), x)
    with torch.autograd.graph.saved_tensors_hooks(lambda a: -a, torch._neg_view):
        y = bi_wkv(*x, backend=backend)
    assert all(torch.equal(a, b) for a, b in zip(torch.autograd.grad(y.sum(), x), right, strict=True))


class Subclass(torch.Tensor):
    pass


class Counting(torch.utils._python_dispatch.TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        self.seen.append(function.name())
        return function(*arguments, **(keywords or {}))


def test_a_mode_sees_both_passes(inputs):
    x = [a.requires_grad_() for a in inputs(9)]
    with Counting() as mode:
        bi_wkv(*x).sum().backward()
    assert mode.seen.count("lcr::bi_wkv") == mode.seen.count("lcr::bi_wkv_backward") == 1
    y = bi_wkv(*x)  # forward before the mode: backward is seen all the same
    with Counting() as mode:
        y.sum().backward()
    assert mode.seen.count("lcr::bi_wkv_backward") == 1


def test_a_profiler_sees_the_operator_by_name(inputs):
    x = [a.requires_grad_() for a in inputs(9)]
    with torch.profiler.profile() as profile:
        bi_wkv(*x).sum().backward()
    assert {"lcr::bi_wkv", "lcr::bi_wkv_backward"} <= {event.key for event in profile.key_averages()}


def test_a_subclass_keeps_its_class(inputs):
    x = inputs(9)
    x[1] = x[1].as_subclass(Subclass)
    assert not operator._nobody_listens(*x)
    y = bi_wkv(*x)
    assert isinstance(y, Subclass)
    assert torch.equal(y.as_subclass(torch.Tensor), bi_wkv(x[0], x[1].as_subclass(torch.Tensor), *x[2:]))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_lazy_negative_is_read_as_what_it_stands_for(backend, inputs, error):
    x = inputs(9)
    negative = torch._neg_view(x[2])
    assert not operator._nobody_listens(*x[:2], negative, *x[3:])
    assert error(bi_wkv(*x[:2], negative, *x[3:], backend=backend), -pairwise(*(a.double() for a in x))) <= 1e-6
    others = [a.requires_grad_() for a in (x[0], x[1], x[3], x[4])]
    ways = (negative, -x[2])  # saved for the backward pass, whose dy is plain
    got, expected = (
        torch.autograd.grad(bi_wkv(*others[:2], v, *others[2:], backend=backend).sum(), others) for v in ways
    )
    assert all(torch.equal(a, b) for a, b in zip(got, expected, strict=True))


@pytest.mark.parametrize("backend", BACKENDS)
def test_inference_mode_gives_the_same_numbers(backend, inputs):
    expected = bi_wkv(*inputs(40), backend=backend)
    with torch.inference_mode():
        assert torch.equal(bi_wkv(*inputs(40), backend=backend), expected)


@pytest.mark.parametrize("backend", BACKENDS)
def test_torchs_default_dtype_and_device_change_nothing(backend, inputs):
    x = [a.requires_grad_() for a in inputs(40)]

    def all_numbers():
        y = bi_wkv(*x, backend=backend)
        return [y, *torch.autograd.grad(y, x, torch.ones_like(y))]

    expected = all_numbers()
    torch.set_default_dtype(torch.float64)
    try:
        with torch.device("meta"):
            seen = all_numbers()
    finally:
        torch.set_default_dtype(torch.float32)
    assert all(a.dtype == b.dtype and torch.equal(a, b) for a, b in zip(seen, expected, strict=True))


@pytest.mark.parametrize("call", [bi_wkv, through_the_dispatcher])
def test_a_second_derivative_is_refused_and_the_first_is_right(call, inputs):
    x = [a.requires_grad_() for a in inputs(9)]
    once = torch.autograd.grad(call(*x).sum(), x)
    again = torch.autograd.grad(call(*x).sum(), x, create_graph=True)
    assert all(torch.equal(a, b) for a, b in zip(once, again, strict=True))
    with pytest.raises(RuntimeError, match="second derivatives are not implemented"):
        torch.autograd.grad(again[0].sum(), x)
