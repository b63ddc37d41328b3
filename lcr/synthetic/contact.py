"""A contact sheet: one row of frames a class, so that one can see what is drawn."""

import textwrap
from pathlib import Path

import cv2
import numpy as np

from lcr.synthetic.disk import labels, render
from lcr.util.files import write_aside

COLUMNS, MARGIN, WORDS = 8, 4, 150  # frames a row, pixels between them, pixels for the label


def sheet(dataset: str, path: str | Path, seed: int = 0) -> None:
    """Writes a PNG with a row a class: its label and eight frames, evenly spaced from first to last.

    Raises:
        InputError: unknown dataset, or `path` cannot be written.
    """
    clips = {label: render(dataset, label, seed + row) for row, label in enumerate(labels(dataset))}
    width = max(clip.shape[2] for clip in clips.values())
    rows = []
    for label, clip in clips.items():
        height = clip.shape[1]
        row = np.full((height + MARGIN, WORDS + COLUMNS * (width + MARGIN), 3), 255, np.uint8)
        for line, words in enumerate(textwrap.wrap(label, 22)):
            at = (4, 20 + 17 * line)
            cv2.putText(row, words, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 1, cv2.LINE_AA)
        for column, index in enumerate(np.linspace(0, len(clip) - 1, COLUMNS).round().astype(int)):
            left = WORDS + column * (width + MARGIN) + (width - clip.shape[2]) // 2
            row[:height, left : left + clip.shape[2]] = clip[index]
        rows.append(row)
    picture = cv2.cvtColor(np.concatenate(rows), cv2.COLOR_RGB2BGR)
    with write_aside(path) as aside:
        _, png = cv2.imencode(".png", few_colours(picture), (cv2.IMWRITE_PNG_COMPRESSION, 9))
        aside.write_bytes(png.tobytes())


def few_colours(picture: np.ndarray) -> np.ndarray:
    """The picture with camera noise smoothed and 32 levels a channel: a PNG of it is a fifth as large."""
    smooth = cv2.bilateralFilter(picture, 5, 14, 3)
    return np.minimum((smooth.astype(np.uint16) + 4) // 8 * 8, 255).astype(np.uint8)
