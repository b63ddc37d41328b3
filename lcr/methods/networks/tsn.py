"""BN-Inception on a few frames."""

import torch
from torch import Tensor, nn

from lcr.methods.networks.reader import Reader
from lcr.methods.tsn import Config, Inception


def convolution(inputs: int, outputs: int, side: int = 1, stride: int = 1) -> nn.Sequential:
    """A convolution with bias, batch norm and ReLU."""
    padded = nn.Conv2d(inputs, outputs, side, stride, side // 2)
    return nn.Sequential(padded, nn.BatchNorm2d(outputs), nn.ReLU())


class Module(nn.Module):
    """The branches of one Inception module."""

    def __init__(self, of: Inception) -> None:
        super().__init__()
        pool = nn.AvgPool2d if of.pool == "mean" else nn.MaxPool2d
        branches = [
            nn.Sequential(
                convolution(of.inputs, of.before_three), convolution(of.before_three, of.three, 3, of.stride)
            ),
            nn.Sequential(
                convolution(of.inputs, of.before_double),
                convolution(of.before_double, of.double, 3),
                convolution(of.double, of.double, 3, of.stride),
            ),
            nn.Sequential(pool(3, of.stride, 1), convolution(of.inputs, of.pooled) if of.pooled else nn.Identity()),
        ]
        if of.one:
            branches.insert(0, convolution(of.inputs, of.one))
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], dim=1)


class TSN(nn.Module):
    """The network of `lcr.methods.tsn`."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.reader = Reader(config)
        one, two, three = config.stem
        self.features = nn.Sequential(
            *(convolution(len(config.channels), one, 7, 2), nn.MaxPool2d(3, 2, 1)),
            *(convolution(one, two), convolution(two, three, 3), nn.MaxPool2d(3, 2, 1)),
            *map(Module, config.modules),
        )
        self.head = nn.Linear(config.modules[-1].outputs, config.classes)

    def forward(self, frames: Tensor, edges: Tensor) -> Tensor:
        """Logits of each clip (B, 1, classes)."""
        read = self.config.frames_read(frames.shape[1])
        x = self.reader(frames[:, read], edges[:, read])
        scores = self.head(self.features(x.flatten(0, 1)).mean((2, 3)))
        return scores.unflatten(0, x.shape[:2]).mean(1, keepdim=True)
