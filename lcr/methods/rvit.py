"""RViT: a vision transformer that keeps a hidden state of all tokens from frame to frame.

Yang et al., *Recurring the Transformer for Video Action Recognition*, CVPR 2022. Written from its equations: layer l
attends with W_x·LN(x + pos) + W_h·LN(h + pos), by linear attention with φ = ELU + 1 and no normaliser; its hidden state
grows by pos and the attention's output. Width 3·8² = 192, 4 layers, 8 heads, patches of 8: with these its matrices,
convolutions and norms have the printed 2.27 M parameters. The authors' code (MIT) was not copied. Departures: one table
of positions for all layers; the recipe of the study, the same for all methods, in place of AdamW at 1e-4 with steps.
"""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from lcr.methods.base import MethodConfig
from lcr.methods.systems import System

if TYPE_CHECKING:
    from torch import nn

LOGITS: Literal["frame", "clip"] = "frame"
TRAINS = True
SYSTEMS = {"rvit": System("RViT", "RViT-XL 32x3", {}, {"width": 48, "depth": 2, "patch": 12, "heads": 4})}


class Config(MethodConfig):
    """width: channels of a token."""

    method: Literal["rvit"] = "rvit"
    width: int = Field(192, gt=0)
    depth: int = Field(4, gt=0)
    patch: int = Field(8, gt=0)
    heads: int = Field(8, gt=0)

    @property
    def tokens(self) -> int:
        """Patches of a frame and the class token."""
        return (self.frame_size // self.patch) ** 2 + 1

    @property
    def bare(self) -> int:
        """Parameters outside matrices, convolutions and norms: class tokens and positions."""
        return self.width * (1 + self.depth + self.tokens)

    @property
    def parameters(self) -> int:
        c = self.width
        layer = 2 * (3 * c * c + 3 * c) + (c * c + c) + (8 * c * c + 5 * c) + 3 * 2 * c
        patches = (len(self.channels) * self.patch**2 + 1) * c
        return patches + self.depth * layer + self.bare + 2 * c + (c + 1) * self.classes

    def multiply_adds(self, frames: int) -> int:
        c, n = self.width, self.tokens
        layer = n * (6 + 1 + 8) * c * c + 2 * n * c * (c // self.heads)
        patches = (n - 1) * len(self.channels) * self.patch**2 * c
        return frames * (patches + self.depth * layer + c * self.classes)


def build(config: Config) -> "nn.Module":
    from lcr.methods.networks.rvit import RViT

    return RViT(config)
