"""3-D residual networks."""

from torch import Tensor, nn

from lcr.methods.networks.reader import Reader
from lcr.methods.residual import Block
from lcr.methods.resnet3d import SQUEEZE, Config


def convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """A cubic convolution without bias, and its batch norm."""
    padded = nn.Conv3d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
    return nn.Sequential(padded, nn.BatchNorm3d(outputs))


class Excitation(nn.Module):
    """Squeeze-and-excitation: each channel of (B, C, T, H, W) times a weight in (0, 1) from all the means."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weights = nn.Sequential(
            nn.Linear(width, width // SQUEEZE), nn.ReLU(), nn.Linear(width // SQUEEZE, width), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weights(x.mean((2, 3, 4)))[:, :, None, None, None]


class Residual(nn.Module):
    """A residual block of two or three convolutions."""

    def __init__(self, block: Block, config: Config) -> None:
        super().__init__()
        inputs, planes, outputs, stride = block.inputs, block.planes, block.outputs, block.stride
        if config.bottleneck:
            parts = [convolution(inputs, planes, 1), nn.ReLU(), convolution(planes, planes, 3, stride), nn.ReLU()]
            parts.append(convolution(planes, outputs, 1))
        else:
            parts = [convolution(inputs, planes, 3, stride), nn.ReLU(), convolution(planes, outputs, 3)]
        self.body = nn.Sequential(*parts, Excitation(outputs) if config.squeeze else nn.Identity())
        self.shortcut = convolution(inputs, outputs, 1, stride) if block.projects else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return (self.body(x) + self.shortcut(x)).relu()


class ResNet3D(nn.Module):
    """The network of `lcr.methods.resnet3d`."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.reader = Reader(config)
        side = config.stem
        stem = nn.Conv3d(len(config.channels), config.width, side, (1, 2, 2), padding=side // 2, bias=False)
        pool = nn.MaxPool3d(3, 2, padding=1)
        self.stem = nn.Sequential(stem, nn.BatchNorm3d(config.width), nn.ReLU(), pool)
        self.blocks = nn.Sequential(*(Residual(block, config) for block in config.blocks))
        self.head = nn.Linear(config.blocks[-1].outputs, config.classes)

    def forward(self, frames: Tensor, edges: Tensor) -> Tensor:
        """Logits of each clip (B, 1, classes)."""
        x = self.reader(frames, edges).transpose(1, 2)  # (B, C, T, S, S)
        return self.head(self.blocks(self.stem(x)).mean((2, 3, 4)))[:, None]
