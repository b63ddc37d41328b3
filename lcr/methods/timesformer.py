"""TimeSformer: a vision transformer whose layers attend over time, then over space.

Bertasius, Wang and Torresani, *Is Space-Time Attention All You Need for Video Understanding?*, ICML 2021,
arXiv:2102.05095, divided attention. Table 2's "TimeSformer-L" has 4.8 M printed parameters, a twenty-fifth of that
model's; a network of width 192, 8 layers and patches of 8 has them, without the linear layer that the authors' code (CC
BY-NC 4.0, not copied) puts behind attention over time. Heads are not printed; 3 of 64 channels here. Printed FLOPs fit
neither. Departures: as said; the recipe of the study, the same for all methods.
"""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from lcr.methods.base import MethodConfig
from lcr.methods.systems import System

if TYPE_CHECKING:
    from torch import nn

LOGITS: Literal["frame", "clip"] = "clip"
TRAINS = True
SYSTEMS = {
    "timesformer": System(
        "TimeSformer", "TimeSformer-L", {}, {"width": 48, "depth": 2, "patch": 12, "heads": 3, "times": 8}
    ),
}


class Config(MethodConfig):
    """width: channels of a token. times: learned positions over time; other lengths of clips take the nearest."""

    method: Literal["timesformer"] = "timesformer"
    width: int = Field(192, gt=0)
    depth: int = Field(8, gt=0)
    patch: int = Field(8, gt=0)
    heads: int = Field(3, gt=0)
    times: int = Field(32, gt=0)

    @property
    def patches(self) -> int:
        """N: patches of a frame."""
        return (self.frame_size // self.patch) ** 2

    @property
    def parameters(self) -> int:
        c = self.width
        attention, mlp = 4 * c * c + 4 * c, 8 * c * c + 5 * c
        layer = 2 * attention + mlp + 3 * 2 * c
        embedding = (len(self.channels) * self.patch**2 + 1) * c + c * (1 + self.patches + 1 + self.times)
        return embedding + self.depth * layer + 2 * c + (c + 1) * self.classes

    def multiply_adds(self, frames: int) -> int:
        c, n = self.width, self.patches
        over_time = n * frames * 4 * c * c + n * frames**2 * 2 * c
        over_space = frames * (n + 1) * 4 * c * c + frames * (n + 1) ** 2 * 2 * c
        mlp = 8 * c * c
        embedding = n * frames * len(self.channels) * self.patch**2 * c
        patches = n * frames * (self.depth - 1)  # nothing reads those behind the last layer
        return embedding + self.depth * (over_time + over_space + mlp) + patches * mlp + c * self.classes


def build(config: Config) -> "nn.Module":
    from lcr.methods.networks.timesformer import TimeSformer

    return TimeSformer(config)
