"""What every form of the operator is held to: the exact numbers, lengths, decays, what a NaN reaches, bad arguments."""

import torch
from torch import Tensor

from lcr.wkv.reference import pairwise, recurrence

NAMES = ("r", "k", "v", "omega", "u")
LENGTHS = (1, 2, 3, 31, 32, 33, 48, 49, 63, 64, 65, 80, 81, 197, 1024)
DECAYS = (-90.0, -12.0, 5.0, 90.0)  # ω of all channels
NAN_AT = (0, 20, 33, 69)  # of 70 tokens: first, inside the first chunk, inside the second, last
Where = dict[str, tuple[int | slice, ...]]


def exact(x: list[Tensor], dy: Tensor, bidirectional: bool = True) -> list[Tensor]:
    """y and the gradients of r, k, v, ω, u at dy, in float64, of the same numbers."""
    wide = [a.detach().double().requires_grad_() for a in x]
    y = (recurrence if dy.shape[2] > 200 else pairwise)(*wide, bidirectional)
    return [y.detach(), *torch.autograd.grad(y, wide, dy.double())]


def nan_reaches(token: int, bidirectional: bool) -> tuple[Where, dict[str, Where]]:
    """What a NaN in channel 3 of one token of r, k, v (or dy) reaches: tokens and channels of y, and of dr, dk, dv."""
    readers = slice(None) if bidirectional else slice(token, None)
    read = slice(None) if bidirectional else slice(token + 1)
    output: Where = {"r": (token,), "k": (readers,), "v": (readers, 3)}
    gradients: dict[str, Where] = {
        "r": {"k": (read, 3), "v": (read,)},
        "k": {"r": (readers, 3), "v": (token,)},
        "v": {"r": (readers,), "k": (token,)},
        "dy": {"r": (token,), "k": (read,), "v": (read, 3)},
    }
    return output, gradients


def reached(where: tuple[int | slice, ...], shape: tuple[int, ...]) -> Tensor:
    """A mask of `shape`, true at `where` of batch 1 and head 1; nowhere if `where` is empty."""
    mask = torch.zeros(shape, dtype=torch.bool)
    if where:
        mask[1, 1][where] = True
    return mask


FAULTS = [  # which argument becomes what, and what the error says, for inputs of (2, 2, 40, 16)
    (0, torch.zeros(2, 40, 16), r"r has shape \(2, 40, 16\); expected \(B, H, N, D\)"),
    (1, torch.zeros(2, 2, 39, 16), r"k has shape \(2, 2, 39, 16\); expected \(2, 2, 40, 16\)"),
    (2, torch.zeros(2, 2, 40, 8), r"v has shape \(2, 2, 40, 8\); expected \(2, 2, 40, 16\)"),
    (3, torch.zeros(16), r"omega has shape \(16,\); expected \(2, 16\), \(H, D\)"),
    (4, torch.zeros(2, 8), r"u has shape \(2, 8\); expected \(2, 16\)"),
    (
        0,
        torch.zeros(2, 2, 40, 16, dtype=torch.int32),
        r"r, shape \(2, 2, 40, 16\), is torch.int32; expected float32 or",
    ),
    (
        2,
        torch.zeros(2, 2, 40, 16, dtype=torch.float64),
        r"v, shape \(2, 2, 40, 16\), is torch.float64; expected float32",
    ),
    (3, torch.zeros(2, 16, dtype=torch.int64), r"omega, shape \(2, 16\), is torch.int64; expected float32"),
    (1, torch.zeros(2, 2, 40, 16, device="meta"), r"k, shape \(2, 2, 40, 16\), is on meta; expected cpu"),
]
