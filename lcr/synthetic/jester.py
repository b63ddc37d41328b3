"""Clips in the form of 20BN-Jester: a person before a webcam, 12 frames a second, 100 rows, drawn."""

from collections.abc import Iterable

import numpy as np

from lcr.synthetic.gestures import GESTURES, REVERSE_OF, perform
from lcr.synthetic.hand import Hand, Pose
from lcr.synthetic.scene import Performer, grain, room, shoot

HEIGHT = 100


def draw_clip(label: str, draw: np.random.Generator, person: Performer) -> np.ndarray:
    """Frames (F, 100, W, 3) uint8 RGB of one gesture by one person."""
    return film(perform(label, draw, person), draw, person)


def film(pose: Pose, draw: np.random.Generator, person: Performer) -> np.ndarray:
    """Frames (F, 100, W, 3) uint8 RGB of a hand's movement before the person's room."""
    behind = room(person, HEIGHT, person.width, draw)
    hand = Hand(pose, person.look, HEIGHT, person.width)
    return shoot(behind, grain(person.noise), len(pose.size), draw, hand.draw)


def labels() -> Iterable[str]:
    """All 27 labels."""
    return (*GESTURES, *REVERSE_OF)
