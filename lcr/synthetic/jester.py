"""Synthetic Jester: a person's hand before a webcam, as JPEG frames in folders and CSV files, 12 frames a second."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from lcr.synthetic.gestures import GESTURES, REVERSE_OF, perform
from lcr.synthetic.hand import Hand, Pose
from lcr.synthetic.plan import Clip, by_split, numbered
from lcr.synthetic.scene import Performer, backdrop, grain, shoot, wall

HEIGHT = 100
LABELS = (*GESTURES, *REVERSE_OF)
names = numbered


def annotate(folder: Path, labels: Sequence[str], clips: Sequence[Clip]) -> None:
    """Writes the label file and an annotation file a split."""
    files = {
        split: [clip.name if split == "test" else f"{clip.name};{clip.label}" for clip in found]
        for split, found in by_split(clips).items()
    }
    for name, lines in {"labels": labels, **files}.items():
        (folder / f"jester-v1-{name}.csv").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def write(folder: Path, clip: Clip) -> None:
    """Draws a clip and writes its frames."""
    out = folder / "20bn-jester-v1" / clip.name
    out.mkdir(parents=True)
    for index, frame in enumerate(draw(clip), start=1):
        _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), (cv2.IMWRITE_JPEG_QUALITY, 90))
        (out / f"{index:05d}.jpg").write_bytes(jpeg.tobytes())


def draw(clip: Clip) -> np.ndarray:
    """Frames (F, 100, W, 3) uint8 RGB of one gesture by one performer."""
    source, person = clip.start()
    return film(perform(clip.label, source, person), source, person)


def film(pose: Pose, source: np.random.Generator, person: Performer) -> np.ndarray:
    """Frames (F, 100, W, 3) uint8 RGB of a hand's movement before the performer's room."""
    behind, hand = room(person, HEIGHT, person.width, source), Hand(pose, person, HEIGHT, person.width)
    return shoot(behind, grain(person.noise), len(pose.size), source, [hand.draw])


def room(person: Performer, height: int, width: int, draw: np.random.Generator) -> np.ndarray:
    """The picture behind the hand, out of focus: (H, W, 3) uint8 RGB, with the person who sits there."""
    small = wall(person, height, width)
    rows, columns = small.shape[:2]
    at = lambda x, y: (int(columns / 2 + x * rows), int(rows / 2 + y * rows))  # noqa: E731
    for x, y, radius, lightness, tint in person.blobs:
        column, row = (min(max(place, 0), size - 1) for place, size in zip(at(x, y), (columns, rows), strict=True))
        colour = small[row, column] + lightness + np.array([tint, 0, -tint])
        cv2.circle(small, (column, row), int(radius * rows), np.clip(colour, 0, 255).tolist(), -1)
    x, y = person.place + draw.normal(0, 0.03, 2)
    face = 0.38 * person.skin + 0.62 * person.wall.mean((0, 1))  # the face sits in the shade, far behind the hand
    cv2.ellipse(small, at(x, y + 0.62), (int(0.42 * rows), int(0.48 * rows)), 0, 0, 360, person.shirt.tolist(), -1)
    cv2.ellipse(small, at(x, y - 0.20), (5, 6), 0, 0, 360, (0.4 * person.hair + 0.6 * face).tolist(), -1)
    cv2.ellipse(small, at(x, y - 0.12), (4, 5), 0, 0, 360, face.tolist(), -1)
    return backdrop(small, height, width, draw)
