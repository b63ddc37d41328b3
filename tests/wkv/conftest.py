"""Seeded inputs, and errors as relative root mean squares against float64."""

import pytest
import torch
from torch import Tensor


def _inputs(
    tokens: int,
    batch: int = 2,
    heads: int = 2,
    width: int = 16,
    low: float = -12.0,
    high: float = 5.0,
    dtype=torch.float32,
) -> list[Tensor]:
    """r, k, v, omega, u; ω runs evenly from low to high over the channels."""
    generator = torch.Generator().manual_seed(tokens + 1000 * width)
    r, k, v = (torch.randn(batch, heads, tokens, width, generator=generator, dtype=torch.float64) for _ in range(3))
    omega = torch.linspace(low, high, heads * width, dtype=torch.float64).reshape(width, heads).T
    u = torch.randn(heads, width, generator=generator, dtype=torch.float64)
    return [x.to(dtype).contiguous() for x in (r, k, v, omega, u)]


def _error(x: Tensor, exact: Tensor) -> float:
    """Relative root mean square of x - exact; 0 for empty tensors."""
    return float(_relative(x, exact, exact.ndim)) if exact.numel() else 0.0


def _error_by_channel(x: Tensor, exact: Tensor) -> Tensor:
    """Relative root mean square of x - exact in each channel, the last axis, over draws, the other axes."""
    return _relative(x, exact, exact.ndim - 1)


def _relative(x: Tensor, exact: Tensor, axes: int) -> Tensor:
    """Root mean square of x - exact by that of exact, over the first `axes` axes."""
    x, exact, over = x.detach().double(), exact.detach().double(), tuple(range(axes))
    return (x - exact).pow(2).mean(over).sqrt() / exact.pow(2).mean(over).sqrt().clamp(min=1e-30)


@pytest.fixture
def inputs():
    return _inputs


@pytest.fixture
def error():
    return _error


@pytest.fixture
def error_by_channel():
    return _error_by_channel
