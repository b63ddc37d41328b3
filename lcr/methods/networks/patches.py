"""Patch tokens of the methods that read patches."""

from torch import Tensor, nn

from lcr.methods.base import MethodConfig
from lcr.methods.networks.reader import Reader


class Patches(nn.Module):
    """Tokens of the patches of each frame: frames and edges to (B, T, N, width), by a convolution of patch × patch."""

    def __init__(self, config: MethodConfig, patch: int, width: int) -> None:
        super().__init__()
        if config.frame_size % patch:
            raise ValueError(f"frame_size {config.frame_size} is no multiple of the patch size {patch}")
        self.reader = Reader(config)
        self.convolution = nn.Conv2d(len(config.channels), width, patch, patch)

    def forward(self, frames: Tensor, edges: Tensor) -> Tensor:
        tokens = self.convolution(self.reader(frames, edges).flatten(0, 1)).flatten(2).transpose(1, 2)
        return tokens.unflatten(0, frames.shape[:2])


def mlp(width: int) -> nn.Sequential:
    """Two linear layers with GELU between them, four times as wide within."""
    return nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
