"""ConvLSTM: a recurrent cell whose gates are convolutions, on the features of each frame.

Shi et al., *Convolutional LSTM Network*, NeurIPS 2015, arXiv:1506.04214, without its peephole weights. The paper
does not say which network its row "ConvLSTM" is, and no known one has the printed numbers; this is a candidate of this
project: four stages of 3×3 convolutions on each frame (the first 7×7), 256 features at an eighth of the size, and one
cell with 256 channels and a 3×3 convolution over [x, h]. It has the printed parameters, and 11% fewer multiply-adds
than printed. Departures: the recipe of the study, the same for all methods.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

from pydantic import Field

from lcr.methods.plan import Convolution, linear
from lcr.methods.systems import LayeredConfig, System

if TYPE_CHECKING:
    from torch import nn

LOGITS: Literal["frame", "clip"] = "frame"
TRAINS = True
SYSTEMS = {"convlstm": System("ConvLSTM", "ConvLSTM", {}, {"width": 8})}


class Stem(NamedTuple):
    """A convolution with batch norm on each frame."""

    inputs: int
    outputs: int
    side: int
    stride: int


class Config(LayeredConfig):
    """width: channels of the first convolution; the cell has four times as many."""

    method: Literal["convlstm"] = "convlstm"
    width: int = Field(64, gt=0)

    @property
    def hidden(self) -> int:
        """Channels of the features, of h and of c."""
        return 4 * self.width

    @property
    def stem(self) -> list[Stem]:
        """The convolutions on each frame."""
        one, two, four = self.width, 2 * self.width, 4 * self.width
        first = [Stem(len(self.channels), one, 7, 2), Stem(one, two, 3, 2), Stem(two, two, 3, 1), Stem(two, four, 3, 2)]
        return [*first, *[Stem(four, four, 3, 1)] * 4]

    def layers(self, frames: int) -> Iterator[Convolution]:
        space = 1
        for one in self.stem:
            space *= one.stride
            yield Convolution(one.inputs, one.outputs, one.side**2, space=space)
        yield Convolution(2 * self.hidden, 4 * self.hidden, 9, space=space, bias=True, norm=False)
        yield linear(self.hidden, self.classes, time=1)


def build(config: Config) -> "nn.Module":
    from lcr.methods.networks.convlstm import ConvLSTM

    return ConvLSTM(config)
