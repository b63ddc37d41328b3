"""The modules of the methods beside LCR; the only file of this room that loads torch.

A module is called as LCR is: frames (B, T, 3, S, S) in [0, 1], edges (B, T, 1, S, S) in {0, 1}, to logits of each clip
(B, 1, classes).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lcr.methods.base import ConvolutionConfig, MethodConfig


class Convolutions(nn.Module):
    """The network of `ConvolutionConfig`.

    Raises:
        ValueError: in a call, the frames are not of the configuration's size.
    """

    def __init__(self, config: ConvolutionConfig) -> None:
        super().__init__()
        self.config = config
        channels = list(config.channels)
        for name, values in (("mean", config.mean), ("std", config.std)):
            chosen = torch.tensor(values)[channels].view(-1, 1, 1)
            self.register_buffer(name, chosen, persistent=False)  # stands in the configuration
        width, blocks = len(channels), []
        for layer in config.layers:
            kernel, stride = (config.kernel, 3, 3), (layer.time, layer.space, layer.space)
            convolution = nn.Conv3d(width, layer.width, kernel, stride, (config.kernel // 2, 1, 1), bias=False)
            blocks += [convolution, nn.BatchNorm3d(layer.width), nn.ReLU()]
            width = layer.width
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(width, config.classes)

    def forward(self, frames: Tensor, edges: Tensor) -> Tensor:
        """Logits of each clip (B, 1, classes)."""
        size = self.config.frame_size
        if frames.ndim != 5 or frames.shape[2:] != (3, size, size):
            raise ValueError(f"frames: expected (B, T, 3, {size}, {size}), got {tuple(frames.shape)}")
        x = {"rgb": (frames,), "edges": (edges,), "both": (frames, edges)}[self.config.inputs]
        x = F.avg_pool2d(torch.cat(x, dim=2).flatten(0, 1), 2)  # before the normalisation, with which it commutes
        x = ((x - self.mean) / self.std).unflatten(0, frames.shape[:2]).transpose(1, 2)  # (B, C, T, S/2, S/2)
        return self.head(self.blocks(x).mean((2, 3, 4)))[:, None]


class Chance(nn.Module):
    """The same logits for each class and clip, (B, 1, classes); one parameter of size 0, so that weights exist."""

    def __init__(self, config: MethodConfig) -> None:
        super().__init__()
        self.config = config
        self.none = nn.Parameter(torch.zeros(0))

    def forward(self, frames: Tensor, edges: Tensor) -> Tensor:
        return frames.new_zeros(len(frames), 1, self.config.classes) + self.none.sum()
