"""The small convolutional network of the floors and ceilings."""

from torch import Tensor, nn
from torch.nn import functional as F

from lcr.methods.base import ConvolutionConfig
from lcr.methods.networks.reader import Reader


class Convolutions(nn.Module):
    """The network of `ConvolutionConfig`.

    Raises:
        ValueError: in a call, the frames are not of the configuration's size.
    """

    def __init__(self, config: ConvolutionConfig) -> None:
        super().__init__()
        self.config = config
        self.reader = Reader(config)
        width, blocks = len(config.channels), []
        for layer in config.layers:
            kernel, stride = (config.kernel, 3, 3), (layer.time, layer.space, layer.space)
            convolution = nn.Conv3d(width, layer.width, kernel, stride, (config.kernel // 2, 1, 1), bias=False)
            blocks += [convolution, nn.BatchNorm3d(layer.width), nn.ReLU()]
            width = layer.width
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(width, config.classes)

    def forward(self, frames: Tensor, edges: Tensor) -> Tensor:
        """Logits of each clip (B, 1, classes)."""
        x = self.reader.raw(frames, edges)
        x = F.avg_pool2d(x.flatten(0, 1), 2)  # before the normalisation, with which it commutes
        x = self.reader.normalised(x).unflatten(0, frames.shape[:2]).transpose(1, 2)  # (B, C, T, S/2, S/2)
        return self.head(self.blocks(x).mean((2, 3, 4)))[:, None]
