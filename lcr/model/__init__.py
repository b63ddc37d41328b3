"""The LCR model (§3). `LCR` is imported on first use, so that naming a configuration loads no torch."""

from typing import TYPE_CHECKING

from lcr.model.config import ModelConfig, Readings
from lcr.model.models import MODELS, model_by_name

if TYPE_CHECKING:
    from lcr.model.lcr import LCR

__all__ = ["LCR", "MODELS", "ModelConfig", "Readings", "model_by_name"]


def __getattr__(name: str) -> object:
    if name == "LCR":
        from lcr.model.lcr import LCR

        return LCR
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
