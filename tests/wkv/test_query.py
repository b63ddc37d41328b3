"""One query token reads the same y as the whole operator at its position."""

import pytest
import torch

from lcr.wkv import bi_wkv, decayed_keys
from tests.wkv.forms import inputs


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("position", [0, 5, 36, -1])
def test_one_query_equals_the_operator_at_its_position(position, bidirectional):
    x = [a.requires_grad_() for a in inputs(37, dtype=torch.float64)]
    r, k, v, omega, u = x
    weighted = decayed_keys(k, omega, u, position, bidirectional)
    y = (r[:, :, position, None] @ weighted.transpose(-1, -2) @ v)[:, :, 0]
    expected = bi_wkv(*x, bidirectional=bidirectional, backend="torch")[:, :, position]
    torch.testing.assert_close(y, expected, rtol=1e-12, atol=1e-12)
    dy = torch.randn(y.shape, generator=torch.Generator().manual_seed(1), dtype=y.dtype)
    for got, wanted in zip(torch.autograd.grad(y, x, dy), torch.autograd.grad(expected, x, dy), strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-11, atol=1e-11)


def test_any_leading_dimensions_are_served():
    _, k, _, omega, u = inputs(9)
    frames = torch.stack([k, 2 * k, -k], 1)  # (B, T, H, N, D)
    assert torch.equal(decayed_keys(frames, omega, u)[:, 2], decayed_keys(-k, omega, u))
    assert torch.equal(decayed_keys(frames[0, 0], omega, u), decayed_keys(k, omega, u)[0])


@pytest.mark.parametrize("omega", [-90.0, 90.0])
def test_extreme_decays_stay_finite_with_their_gradients(omega):
    _, k, _, omega, u = inputs(100, low=omega, high=omega)
    omega.requires_grad_()
    weighted = decayed_keys(k, omega, u)
    weighted.sum().backward()
    assert torch.isfinite(weighted).all()
    assert torch.isfinite(omega.grad).all()


def test_positions_and_shapes_that_do_not_fit_are_refused():
    _, k, _, omega, u = inputs(9)
    with pytest.raises(ValueError, match="position 9"):
        decayed_keys(k, omega, u, 9)
    with pytest.raises(ValueError, match="omega"):
        decayed_keys(k, omega[0], u)
