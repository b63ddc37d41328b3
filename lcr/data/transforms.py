"""Resizes and crops: from a decoded frame to S×S (paper §4.1).

Jester's frames are resized straight to S×S. Those of Kinetics-400 and SSv2 are resized to a short side, then cropped:
at random in training, at the centre or at three positions along the longer side in testing.
"""

from functools import partial
from typing import Literal

import cv2
import numpy as np

from lcr.config.study import DataConfig
from lcr.util.errors import InputError


def fit(frame: np.ndarray, *, resize: Literal["square", "short_side"], side: int) -> np.ndarray:
    """Resizes one frame, (H, W, 3) uint8, to side×side, or to a shorter side of `side` with its proportions kept."""
    height, width = frame.shape[:2]
    scale = side / min(height, width)
    short = max(side, round(width * scale)), max(side, round(height * scale))
    target = (side, side) if resize == "square" else short
    smaller = target[0] * target[1] < width * height
    return cv2.resize(frame, target, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)


def fitting(data: DataConfig, size: int) -> partial[np.ndarray]:
    """`fit` as a study's data configuration wants it.

    Args:
        size: S, the model's frame size.

    Raises:
        InputError: the crop would be larger than the resized frame.
    """
    if data.resize == "short_side" and data.short_side < size:
        raise InputError(f"short_side {data.short_side} is smaller than the model's frame size {size}; no crop fits")
    return partial(fit, resize=data.resize, side=size if data.resize == "square" else data.short_side)


def random_crop(height: int, width: int, size: int, random: np.random.Generator) -> tuple[int, int]:
    """(top, left) of a random S×S crop."""
    return int(random.integers(height - size + 1)), int(random.integers(width - size + 1))


def view_crop(height: int, width: int, size: int, crop: int, crops: int) -> tuple[int, int]:
    """(top, left) of crop number `crop` of `crops`: one at the centre, or three along the longer side."""
    top, left = (height - size) // 2, (width - size) // 2
    if crops == 1:
        return top, left
    along = crop * (max(height, width) - size) // (crops - 1)
    return (top, along) if width >= height else (along, left)
