"""MobileNetV3 + LSTM: a small 2-D network on each frame, and an LSTM over the frames.

Howard et al., *Searching for MobileNetV3*, ICCV 2019, arXiv:1905.02244, Tables 1 and 2: the features, and
an LSTM that the rows "MobileNet-Small" and "MobileNet-Large" of Table 2 do not describe. This project's choice: one
LSTM layer as wide as the printed parameters ask for, 362 and 1,371. The printed FLOPs of the small one are below those
of the features alone. Departures: the recipe of the study, the same for all methods; the weights of the LSTM, which are
no linear layers, have no weight decay.
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
TINY = {"scale": 0.25, "hidden": 48}
SYSTEMS = {
    "mobilenet-small-lstm": System(
        "MobileNetV3-Small + LSTM", "MobileNet-Small", {"size": "small", "hidden": 362}, TINY
    ),
    "mobilenet-large-lstm": System(
        "MobileNetV3-Large + LSTM", "MobileNet-Large", {"size": "large", "hidden": 1371}, TINY
    ),
}
STEM = 16  # channels of the first convolution
# Side of the depth-wise convolution, channels within and behind the block, squeeze-and-excitation, hard swish, stride.
ROWS: dict[str, tuple[tuple[int, int, int, bool, bool, int], ...]] = {
    "small": (
        (3, 16, 16, True, False, 2),
        (3, 72, 24, False, False, 2),
        (3, 88, 24, False, False, 1),
        (5, 96, 40, True, True, 2),
        (5, 240, 40, True, True, 1),
        (5, 240, 40, True, True, 1),
        (5, 120, 48, True, True, 1),
        (5, 144, 48, True, True, 1),
        (5, 288, 96, True, True, 2),
        (5, 576, 96, True, True, 1),
        (5, 576, 96, True, True, 1),
    ),
    "large": (
        (3, 16, 16, False, False, 1),
        (3, 64, 24, False, False, 2),
        (3, 72, 24, False, False, 1),
        (5, 72, 40, True, False, 2),
        (5, 120, 40, True, False, 1),
        (5, 120, 40, True, False, 1),
        (3, 240, 80, False, True, 2),
        (3, 200, 80, False, True, 1),
        (3, 184, 80, False, True, 1),
        (3, 184, 80, False, True, 1),
        (3, 480, 112, True, True, 1),
        (3, 672, 112, True, True, 1),
        (5, 672, 160, True, True, 2),
        (5, 960, 160, True, True, 1),
        (5, 960, 160, True, True, 1),
    ),
}


class Bottleneck(NamedTuple):
    """An inverted residual block: a 1×1 convolution to `within` channels, a depth-wise one, and a 1×1 one back.

    squeezed: channels of the squeeze-and-excitation's middle; 0 for none.
    """

    inputs: int
    within: int
    outputs: int
    side: int
    stride: int
    squeezed: int
    swish: bool


def eights(channels: float) -> int:
    """The multiple of 8 nearest to a number of channels, and no more than a tenth below it."""
    near = max(8, int(channels + 4) // 8 * 8)
    return near + 8 if near < 0.9 * channels else near


class Config(LayeredConfig):
    """size: the paper's small or large network. scale: of all channels but the LSTM's. hidden: the LSTM's width."""

    method: Literal["mobilenet_lstm"] = "mobilenet_lstm"
    size: Literal["small", "large"] = "small"
    scale: float = Field(1.0, gt=0, le=4)
    hidden: int = Field(362, gt=0)

    @property
    def stem(self) -> int:
        """Channels of the first convolution."""
        return eights(STEM * self.scale)

    @property
    def blocks(self) -> list[Bottleneck]:
        """The inverted residual blocks."""
        found, inputs = [], self.stem
        for side, within, outputs, squeezes, swish, stride in ROWS[self.size]:
            within, outputs = eights(within * self.scale), eights(outputs * self.scale)
            squeezed = eights(within / 4) if squeezes else 0
            found.append(Bottleneck(inputs, within, outputs, side, stride, squeezed, swish))
            inputs = outputs
        return found

    @property
    def features(self) -> int:
        """Channels of a frame's features: six times the last block's."""
        return 6 * self.blocks[-1].outputs

    def layers(self, frames: int) -> Iterator[Convolution]:
        space = 2
        yield Convolution(len(self.channels), self.stem, 9, space=space)
        for one in self.blocks:
            if one.within != one.inputs:
                yield Convolution(one.inputs, one.within, space=space)
            space *= one.stride
            yield Convolution(one.within, one.within, one.side**2, space=space, groups=one.within)
            if one.squeezed:
                yield linear(one.within, one.squeezed, time=1)
                yield linear(one.squeezed, one.within, time=1)
            yield Convolution(one.within, one.outputs, space=space)
        yield Convolution(self.blocks[-1].outputs, self.features, space=space)
        for inputs in (self.features, self.hidden):  # torch has a bias with each of the two matrices
            yield linear(inputs, 4 * self.hidden, time=1)
        yield linear(self.hidden, self.classes, time=1)


def build(config: Config) -> "nn.Module":
    from lcr.methods.networks.mobilenet_lstm import MobileNetLSTM

    return MobileNetLSTM(config)
