"""Closed-form counts of convolutional methods, from the list of their layers. Free of torch."""

from collections.abc import Iterable
from typing import NamedTuple


class Convolution(NamedTuple):
    """A convolution or linear layer, by what its counts depend on.

    inputs, outputs: channels. kernel: positions of the input that an output reads, over time and space.
    time, space: strides of the layer's output against the clip; 0: one position for all, as after a mean.
    groups: of a grouped convolution. bias: a parameter an output channel. norm: a batch norm behind it.
    """

    inputs: int
    outputs: int
    kernel: int = 1
    time: int = 1
    space: int = 1
    groups: int = 1
    bias: bool = False
    norm: bool = True

    @property
    def weights(self) -> int:
        """Entries of its matrix."""
        return self.kernel * self.inputs * self.outputs // self.groups

    @property
    def parameters(self) -> int:
        """Weights, bias, and weight and bias of the norm."""
        return self.weights + self.outputs * (self.bias + 2 * self.norm)

    def multiply_adds(self, frames: int, size: int) -> int:
        """Multiply-adds of a clip of frames × size × size; strides halve upwards, as padded convolutions do."""
        times = -(-frames // self.time) if self.time else 1
        side = -(-size // self.space) if self.space else 1
        return self.weights * times * side**2


def linear(inputs: int, outputs: int, time: int = 0) -> Convolution:
    """A linear layer with bias after the mean over space: once a clip, or a frame where `time` is 1."""
    return Convolution(inputs, outputs, time=time, space=0, bias=True, norm=False)


def parameters(layers: Iterable[Convolution]) -> int:
    """Parameters of all layers."""
    return sum(layer.parameters for layer in layers)


def multiply_adds(layers: Iterable[Convolution], frames: int, size: int) -> int:
    """Multiply-adds of all layers on a clip of frames × size × size."""
    return sum(layer.multiply_adds(frames, size) for layer in layers)
