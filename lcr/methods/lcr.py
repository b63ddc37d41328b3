"""LCR: LSTM cells over the frames, whose gate is a Cross-RWKV block with an edge prompt.

The model of *Video RWKV: Video Action Recognition based RWKV*, §3; see `lcr.model`.
"""

from typing import TYPE_CHECKING, Literal

from lcr.model.config import ModelConfig as Config

if TYPE_CHECKING:
    from torch import nn

LOGITS: Literal["frame", "clip"] = "frame"
TRAINS = True


def build(config: Config) -> "nn.Module":
    from lcr.model.lcr import LCR

    return LCR(config)
