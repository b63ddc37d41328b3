"""R(2+1)D: residual blocks whose convolutions are split into one over space and one over time.

Tran et al., *A Closer Look at Spatiotemporal Convolutions for Action Recognition*, CVPR 2018, arXiv:1711.11248.
Written from the paper: a stem of 1×7×7 to 45 channels with stride 2 and 3×1×1 to 64, no pooling, 34 layers in four
stages. A 3×3×3 convolution of i to o channels is 1×3×3 to M and 3×1×1 to o, with M = ⌊27io / (9i + 3o)⌋, so that
both have about as many parameters. Table 2's "R(2+1)D-RGB" is taken for the network of 34 layers, since that has the
printed parameters with a head of 174 classes; its printed FLOPs are a ninth of this network's.
Departures: the recipe of the study, the same for all methods, in place of SGD. The small twin has 10 layers.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from lcr.methods.plan import Convolution, linear
from lcr.methods.residual import Block, blocks
from lcr.methods.systems import LayeredConfig, System

if TYPE_CHECKING:
    from torch import nn

LOGITS: Literal["frame", "clip"] = "clip"
TRAINS = True
SYSTEMS = {"r2plus1d": System("R(2+1)D-34", "R(2+1)D-RGB", {}, {"depth": 10, "width": 8})}


def between(inputs: int, outputs: int) -> int:
    """M: channels between the convolution over space and the one over time."""
    return 27 * inputs * outputs // (9 * inputs + 3 * outputs)


class Config(LayeredConfig):
    """A network of 10 or 34 layers. width: channels behind the stem."""

    method: Literal["r2plus1d"] = "r2plus1d"
    depth: Literal[10, 34] = 34
    width: int = Field(64, ge=4)

    @property
    def stem(self) -> int:
        """Channels between the two convolutions of the stem: 45 for a width of 64."""
        return 45 * self.width // 64

    @property
    def blocks(self) -> list[Block]:
        """The residual blocks."""
        stages = {10: (1, 1, 1, 1), 34: (3, 4, 6, 3)}[self.depth]
        return list(blocks(stages, self.width, 1, time=1, space=2))

    def layers(self, frames: int) -> Iterator[Convolution]:
        yield Convolution(len(self.channels), self.stem, 49, space=2)
        yield Convolution(self.stem, self.width, 3, space=2)
        for one in self.blocks:
            for inputs, stride in ((one.inputs, one.stride), (one.planes, 1)):
                planes = between(inputs, one.planes)
                yield Convolution(inputs, planes, 9, one.time // stride, one.space)
                yield Convolution(planes, one.planes, 3, one.time, one.space)
            if one.projects:
                yield Convolution(one.inputs, one.outputs, 1, one.time, one.space)
        yield linear(self.blocks[-1].outputs, self.classes)


def build(config: Config) -> "nn.Module":
    from lcr.methods.networks.r2plus1d import R2Plus1D

    return R2Plus1D(config)
