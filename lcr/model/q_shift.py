"""Q-Shift (Vision-RWKV; eq. 2, 3, 6): in each head, a quarter of the channels reads the token left, right, up and down.

Neighbours are token indices, so that a position dropped by the tube mask reads as zero, like a border. The transpose of
reading the left neighbour is reading the right one, so the backward pass is the same gather with opposite directions:
no scatter, and the same bits each time.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

OPPOSITE = [1, 0, 3, 2]  # order: left, right, up, down


def grid_neighbours(grid: int, keep: Tensor) -> Tensor:
    """Token indices of each token's left, right, upper and lower neighbour among the kept tokens.

    Args:
        grid: patches along a side.
        keep: (B, K), ascending raster positions of the kept patch tokens.

    Returns:
        (4, B, K + 1) int64. The class token, last, is its own neighbour; K + 1, a row of zeros, stands for none.
    """
    batch, kept = keep.shape
    # The grid of token indices, with a border of K + 1.
    index = torch.full((batch, grid + 2, grid + 2), kept + 1, dtype=torch.int64, device=keep.device)
    row, column = keep // grid + 1, keep % grid + 1
    clips = torch.arange(batch, device=keep.device)[:, None]
    index[clips, row, column] = torch.arange(kept, device=keep.device).expand(batch, kept)
    around = [(row, column - 1), (row, column + 1), (row - 1, column), (row + 1, column)]
    patches = torch.stack([index[clips, r, c] for r, c in around])
    return torch.cat([patches, patches.new_full((4, batch, 1), kept)], dim=-1)


class Shift(NamedTuple):
    """Source of each element of the shifted tokens, and of its transpose with left and right, up and down exchanged.

    Each is a pair: the element's number among a frame's (B, N, C), int64 of shape (B·N·C,), and a factor of the same
    length that is 0 where the source is outside the kept tokens and 1 elsewhere.
    """

    forward: tuple[Tensor, Tensor]
    backward: tuple[Tensor, Tensor]


def shift_index(neighbours: Tensor, hidden: int, heads: int) -> Shift:
    """Q-Shift of tokens of width C = `hidden`, from their `grid_neighbours` (4, B, N)."""
    _, batch, tokens = neighbours.shape
    side = torch.arange(4, device=neighbours.device).repeat_interleave(hidden // heads // 4).repeat(heads)  # (C,)
    clips = tokens * torch.arange(batch, device=neighbours.device)[:, None, None]
    channels = torch.arange(hidden, device=neighbours.device)

    def elements(around: Tensor) -> tuple[Tensor, Tensor]:
        token = around[side].permute(1, 2, 0)  # (B, N, C)
        there = token < tokens
        index = (token.where(there, 0) + clips) * hidden + channels
        return index.flatten(), there.flatten().to(torch.get_default_dtype())

    return Shift(elements(neighbours), elements(neighbours[OPPOSITE]))


def gather(x: Tensor, index: Tensor, there: Tensor) -> Tensor:
    """One direction of a `Shift` on tokens (..., B, N, C), or (B·N, C) of one frame."""
    frames = x.reshape(-1, len(index))  # a row a frame
    return frames.index_select(1, index).mul_(there.to(x.dtype)).view(x.shape)


class _QShift(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, index: Tensor, there: Tensor, *transpose: Tensor) -> Tensor:
        ctx.transpose = transpose
        return gather(x, index, there)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        return gather(grad, *ctx.transpose), None, None, None, None


def q_shift(x: Tensor, shift: Shift | None) -> Tensor:
    """Shifted tokens (..., B, N, C): a quarter of each head's channels from each neighbour.

    Args:
        x: (..., B, N, C) tokens, the class token last.
        shift: from `shift_index`; None for the class token only, which is not shifted.
    """
    return x if shift is None else _QShift.apply(x, *shift.forward, *shift.backward)


class Mix(nn.Module):
    """Learned mix of a token and its shifted self for each channel: x + μ ⊙ (shifted - x), all (..., C)."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.mu = nn.Parameter(torch.linspace(0, 1, hidden))

    def forward(self, x: Tensor, shifted: Tensor) -> Tensor:
        return x if shifted is x else torch.lerp(x, shifted, self.mu)
