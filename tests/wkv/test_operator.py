"""Every form of Bi-WKV equals the float64 sum, for all lengths, widths of heads, dtypes, decays and layouts."""

import functools

import pytest
import torch

from lcr.wkv import bi_wkv
from lcr.wkv.reference import pairwise, recurrence
from tests.wkv.forms import (
    DECAYS,
    FAST,
    FORMS,
    LENGTHS,
    LOW,
    NAMES,
    assert_equals_the_float64_sum,
    each_form,
    error,
    exact,
    gradient_of,
    inputs,
)

NAN, INF = float("nan"), float("inf")
USUAL = (-12.0, 5.0)  # ω of the first and of the last channel


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("tokens", [1, 2, 3, 31, 32, 33, 63, 64, 65, 197])
def test_the_two_references_agree(tokens, bidirectional):
    x = inputs(tokens, batch=1, width=8)
    assert error(recurrence(*x, bidirectional), pairwise(*x, bidirectional)) < 1e-13


@functools.cache
def problem(tokens, width, dtype, decays, bidirectional):
    """Inputs, dy and the float64 results, computed once for all forms."""
    low, high = decays
    x = inputs(tokens, batch=1 if tokens > 100 else 2, width=width, low=low, high=high)
    x = [a.to(dtype) for a in x[:3]] + [a.to(torch.promote_types(dtype, torch.float32)) for a in x[3:]]
    dy = gradient_of(x)
    return x, dy, exact(x, dy, bidirectional)


def cases():
    params = []
    for form in FORMS:
        usual = form.widths[0]
        found = [(tokens, usual, torch.float32, USUAL) for tokens in LENGTHS if tokens < 200 or form.name in FAST]
        found += [(70, width, torch.float32, USUAL) for width in form.widths]
        found += [(100, usual, torch.float32, (omega, omega)) for omega in DECAYS]
        found += [(70, usual, dtype, USUAL) for dtype in form.dtypes]
        params += [pytest.param(form, *c, id="-".join(map(str, (form.name, *c))), marks=form.marks) for c in found]
    return params


@pytest.mark.parametrize(("form", "tokens", "width", "dtype", "decays"), cases())
def test_output_and_gradients_equal_the_float64_sum(form, tokens, width, dtype, decays):
    for bidirectional in (True, False):
        x, dy, expected = problem(tokens, width, dtype, decays, bidirectional)
        assert_equals_the_float64_sum(form.run(x, dy, bidirectional), expected, x)


@functools.cache
def channels(tokens, heads, high):
    """Inputs whose channels have the same decays in each head, dy and the float64 results, once for all forms."""
    x = inputs(tokens, batch=1, heads=heads, width=32)
    x[3] = torch.linspace(-12, high, 32).repeat(heads, 1)  # a head is one more sample of the same channels
    return x, gradient_of(x), exact(x, gradient_of(x))


@each_form(*FAST)
@pytest.mark.parametrize("tokens", [197, pytest.param(1024, marks=pytest.mark.slow)])
def test_the_gradients_of_decay_and_bonus_are_right_in_each_channel(form, tokens):
    x, dy, expected = channels(tokens, 4, 5.0)
    got = form.run(x, dy)
    for index, name in enumerate(("omega", "u"), 4):
        assert float(error(got[index], expected[index], axes=1).max()) <= 1e-5, name
    x, dy, expected = channels(tokens, 2, 2.0)
    # relative to the channel's own size, and where its terms cancel to a hundredth of the channels' median
    scale = expected[4].abs().clamp(min=expected[4].abs().median() * 1e-2)
    assert float(((form.run(x, dy)[4] - expected[4]).abs() / scale).max()) < 1e-4


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("tokens", [0, 1, 3, 70])
def test_gradcheck_in_float64(tokens, bidirectional):
    x = [a.requires_grad_() for a in inputs(tokens, 1, 1, width=3, low=-3.0, high=0.5, dtype=torch.float64)]
    call = functools.partial(bi_wkv, bidirectional=bidirectional, backend="torch")
    assert torch.autograd.gradcheck(call, x, fast_mode=tokens > 3)


