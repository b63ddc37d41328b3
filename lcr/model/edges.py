"""Canny's edge map with Otsu's thresholds (§3.3, eq. 9), for the loader and the model."""

import cv2
import numpy as np


def canny_otsu(frame: np.ndarray) -> np.ndarray:
    """Edge map (S, S) uint8 in {0, 1} of one frame (S, S, 3) uint8, RGB.

    Canny needs two thresholds: the upper one is Otsu's, the lower one half of it, the usual choice; the paper says only
    that both come from Otsu's method.
    """
    gray = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    high, _ = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return (cv2.Canny(gray, high / 2, high) > 0).view(np.uint8)


def edge_maps(frames: np.ndarray) -> np.ndarray:
    """Edge maps (T, 1, S, S) uint8 in {0, 1} of a clip (T, 3, S, S) uint8, RGB."""
    maps = [canny_otsu(np.ascontiguousarray(frame.transpose(1, 2, 0))) for frame in frames]
    height, width = frames.shape[-2:]
    return np.stack(maps)[:, None] if maps else np.zeros((0, 1, height, width), np.uint8)
