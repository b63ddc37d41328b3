"""3-D ResNet: residual blocks of convolutions over time and space.

Hara, Kataoka and Satoh, *Can Spatiotemporal 3D CNNs Retrace the History of 2D CNNs and ImageNet?*, CVPR 2018,
arXiv:1711.09577, whose code is under the MIT licence; squeeze-and-excitation: Hu et al., CVPR 2018, arXiv:1709.01507.
Written from the papers: a stem of 7×7×7 with stride (1, 2, 2), a 3×3×3 maximum with stride 2, four stages, the mean, a
linear layer; squeeze-and-excitation with biases and r = 16 on each block's output. Table 2's "SE-ResNet3D 32x3" is
taken for the network of 50 layers, since that has the printed parameters with a head of 174 classes.
Departures: the recipe of the study, the same for all methods, in place of SGD.
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
SQUEEZE = 16  # r: channels of a block's output over those of its excitation
TINY = {"width": 8, "stem": 3}
SYSTEMS = {
    "resnet3d-10": System("ResNet3D-10", "ResNet3D-10", {"depth": 10}, TINY),
    "resnet3d-18": System("ResNet3D-18", "ResNet3D-18", {"depth": 18}, TINY),
    "resnet3d-50": System("ResNet3D-50", "ResNet3D-50", {"depth": 50}, TINY),
    "se-resnet3d-50": System("SE-ResNet3D-50", "SE-ResNet3D 32x3", {"depth": 50, "squeeze": True}, TINY),
}


class Config(LayeredConfig):
    """A network of 10, 18 or 50 layers. width: channels of the stem. squeeze: with squeeze-and-excitation.

    stem: side of the first convolution's cube.
    """

    method: Literal["resnet3d"] = "resnet3d"
    depth: Literal[10, 18, 50] = 18
    squeeze: bool = False
    width: int = Field(64, gt=0)
    stem: Literal[3, 7] = 7

    @property
    def bottleneck(self) -> bool:
        """Whether a block has three convolutions, with four times the channels behind the last, or two."""
        return self.depth == 50

    @property
    def blocks(self) -> list[Block]:
        """The residual blocks."""
        stages = {10: (1, 1, 1, 1), 18: (2, 2, 2, 2), 50: (3, 4, 6, 3)}[self.depth]
        return list(blocks(stages, self.width, 4 if self.bottleneck else 1, time=2, space=4))

    def layers(self, frames: int) -> Iterator[Convolution]:
        yield Convolution(len(self.channels), self.width, self.stem**3, time=1, space=2)
        for one in self.blocks:
            before, after = (one.time // one.stride, one.space // one.stride), (one.time, one.space)
            if self.bottleneck:
                yield Convolution(one.inputs, one.planes, 1, *before)
                yield Convolution(one.planes, one.planes, 27, *after)
                yield Convolution(one.planes, one.outputs, 1, *after)
            else:
                yield Convolution(one.inputs, one.planes, 27, *after)
                yield Convolution(one.planes, one.outputs, 27, *after)
            if self.squeeze:
                yield linear(one.outputs, one.outputs // SQUEEZE)
                yield linear(one.outputs // SQUEEZE, one.outputs)
            if one.projects:
                yield Convolution(one.inputs, one.outputs, 1, *after)
        yield linear(self.blocks[-1].outputs, self.classes)


def build(config: Config) -> "nn.Module":
    from lcr.methods.networks.resnet3d import ResNet3D

    return ResNet3D(config)
