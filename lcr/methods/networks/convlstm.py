"""Recurrent cells whose gates are convolutions."""

import torch
from torch import Tensor, nn

from lcr.methods.convlstm import Config
from lcr.methods.networks.reader import Reader


class ConvLSTM(nn.Module):
    """The network of `lcr.methods.convlstm`."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.reader = Reader(config)
        parts: list[nn.Module] = []
        for one in config.stem:
            convolution = nn.Conv2d(one.inputs, one.outputs, one.side, one.stride, one.side // 2, bias=False)
            parts += [convolution, nn.BatchNorm2d(one.outputs), nn.ReLU()]
        self.stem = nn.Sequential(*parts)
        self.gates = nn.Conv2d(2 * config.hidden, 4 * config.hidden, 3, padding=1)
        self.head = nn.Linear(config.hidden, config.classes)

    def forward(self, frames: Tensor, edges: Tensor) -> Tensor:
        """Logits of each frame (B, T, classes)."""
        features = self.stem(self.reader(frames, edges).flatten(0, 1)).unflatten(0, frames.shape[:2])
        h = c = torch.zeros_like(features[:, 0])
        means = []
        for x in features.unbind(1):
            i, f, o, g = self.gates(torch.cat([x, h], dim=1)).chunk(4, dim=1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
            means.append(h.mean((2, 3)))
        return self.head(torch.stack(means, dim=1))
