"""Bag of frames: a small 2-D CNN on each frame, averaged over frames.

The floor of models that see no time: the 3-D CNN of `cnn3d` without kernel and stride over time, so that the order of
the frames cannot change a logit. A clip and its time reverse get the same scores. Design of this project.
"""

from typing import TYPE_CHECKING, Literal

from lcr.methods.base import ConvolutionConfig

if TYPE_CHECKING:
    from torch import nn

LOGITS: Literal["frame", "clip"] = "clip"
TRAINS = True


class Config(ConvolutionConfig):
    """Convolutions that read one frame."""

    method: Literal["bag_of_frames"] = "bag_of_frames"
    kernel: Literal[1] = 1


def build(config: Config) -> "nn.Module":
    from lcr.methods.networks.convolutions import Convolutions

    return Convolutions(config)
