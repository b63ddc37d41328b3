"""Whatever shapes, strides, dtypes and decays come to the door: the float64 sum, or an error that names the fault."""

import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lcr.wkv import bi_wkv, cpu
from tests.wkv.grid import NAMES, exact

BACKENDS = ["auto", "torch"] + ["cpu"] * (cpu.library() is not None)
# how far from the exact numbers y and the gradients of each dtype may be: float32's sums, the rounding of the rest
OF_OUTPUT = {torch.float64: 1e-12, torch.float32: 1e-6, torch.bfloat16: 2**-8, torch.float16: 2**-11}
TOLERANCE = OF_OUTPUT | {torch.float32: 1e-5}


def laid_out(x: torch.Tensor, layout: str) -> torch.Tensor:
    """The same numbers with other strides."""
    if layout == "tokens first":
        return x.transpose(-3, -2).contiguous().transpose(-3, -2) if x.ndim == 4 else x.T.contiguous().T
    if layout == "channels apart":
        return torch.stack([x, x + 1], -1)[..., 0]
    if layout == "inside a larger one":
        return torch.nn.functional.pad(x, (3, 2, 1, 4))[..., 1 : 1 + x.shape[-2], 3 : 3 + x.shape[-1]]
    return x.contiguous()


LAYOUTS = st.sampled_from(["contiguous", "tokens first", "channels apart", "inside a larger one"])
SMALL = st.tuples(st.integers(0, 2), st.integers(1, 3), st.integers(0, 70), st.integers(1, 40))
LARGE = st.tuples(st.just(1), st.just(1), st.integers(71, 300), st.integers(41, 70))  # rows and states of all sizes


def close(got: torch.Tensor, exact: torch.Tensor, tolerance: float) -> None:
    assert got.shape == exact.shape
    if exact.numel() == 0:
        return
    scale = float(exact.pow(2).mean().sqrt())
    error = float((got.detach().double() - exact).pow(2).mean().sqrt())
    assert error <= tolerance * scale + 1e-30, f"{error / max(scale, 1e-300):.1e}"


def terms_of_the_slope(r, k, v, omega, dy, bidirectional: bool) -> torch.Tensor:
    """What dω would be if none of its terms cancelled, (H, D): Σ over pairs of |r k| · |v|·|dy| · e^ω · j w^j."""
    tokens = torch.arange(r.shape[2])
    distance = tokens[:, None] - tokens
    j = (distance.abs() - 1).clamp(min=0).double()[..., None]
    rate = omega.clamp(max=700).exp()[:, None, None]
    slopes = rate * j * torch.exp(-j * rate)
    if not bidirectional:
        slopes = slopes * (distance > 0)[..., None]
    pairs = dy.abs() @ v.abs().mT
    return torch.einsum("bhtd,htid,bhid,bhti->hd", r.abs(), slopes, k.abs(), pairs)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    shape=st.one_of(SMALL, SMALL, LARGE),
    layouts=st.tuples(*[LAYOUTS] * 6),
    dtype=st.sampled_from(list(TOLERANCE)),
    small_in_float32=st.booleans(),
    decay=st.tuples(st.floats(-90, 90), st.floats(-90, 90)),
    bidirectional=st.booleans(),
    backend=st.sampled_from(BACKENDS),
    seed=st.integers(0, 2**31),
)
def test_whatever_fits_gives_the_float64_sum(
    shape, layouts, dtype, small_in_float32, decay, bidirectional, backend, seed
):
    if backend == "cpu" and dtype == torch.float64:
        backend = "auto"
    generator = torch.Generator().manual_seed(seed)
    r, k, v, dy = (torch.randn(shape, generator=generator).to(dtype) for _ in range(4))
    small = torch.float32 if small_in_float32 and dtype != torch.float64 else dtype
    omega = torch.linspace(*decay, shape[1] * shape[3]).reshape(shape[1], shape[3]).to(small)
    u = torch.randn(shape[1], shape[3], generator=generator).to(small)
    x = [laid_out(a, layout).requires_grad_() for a, layout in zip((r, k, v, omega, u), layouts, strict=False)]
    dy = laid_out(dy, layouts[5])
    sum_, *expected = exact(x, dy, bidirectional)
    y = bi_wkv(*x, bidirectional=bidirectional, backend=backend)
    assert y.dtype == dtype
    close(y, sum_, OF_OUTPUT[dtype])
    for name, got, wanted in zip(NAMES, torch.autograd.grad(y, x, dy), expected, strict=True):
        assert got.dtype == (small if name in ("omega", "u") else dtype)
        if name != "omega":
            close(got, wanted, TOLERANCE[dtype])
        elif wanted.numel():  # a channel's terms have either sign: it is judged by their sizes and its dtype's rounding
            terms = terms_of_the_slope(*(a.detach().double() for a in (*x[:4], dy)), bidirectional)
            tolerance = (1e-12 if dtype == torch.float64 else 1e-6) * terms + TOLERANCE[small] * wanted.abs()
            least = max(1e-30, torch.finfo(small).tiny * torch.finfo(small).eps)  # the dtype's own
            assert bool(((got.double() - wanted).abs() <= tolerance + least).all())


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    shape=SMALL,
    which=st.integers(0, 4),
    wrong=st.sampled_from(["rank", "shape", "integers", "dtype", "device"]),
    axis=st.integers(0, 3),
    backend=st.sampled_from(BACKENDS),
)
def test_whatever_does_not_fit_is_named(shape, which, wrong, axis, backend):
    x = [torch.zeros(shape) for _ in range(3)] + [torch.zeros(shape[1], shape[3]) for _ in range(2)]
    if wrong == "rank":
        x[which] = x[which][None]
    elif wrong == "shape":
        sizes = list(x[which].shape)
        sizes[axis % len(sizes)] += 1
        x[which] = torch.zeros(sizes)
    elif wrong == "integers":
        x[which] = x[which].int()
    elif wrong == "dtype":
        x[which] = x[which].bfloat16()
    else:
        x[which] = x[which].to("meta")
    with pytest.raises(ValueError, match=r"^bi_wkv: ") as error:
        bi_wkv(*x, backend=backend)
    said = str(error.value)
    named = NAMES.index(re.match(r"bi_wkv: (\w+)", said)[1])
    # r is what the others are held to: where it is the odd one out, another may be named
    assert named == which or (which == 0 and wrong not in ("rank", "integers"))
    assert "expect" in said
    assert str(tuple(x[named].shape)) in said
