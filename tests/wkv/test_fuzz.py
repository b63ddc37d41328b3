"""Any shapes, strides, dtypes and decays that fit give the float64 sum."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lcr.wkv import bi_wkv, library
from tests.wkv.forms import NAMES, exact

# relative errors of y and of the gradients: the sums of float32, the rounding of the other dtypes
OF_OUTPUT = {torch.float64: 1e-12, torch.float32: 1e-6, torch.bfloat16: 2**-8, torch.float16: 2**-11}
TOLERANCE = OF_OUTPUT | {torch.float32: 1e-5}
LAYOUTS = {
    "contiguous": lambda x: x.contiguous(),
    "tokens first": lambda x: x.transpose(-3, -2).contiguous().transpose(-3, -2) if x.ndim == 4 else x.T.contiguous().T,
    "channels apart": lambda x: torch.stack([x, x + 1], -1)[..., 0],
    "inside a larger one": lambda x: torch.nn.functional.pad(x, (3, 2, 1, 4))[..., 1:-4, 3:-2],
}
SMALL = st.tuples(st.integers(0, 2), st.integers(1, 3), st.integers(0, 70), st.integers(1, 40))
LARGE = st.tuples(st.just(1), st.just(1), st.integers(71, 300), st.integers(41, 70))  # rows and states of all sizes


def terms_of_the_slope(r, k, v, omega, dy, bidirectional):
    """dω if none of its terms cancelled, (H, D): Σ over pairs of |r k| · |v|·|dy| · e^ω · j w^j."""
    tokens = torch.arange(r.shape[2])
    distance = tokens[:, None] - tokens
    j = (distance.abs() - 1).clamp(min=0).double()[..., None]
    rate = omega.clamp(max=700).exp()[:, None, None]
    slopes = rate * j * torch.exp(-j * rate)
    if not bidirectional:
        slopes = slopes * (distance > 0)[..., None]
    return torch.einsum("bhtd,htid,bhid,bhti->hd", r.abs(), slopes, k.abs(), dy.abs() @ v.abs().mT)


@pytest.mark.slow
@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    shape=st.one_of(SMALL, SMALL, LARGE),
    layouts=st.tuples(*[st.sampled_from(list(LAYOUTS))] * 6),
    dtype=st.sampled_from(list(TOLERANCE)),
    small_in_float32=st.booleans(),
    decay=st.tuples(st.floats(-90, 90), st.floats(-90, 90)),
    bidirectional=st.booleans(),
    backend=st.sampled_from(["auto", "torch"] + ["cpu"] * (library.find()[0] is not None)),
    seed=st.integers(0, 2**31),
)
def test_any_inputs_that_fit_give_the_float64_sum(
    shape, layouts, dtype, small_in_float32, decay, bidirectional, backend, seed
):
    generator = torch.Generator().manual_seed(seed)
    r, k, v, dy = (torch.randn(shape, generator=generator).to(dtype) for _ in range(4))
    small = torch.float32 if small_in_float32 and dtype != torch.float64 else dtype
    omega = torch.linspace(*decay, shape[1] * shape[3]).reshape(shape[1], shape[3]).to(small)
    u = torch.randn(shape[1], shape[3], generator=generator).to(small)
    *x, dy = (LAYOUTS[layout](a) for a, layout in zip((r, k, v, omega, u, dy), layouts, strict=True))
    x = [a.requires_grad_() for a in x]
    backend = "auto" if dtype == torch.float64 else backend
    y = bi_wkv(*x, bidirectional=bidirectional, backend=backend)
    got, expected = [y.detach(), *torch.autograd.grad(y, x, dy)], exact(x, dy, bidirectional)
    for name, like, a, b in zip(("y", *NAMES), (x[0], *x), got, expected, strict=True):
        assert (a.shape, a.dtype) == (like.shape, like.dtype), name
        error, most = (a.double() - b).abs(), (OF_OUTPUT if name == "y" else TOLERANCE)[dtype] * b.abs()
        if name == "omega":  # the terms of a channel have either sign: relative to their sizes and to dω's own rounding
            terms = terms_of_the_slope(*(a.detach().double() for a in (*x[:4], dy)), bidirectional)
            most = (1e-12 if dtype == torch.float64 else 1e-6) * terms + TOLERANCE[small] * b.abs()
            least = max(1e-30, torch.finfo(small).tiny * torch.finfo(small).eps)  # the dtype's own
            assert (error <= most + least).all()
        elif b.numel():
            assert error.pow(2).mean().sqrt() <= most.pow(2).mean().sqrt() + 1e-30, name
