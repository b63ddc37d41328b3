"""Edge prompt (§3.3, eq. 9): x^e = Z(Canny(x_t)), Z a convolution that starts at zero."""

import numpy as np
import torch
from torch import Tensor, nn

from lcr.model.config import ModelConfig
from lcr.model.edges import edge_maps
from lcr.model.patches import PatchConv


def edges_of(frames: Tensor) -> Tensor:
    """Canny's edge maps (B, T, 1, S, S) in {0, 1}, float, of frames (B, T, 3, S, S) in [0, 1].

    The maps equal the loader's for frames that were uint8.
    """
    pixels = (frames.detach() * 255).round().clamp(0, 255).to("cpu", torch.uint8).numpy()
    maps = np.stack([edge_maps(clip) for clip in pixels]) if len(pixels) else pixels[:, :, :1]
    return torch.from_numpy(maps).to(frames.device, frames.dtype)


class EdgePrompt(nn.Module):
    """Edge tokens x^e of all frames at once; all layers share them unless Z is pointwise.

    Z is P×P with stride P on the edge map. In the `pointwise` reading a shared patch embedding comes first, and each
    layer has a 1×1 Z of its own. The class token's x^e is learned, zero at the start, or the mean of the edge tokens.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config, readings = config, config.readings
        self.conv = PatchConv(1, config.hidden, config.patch_size, config.patch_size)
        pointwise = readings.zero_conv == "pointwise"
        self.zero_convs = nn.ModuleList(
            [nn.Linear(config.hidden, config.hidden) for _ in range(config.depth)] if pointwise else []
        )
        if readings.edge_class_token == "learned":
            self.class_token = nn.Parameter(torch.zeros(config.hidden))
        if config.zero_init:
            for zero in self.zero_convs if pointwise else [self.conv]:
                nn.init.zeros_(zero.weight)
                nn.init.zeros_(zero.bias)

    def forward(self, edges: Tensor, keep: Tensor) -> list[Tensor]:
        """Edge tokens (T, B, K + 1, C) of each layer, the class token last.

        Args:
            edges: (T, B, 1, S, S) edge maps.
            keep: (B, K) kept positions.
        """
        tokens = self.conv(edges, keep)
        if not self.zero_convs:
            return [self._with_class_token(tokens)] * self.config.depth
        return [self._with_class_token(zero(tokens)) for zero in self.zero_convs]

    def _with_class_token(self, tokens: Tensor) -> Tensor:
        if self.config.readings.edge_class_token == "learned":
            own = self.class_token.expand(*tokens.shape[:2], 1, -1)
        else:
            own = tokens.mean(dim=2, keepdim=True)
        return torch.cat([tokens, own], dim=2)
