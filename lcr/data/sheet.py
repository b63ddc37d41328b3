"""A contact sheet: one row a class, a clip's frames from left to right, to see whether clips look like their labels."""

from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np

from lcr.data.decode import probe, read_frames
from lcr.data.formats.annotations import Annotations
from lcr.data.sampling import generator
from lcr.data.transforms import fit
from lcr.util.errors import InputError
from lcr.util.files import atomic_write, checked_name

TEXT_HEIGHT = 16


def contact_sheet(annotations: Annotations, root: Path, *, columns: int, height: int, seed: int) -> np.ndarray:
    """One usable clip of each class, in the order of the classes.

    Args:
        columns: frames a clip, evenly spaced from first to last.
        height: of a frame, in pixels; its proportions are kept.
        seed: decides which clips.

    Returns:
        (sheet height, sheet width, 3) uint8, RGB. Classes without a usable clip are left out.
    """
    strips, by_label = [], defaultdict(list)
    for row in annotations.rows:
        by_label[row.label].append(row)
    for label in annotations.classes:
        rows = by_label[label]
        for at in generator("sheet", seed, label).permutation(len(rows)):
            found = probe(root / rows[at].path)
            if found.status == "ok":
                numbers = np.linspace(0, found.frames - 1, columns).round().astype(int)
                strips.append(_strip(root / rows[at].path, numbers, height, f"{label}  ({rows[at].id})"))
                break
    width = max((strip.shape[1] for strip in strips), default=1)
    padded = [np.pad(strip, ((0, 0), (0, width - strip.shape[1]), (0, 0)), constant_values=255) for strip in strips]
    return np.concatenate(padded) if padded else np.full((1, 1, 3), 255, np.uint8)


def _strip(path: Path, numbers: np.ndarray, height: int, title: str) -> np.ndarray:
    def shrink(frame: np.ndarray) -> np.ndarray:
        return fit(frame, resize="short_side", side=max(1, height * min(*frame.shape[:2]) // frame.shape[0]))

    strip = np.concatenate(list(read_frames(path, numbers, shrink).transpose(0, 2, 3, 1)), axis=1)
    text = np.full((TEXT_HEIGHT, strip.shape[1], 3), 255, np.uint8)
    cv2.putText(text, title, (2, TEXT_HEIGHT - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1, cv2.LINE_AA)
    return np.concatenate([text, strip])


def write_sheet(sheet: np.ndarray, out: str | Path) -> None:
    """Writes a contact sheet as an image whose kind is the name's suffix, whole or not at all.

    Raises:
        InputError: `out` cannot be written to, the disk is full, or the locale has no such path.
    """
    with atomic_write(out) as aside:
        if not cv2.imwrite(checked_name(aside), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR)):
            raise InputError(f"cannot write {out}; is the disk full?")
