"""Q-Shift (Vision-RWKV; eq. 2, 3 and 6): within each head, a quarter of the channels looks left, right, up and down.

The neighbours come as an index, so that tokens dropped by the tube mask leave a hole (zero, as at the border) instead
of closing ranks. Taking the left neighbour and giving to the right one are each other's transpose, so the backward
pass is the same gather with opposite directions: no scatter, and the same bits each time.
"""

from typing import Any

import torch
from torch import Tensor, nn

OPPOSITE = [1, 0, 3, 2]  # of left, right, up, down


def grid_neighbours(grid: int, keep: Tensor) -> Tensor:
    """For each token the positions of its left, right, upper and lower neighbour among the tokens kept.

    Args:
        grid: patches along a side.
        keep: (B, K) ascending raster positions of the patch tokens kept.

    Returns:
        (4, B, K + 1) int64; the class token, last, is its own neighbour; K + 1 (a row of zeros) stands for none.
    """
    batch, kept = keep.shape
    none = kept + 1
    # The grid with a border of `none`, filled with each kept token's place in the sequence.
    places = torch.full((batch, grid + 2, grid + 2), none, dtype=torch.int64, device=keep.device)
    row, column = keep // grid + 1, keep % grid + 1
    clips = torch.arange(batch, device=keep.device)[:, None]
    places[clips, row, column] = torch.arange(kept, device=keep.device).expand(batch, kept)
    around = [(row, column - 1), (row, column + 1), (row - 1, column), (row + 1, column)]
    patches = torch.stack([places[clips, r, c] for r, c in around])
    return torch.cat([patches, patches.new_full((4, batch, 1), kept)], dim=-1)


def _gather(x: Tensor, neighbours: Tensor, heads: int) -> Tensor:
    padded = torch.cat([x, x.new_zeros(*x.shape[:-2], 1, x.shape[-1])], dim=-2)
    quarters = padded.unflatten(-1, (heads, 4, -1))  # (..., B, N + 1, H, 4, D / 4)
    clips = torch.arange(x.shape[-3], device=x.device)[:, None]
    shifted = [quarters[..., clips, neighbours[side], :, side, :] for side in range(4)]
    return torch.stack(shifted, dim=-2).flatten(-3)


class _QShift(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, neighbours: Tensor, heads: int) -> Tensor:
        ctx.save_for_backward(neighbours)
        ctx.heads = heads
        return _gather(x, neighbours, heads)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        (neighbours,) = ctx.saved_tensors
        return _gather(grad, neighbours[OPPOSITE], ctx.heads), None, None


def q_shift(x: Tensor, neighbours: Tensor | None, heads: int) -> Tensor:
    """Each token's neighbours, a quarter of each head's channels from each side.

    Args:
        x: (..., B, N, C) tokens, the class token last.
        neighbours: (4, B, N) from `grid_neighbours`, or None for class tokens alone, which are not shifted.
        heads: number of heads H; C is a multiple of 4H.

    Returns:
        (..., B, N, C).
    """
    return x if neighbours is None else _QShift.apply(x, neighbours, heads)


class Mix(nn.Module):
    """The learned per-channel mix of a token and its shifted self: x + μ ⊙ (shifted - x)."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.mu = nn.Parameter(torch.linspace(0, 1, hidden))

    def forward(self, x: Tensor, shifted: Tensor) -> Tensor:
        return x if shifted is x else torch.lerp(x, shifted, self.mu)
