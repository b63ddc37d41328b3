"""TSN: a 2-D network on a few frames of the clip, whose scores are averaged.

Wang et al., *Temporal Segment Networks*, ECCV 2016, arXiv:1608.00859, with BN-Inception (Ioffe and Szegedy, 2015,
arXiv:1502.03167, figure 5): eight segments of equal length, the middle frame of each, the mean of their scores. Printed
parameters are those of a head of 400 classes, and printed FLOPs those of frames of 224 × 224 pixels.
Departures: the middle frame of a segment in training too, in place of a random one, since the workbench draws the
clip's frames at random already; maxima are padded on both sides; the recipe of the study, the same for all methods.
The score does not depend on the order of the frames.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

from pydantic import Field

from lcr.methods.plan import Convolution, linear
from lcr.methods.systems import LayeredConfig, System

if TYPE_CHECKING:
    from torch import nn

LOGITS: Literal["frame", "clip"] = "clip"
TRAINS = True
SYSTEMS = {"tsn": System("TSN", "TSN", {}, {"width": 8})}
# Channels of each module: 1×1; 1×1 and 3×3; 1×1 and two of 3×3; 1×1 behind the pool, whose kind comes last.
# Modules without a first and a last convolution have a stride of 2.
ROWS: tuple[tuple[int, int, int, int, int, int, str], ...] = (
    (64, 64, 64, 64, 96, 32, "mean"),
    (64, 64, 96, 64, 96, 64, "mean"),
    (0, 128, 160, 64, 96, 0, "maximum"),
    (224, 64, 96, 96, 128, 128, "mean"),
    (192, 96, 128, 96, 128, 128, "mean"),
    (160, 128, 160, 128, 160, 128, "mean"),
    (96, 128, 192, 160, 192, 128, "mean"),
    (0, 128, 192, 192, 256, 0, "maximum"),
    (352, 192, 320, 160, 224, 128, "mean"),
    (352, 192, 320, 192, 224, 128, "maximum"),
)


class Inception(NamedTuple):
    """A module of four branches, whose outputs are concatenated; see `ROWS`."""

    inputs: int
    one: int
    before_three: int
    three: int
    before_double: int
    double: int
    pooled: int
    pool: str

    @property
    def stride(self) -> int:
        return 1 if self.one else 2

    @property
    def outputs(self) -> int:
        return self.one + self.three + self.double + (self.pooled or self.inputs)


class Config(LayeredConfig):
    """width: channels of the first convolution, with which all others scale. segments: frames that are read."""

    method: Literal["tsn"] = "tsn"
    width: int = Field(64, gt=0, multiple_of=2)
    segments: int = Field(8, gt=0)

    @property
    def stem(self) -> tuple[int, int, int]:
        """Channels of the first three convolutions, of 7×7, 1×1 and 3×3."""
        return self.width, self.width, 3 * self.width

    @property
    def modules(self) -> list[Inception]:
        """The Inception modules."""
        found, inputs = [], self.stem[-1]
        for *channels, pool in ROWS:
            found.append(Inception(inputs, *(int(one) * self.width // 64 for one in channels), pool))
            inputs = found[-1].outputs
        return found

    def frames_read(self, frames: int) -> list[int]:
        """The middle frame of each segment, of a clip of `frames` frames."""
        return [(2 * segment + 1) * frames // (2 * self.segments) for segment in range(self.segments)]

    def layers(self, frames: int) -> Iterator[Convolution]:
        one, two, three = self.stem
        yield Convolution(len(self.channels), one, 49, space=2, bias=True)
        yield Convolution(one, two, space=4, bias=True)
        yield Convolution(two, three, 9, space=4, bias=True)
        space = 8
        for module in self.modules:
            before, space = space, space * module.stride
            if module.one:
                yield Convolution(module.inputs, module.one, space=space, bias=True)
            yield Convolution(module.inputs, module.before_three, space=before, bias=True)
            yield Convolution(module.before_three, module.three, 9, space=space, bias=True)
            yield Convolution(module.inputs, module.before_double, space=before, bias=True)
            yield Convolution(module.before_double, module.double, 9, space=before, bias=True)
            yield Convolution(module.double, module.double, 9, space=space, bias=True)
            if module.pooled:
                yield Convolution(module.inputs, module.pooled, space=space, bias=True)
        yield linear(self.modules[-1].outputs, self.classes, time=1)

    def multiply_adds(self, frames: int) -> int:
        return super().multiply_adds(self.segments)


def build(config: Config) -> "nn.Module":
    from lcr.methods.networks.tsn import TSN

    return TSN(config)
