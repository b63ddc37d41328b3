"""3-D CNN: three convolutions over time and space, about 40,000 parameters.

A ceiling of cheap models that see time, in the manner of C3D (Tran et al., ICCV 2015, arXiv:1412.0767): 3×3×3
convolutions with batch norm, widths 12, 24 and 48, then the mean over frames and positions. Its size is this project's.
"""

from typing import TYPE_CHECKING, Literal

from lcr.methods.base import ConvolutionConfig

if TYPE_CHECKING:
    from torch import nn

LOGITS: Literal["frame", "clip"] = "clip"
TRAINS = True


class Config(ConvolutionConfig):
    """Convolutions that read three frames."""

    method: Literal["cnn3d"] = "cnn3d"
    kernel: Literal[3] = 3


def build(config: Config) -> "nn.Module":
    from lcr.methods.networks.convolutions import Convolutions

    return Convolutions(config)
