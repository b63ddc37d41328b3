"""Residual networks of convolutions split into space and time."""

from torch import Tensor, nn

from lcr.methods.networks.reader import Reader
from lcr.methods.r2plus1d import Config, between
from lcr.methods.residual import Block


def _normed(inputs: int, outputs: int, kernel: tuple[int, int, int], stride: tuple[int, int, int]) -> nn.Sequential:
    padding = tuple(side // 2 for side in kernel)
    return nn.Sequential(nn.Conv3d(inputs, outputs, kernel, stride, padding, bias=False), nn.BatchNorm3d(outputs))


def split(inputs: int, planes: int, outputs: int, side: int, *, time: int = 1, space: int = 1) -> nn.Sequential:
    """A convolution of side × side pixels to `planes` channels, ReLU, and one of 3 frames to `outputs`."""
    over_space = _normed(inputs, planes, (1, side, side), (1, space, space))
    return nn.Sequential(over_space, nn.ReLU(), _normed(planes, outputs, (3, 1, 1), (time, 1, 1)))


class Residual(nn.Module):
    """A residual block of two split convolutions."""

    def __init__(self, block: Block) -> None:
        super().__init__()
        inputs, planes, stride = block.inputs, block.planes, block.stride
        first = split(inputs, between(inputs, planes), planes, 3, time=stride, space=stride)
        self.body = nn.Sequential(first, nn.ReLU(), split(planes, between(planes, planes), planes, 3))
        shortcut = _normed(inputs, planes, (1, 1, 1), (stride,) * 3)
        self.shortcut = shortcut if block.projects else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return (self.body(x) + self.shortcut(x)).relu()


class R2Plus1D(nn.Module):
    """The network of `lcr.methods.r2plus1d`."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.reader = Reader(config)
        self.stem = nn.Sequential(split(len(config.channels), config.stem, config.width, 7, space=2), nn.ReLU())
        self.blocks = nn.Sequential(*map(Residual, config.blocks))
        self.head = nn.Linear(config.blocks[-1].outputs, config.classes)

    def forward(self, frames: Tensor, edges: Tensor) -> Tensor:
        """Logits of each clip (B, 1, classes)."""
        x = self.reader(frames, edges).transpose(1, 2)  # (B, C, T, S, S)
        return self.head(self.blocks(self.stem(x)).mean((2, 3, 4)))[:, None]
