"""Imported: predictions that were made elsewhere, for the same clips.

`lcr import-predictions` reads them. There is no model: nothing is trained, no cost is counted, and the conditions that
ask whether a model sees time (last frame repeated, played backward) are not known.
"""

from typing import TYPE_CHECKING, Literal, Never

from lcr.methods.base import MethodConfig
from lcr.util.errors import InputError

if TYPE_CHECKING:
    from torch import nn

LOGITS: Literal["frame", "clip"] = "clip"
TRAINS = False
PREFIX = "imported:"


class Config(MethodConfig):
    """No parameters and no multiply-adds that are known."""

    method: Literal["imported"] = "imported"

    @property
    def parameters(self) -> int:
        return 0

    def multiply_adds(self, frames: int) -> int:
        return 0


def build(config: Config) -> "nn.Module":
    """Raises InputError: there is nothing to build."""
    return _nothing()


def _nothing() -> Never:
    raise InputError("this arm has predictions from elsewhere and no model; bring them in by lcr import-predictions")
