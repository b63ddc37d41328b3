"""Named models: those of Table 1, and lcr-tiny and lcr-mini for the synthetic clips. This module loads no torch."""

from lcr.model.config import ModelConfig
from lcr.util.errors import unknown

# Table 1. Its Jester rows have 27 classes; its other rows serve Kinetics-400 (400) and SSv2 (174).
MODELS: dict[str, ModelConfig] = {
    "lcr-s-112": ModelConfig(frame_size=112, patch_size=8, depth=1, hidden=192, heads=4, classes=27),
    "lcr-base-112": ModelConfig(frame_size=112, patch_size=8, depth=2, hidden=384, heads=4, classes=27),
    "lcr-l-112": ModelConfig(frame_size=112, patch_size=8, depth=4, hidden=384, heads=4, classes=27),
    "lcr-base-224": ModelConfig(frame_size=224, patch_size=16, depth=4, hidden=768, heads=12, classes=400),
    "lcr-l-224": ModelConfig(frame_size=224, patch_size=16, depth=8, hidden=768, heads=12, classes=400),
    "lcr-xl-224": ModelConfig(frame_size=224, patch_size=16, depth=12, hidden=768, heads=12, classes=400),
    "lcr-tiny": ModelConfig(frame_size=48, patch_size=12, depth=2, hidden=48, heads=2, classes=12, tube_ratio=0.125),
    "lcr-mini": ModelConfig(frame_size=48, patch_size=12, depth=2, hidden=32, heads=2, classes=6, tube_ratio=0.0625),
}


def model_by_name(name: str) -> ModelConfig:
    """Configuration of a named model.

    Raises:
        InputError: no model has this name.
    """
    if name not in MODELS:
        raise unknown("model", name, MODELS)
    return MODELS[name]
