"""Chance: every class gets the same score.

The floor of every table: nothing is read, and its one step of training, which writes a log, changes nothing. All scores
tie, and a tie goes to the first class, so that on K classes of equal size the top-1 accuracy is exactly 1/K, the
expectation of a random guess.
"""

from typing import TYPE_CHECKING, Literal

from lcr.methods.base import MethodConfig

if TYPE_CHECKING:
    from torch import nn

LOGITS: Literal["frame", "clip"] = "clip"
TRAINS = False


class Config(MethodConfig):
    """No parameters and no multiply-adds."""

    method: Literal["chance"] = "chance"

    @property
    def parameters(self) -> int:
        return 0

    def multiply_adds(self, frames: int) -> int:
        return 0


def build(config: Config) -> "nn.Module":
    from lcr.methods.networks.chance import Chance

    return Chance(config)
