"""The module that knows nothing."""

import torch
from torch import Tensor, nn

from lcr.methods.base import MethodConfig


class Chance(nn.Module):
    """The same logits for each class and clip, (B, 1, classes); one parameter of size 0, so that weights exist."""

    def __init__(self, config: MethodConfig) -> None:
        super().__init__()
        self.config = config
        self.none = nn.Parameter(torch.zeros(0))

    def forward(self, frames: Tensor, edges: Tensor) -> Tensor:
        return frames.new_zeros(len(frames), 1, self.config.classes) + self.none.sum()
