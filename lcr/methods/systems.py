"""What the comparison methods share: their rows in Table 2, and counts from a list of layers. Free of torch."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from lcr.methods.base import MethodConfig
from lcr.methods.plan import Convolution, multiply_adds, parameters


class System(NamedTuple):
    """One system: its title, its row in Table 2, its settings at the paper's size, and those of its small twin.

    settings: fields of the method's configuration. tiny: further ones for clips of 48 × 48 pixels and 8 frames.
    """

    title: str
    row: str
    settings: dict[str, Any]
    tiny: dict[str, Any]


class LayeredConfig(MethodConfig):
    """A method whose parameters and multiply-adds are those of its convolutions and linear layers."""

    def layers(self, frames: int) -> Iterator[Convolution]:
        """The layers of a clip of `frames` frames."""
        raise NotImplementedError

    @property
    def parameters(self) -> int:
        return parameters(self.layers(1))

    def multiply_adds(self, frames: int) -> int:
        return multiply_adds(self.layers(frames), frames, self.frame_size)
