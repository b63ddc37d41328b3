"""Tube masking (§3.5): a clip drops the same patch positions in all its frames, in training only."""

import torch
from torch import Tensor


def kept_patches(patches: int, ratio: float) -> int:
    """Number of a frame's patch tokens that a tube mask of this ratio keeps (at least one)."""
    return max(1, patches - round(patches * ratio))


def tube_mask(batch: int, patches: int, ratio: float, device: torch.device | None = None) -> Tensor:
    """Patch positions that each clip keeps, drawn from torch's global generator (none is drawn at ratio 0).

    Returns:
        (B, K) int64, ascending raster positions; K = `kept_patches(patches, ratio)`.
    """
    if ratio == 0:
        return torch.arange(patches, device=device).expand(batch, patches)
    order = torch.rand(batch, patches).argsort(dim=1)[:, : kept_patches(patches, ratio)]
    return order.sort(dim=1).values.to(device)
