"""MobileNetV3 on each frame, an LSTM over the frames."""

from torch import Tensor, nn

from lcr.methods.mobilenet_lstm import Bottleneck, Config
from lcr.methods.networks.reader import Reader


def convolution(inputs: int, outputs: int, side: int = 1, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """A convolution without bias, and its batch norm."""
    padded = nn.Conv2d(inputs, outputs, side, stride, side // 2, groups=groups, bias=False)
    return nn.Sequential(padded, nn.BatchNorm2d(outputs))


class Excitation(nn.Module):
    """Squeeze-and-excitation with a hard sigmoid: (N, C, H, W) times a weight in [0, 1] of each channel."""

    def __init__(self, width: int, squeezed: int) -> None:
        super().__init__()
        self.weights = nn.Sequential(
            nn.Linear(width, squeezed), nn.ReLU(), nn.Linear(squeezed, width), nn.Hardsigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weights(x.mean((2, 3)))[:, :, None, None]


class InvertedResidual(nn.Module):
    """A block of MobileNetV3, with a shortcut where its output has its input's shape."""

    def __init__(self, block: Bottleneck) -> None:
        super().__init__()
        activation = nn.Hardswish if block.swish else nn.ReLU
        parts: list[nn.Module] = []
        if block.within != block.inputs:
            parts += [convolution(block.inputs, block.within), activation()]
        parts += [convolution(block.within, block.within, block.side, block.stride, block.within), activation()]
        if block.squeezed:
            parts.append(Excitation(block.within, block.squeezed))
        self.body = nn.Sequential(*parts, convolution(block.within, block.outputs))
        self.adds = block.stride == 1 and block.inputs == block.outputs

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.adds else self.body(x)


class MobileNetLSTM(nn.Module):
    """The network of `lcr.methods.mobilenet_lstm`."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.reader = Reader(config)
        last = convolution(config.blocks[-1].outputs, config.features)
        self.features = nn.Sequential(
            *(convolution(len(config.channels), config.stem, 3, 2), nn.Hardswish()),
            *map(InvertedResidual, config.blocks),
            *(last, nn.Hardswish()),
        )
        self.lstm = nn.LSTM(config.features, config.hidden, batch_first=True)
        self.head = nn.Linear(config.hidden, config.classes)

    def forward(self, frames: Tensor, edges: Tensor) -> Tensor:
        """Logits of each frame (B, T, classes)."""
        features = self.features(self.reader(frames, edges).flatten(0, 1)).mean((2, 3))
        return self.head(self.lstm(features.unflatten(0, frames.shape[:2]))[0])