@each_form(*FAST)
def test_low_precision_rounds_the_results_of_float32(form):
    width = form.widths[0]
    for dtype in LOW:
        low = [a.to(dtype) for a in inputs(70, width=width)[:3]] + inputs(70, width=width)[3:]
        dy = gradient_of(low)
        wide = form.run([a.float() for a in low], dy.float())
        for got, expected in zip(form.run(low, dy), wide, strict=True):
            assert torch.equal(got, expected.to(got.dtype))


@each_form(*FAST)
def test_strides_do_not_change_the_bits(form):
    x = inputs(70, width=48)
    dy = torch.ones(()).expand(x[0].shape)  # the gradient of a sum: one number, expanded
    expected = form.run(x, dy.contiguous())
    turned = [a.transpose(1, 2).contiguous().transpose(1, 2) for a in x[:3]] + [a.T.contiguous().T for a in x[3:]]
    apart = [torch.stack([a, a], -1)[..., 0] for a in x]
    for other in (turned, apart):
        assert not other[0].is_contiguous()
        assert all(torch.equal(a, b) for a, b in zip(form.run(other, dy), expected, strict=True))
    x[2] = x[2][:1]
    y = form.run([*x[:2], x[2].expand_as(x[0]), *x[3:]], dy)[0]
    assert torch.equal(y, form.run([*x[:2], x[2].repeat(2, 1, 1, 1), *x[3:]], dy)[0])


@each_form(*FAST)
def test_empty_tensors_have_zero_gradients(form):
    width = form.widths[0]
    for shape in [(0, 2, 9, width), (2, 2, 0, width), (2, 0, 9, width), (0, 0, 0, width)]:
        x = [torch.zeros(shape) for _ in range(3)] + [torch.ones(shape[1], width) for _ in range(2)]
        y, *gradients = form.run(x, torch.zeros(shape))
        assert y.shape == shape
        assert all(torch.equal(a, torch.zeros_like(b)) for a, b in zip(gradients, x, strict=True))


def mask(shape, where):
    """True at `where` of batch 1 and head 1; nowhere if `where` is empty."""
    found = torch.zeros(shape, dtype=torch.bool)
    if where:
        found[1, 1][where] = True
    return found


@each_form()
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("at", [0, 20, 33, 69])  # of 70 tokens: first, in the first chunk, in the second chunk, last
def test_a_nan_reaches_only_the_results_whose_sum_contains_it(form, at, bidirectional):
    readers, read = (slice(None),) * 2 if bidirectional else (slice(at, None), slice(at + 1))
    reached = {
        "r": {"y": (at,), "k": (read, 3), "v": (read,)},
        "k": {"y": (readers,), "r": (readers, 3), "v": (at,)},
        "v": {"y": (readers, 3), "r": (readers,), "k": (at,)},
        "dy": {"r": (at,), "k": (read,), "v": (read, 3)},
    }
    for source, where in reached.items():
        for width, number in {(form.widths[0], NAN), (form.widths[0], INF), (48, NAN)}:
            if width not in form.widths:
                continue
            x = inputs(70, width=width)
            x.append(gradient_of(x))
            x[(*NAMES, "dy").index(source)][1, 1, at, 3] = number
            y, *gradients = form.run(x[:5], x[5], bidirectional)
            seen = {"y": y}
            if number is NAN and form.name != "reference":
                seen |= dict(zip("rkv", gradients, strict=False))
                assert all(a[0].isfinite().all() for a in gradients[3:]), source  # of ω and u, the other head
            for name, a in seen.items():
                assert torch.equal(~a.isfinite(), mask(a.shape, where.get(name, ()))), (source, name)
