"""Typed configurations of the methods beside LCR, with their closed-form counts. Free of torch."""

from typing import Literal, NamedTuple

from pydantic import Field

from lcr.util.schema import Frozen

Inputs = Literal["rgb", "edges", "both"]
Channels = tuple[float, float, float, float]  # R, G, B, edge


class Layer(NamedTuple):
    """A 3-D convolution with batch norm: output channels, and the strides over time and over space."""

    width: int
    time: int
    space: int


class MethodConfig(Frozen):
    """Configuration of a method beside LCR.

    frame_size: S. inputs: frames, edge maps, or both. mean, std: of the channels R, G, B and edge, which normalise the
    input.
    """

    method: str
    frame_size: int = Field(gt=0)
    classes: int = Field(gt=0)
    inputs: Inputs = "both"
    mean: Channels = (0.5, 0.5, 0.5, 0.0)
    std: Channels = (0.25, 0.25, 0.25, 1.0)

    @property
    def channels(self) -> tuple[int, ...]:
        """The channels that the method reads, of R, G, B and edge."""
        return {"rgb": (0, 1, 2), "edges": (3,), "both": (0, 1, 2, 3)}[self.inputs]

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        raise NotImplementedError

    def multiply_adds(self, frames: int) -> int:
        """Multiply-adds of one view of `frames` frames."""
        raise NotImplementedError


class ConvolutionConfig(MethodConfig):
    """A small convolutional network: 2×2 average pool, three 3-D convolutions of size kernel×3×3, mean, linear layer.

    kernel: frames that a convolution reads; 1 for a network without time, whose strides over time are 1.
    """

    kernel: Literal[1, 3]

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The three convolutions."""
        stride = 1 if self.kernel == 1 else 2
        return Layer(12, 1, 2), Layer(24, stride, 2), Layer(48, stride, 2)

    @property
    def parameters(self) -> int:
        """Convolutions without bias, batch norms with weight and bias, and the linear layer."""
        width, total = len(self.channels), 0
        for layer in self.layers:
            total += layer.width * (width * self.kernel * 9 + 2)
            width = layer.width
        return total + (width + 1) * self.classes

    def multiply_adds(self, frames: int) -> int:
        """Multiply-adds of the convolutions and the linear layer; pool, norms and means are elementwise."""
        width, size, total = len(self.channels), self.frame_size // 2, 0
        for layer in self.layers:
            frames, size = -(-frames // layer.time), -(-size // layer.space)
            total += layer.width * width * self.kernel * 9 * frames * size**2
            width = layer.width
        return total + width * self.classes
