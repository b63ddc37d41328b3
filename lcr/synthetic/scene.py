"""Performers with their rooms and cameras, and the filming of a clip."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from lcr.synthetic.draw import Colour, unit

SKINS = np.array([[246, 214, 190], [236, 192, 160], [222, 172, 134], [198, 146, 108], [160, 110, 78], [116, 78, 56],
                  [84, 56, 42]], float)  # fmt: skip
COLOURS: dict[str, Colour] = {  # of clothes and things
    "red": (205, 45, 45), "orange": (235, 135, 40), "yellow": (240, 215, 70), "green": (60, 150, 70),
    "blue": (45, 90, 190), "purple": (120, 60, 150), "white": (238, 238, 232), "black": (42, 42, 46),
    "pink": (240, 150, 180), "light blue": (140, 200, 235), "brown": (110, 70, 40),
}  # fmt: skip
LUMA = np.array([0.299, 0.587, 0.114])
_NOISE = np.random.default_rng(20170519).standard_normal((144, 240, 3)).astype(np.float32)


@dataclass
class Performer:
    """Body, clothes, room and camera of a person, the same in all of the person's clips."""

    skin: np.ndarray  # colours are RGB
    sleeve: np.ndarray
    light: np.ndarray  # unit vector in the picture towards the lamp
    bare: float  # hands of bare forearm before the sleeve begins
    stout: float  # thickness of fingers and arm
    side: int  # +1 or -1, which hand
    size: float  # length of the hand, frame heights
    pace: float  # multiplies the speed of every movement
    width: int  # of the camera's picture, pixels at 100 rows
    noise: float  # of the camera, grey levels
    wall: np.ndarray  # (2, 2, 3) colours of the room's corners
    shirt: np.ndarray
    hair: np.ndarray
    place: np.ndarray  # (2,) where the person sits, frame heights
    blobs: np.ndarray  # (3, 5) x, y, radius, lightness, tint: blurred things in the room


def performer(number: int, seed: int) -> Performer:
    """The performer of a number in the cast of a seed.

    The room and the shirt are kept some sixty grey levels away from the skin, so that the hand stands out.
    """
    draw = np.random.default_rng([seed, 71, number])
    at = draw.uniform(0, len(SKINS) - 1)
    skin = SKINS[int(at)] + (at % 1) * (SKINS[min(int(at) + 1, len(SKINS) - 1)] - SKINS[int(at)])
    skin = np.clip(skin * draw.uniform(0.95, 1.05), 0, 250)
    span = (15, skin @ LUMA - 75) if skin @ LUMA > 125 else (skin @ LUMA + 75, 235)
    level = draw.uniform(*span)

    def tinted(around: float, colour: float) -> np.ndarray:
        tint = draw.normal(0, colour, 3)
        return np.clip(around + (tint - tint @ LUMA), 4, 250)

    inside = lambda grey: float(np.clip(grey, *span))  # noqa: E731
    wall = np.stack([tinted(inside(level + draw.normal(0, 14)), 10) for _ in range(4)]).reshape(2, 2, 3)
    shirt = tinted(inside(level + draw.normal(0, 25)), 18)
    apart = -1 if shirt @ LUMA > 128 else 1
    sleeve = tinted(float(np.clip(shirt @ LUMA + apart * draw.uniform(35, 70), 10, 240)), 25)
    return Performer(
        skin=skin,
        sleeve=sleeve,
        light=unit(draw.uniform(-2.6, -0.5)),
        bare=draw.uniform(0.15, 0.5),
        stout=draw.uniform(0.9, 1.1),
        side=1 if draw.random() < 0.7 else -1,
        size=draw.uniform(0.42, 0.54),
        pace=draw.uniform(0.88, 1.14),
        width=int(draw.choice([100, 124, 132, 150, 176])),
        noise=draw.uniform(1.0, 4.0),
        wall=wall,
        shirt=shirt,
        hair=tinted(draw.uniform(20, 90), 12),
        place=np.array([draw.normal(0, 0.12), draw.uniform(-0.05, 0.12)]),
        blobs=np.stack([draw.uniform(*r, 3) for r in ((-0.8, 0.8), (-0.5, 0.3), (0.1, 0.3), (-20, 20), (-8, 8))], 1),
    )


def colour_beside(person: Performer, draw: np.random.Generator) -> str:
    """The name of a random colour at least 45 grey levels from the performer's wall."""
    level = float(person.wall.mean((0, 1)) @ LUMA)
    return str(draw.choice([name for name, rgb in COLOURS.items() if abs(float(np.dot(rgb, LUMA)) - level) > 45]))


def wall(person: Performer, height: int, width: int) -> np.ndarray:
    """The wall of a performer's room, as a small picture (32, w, 3) float with the proportions of height and width."""
    columns = max(8, round(32 * width / height))
    return cv2.resize(person.wall.astype(np.float32), (columns, 32), interpolation=cv2.INTER_LINEAR)


def backdrop(small: np.ndarray, height: int, width: int, draw: np.random.Generator) -> np.ndarray:
    """A small picture (32, w, 3) float as the camera sees it behind the scene: blurred, enlarged, exposure varied."""
    large = cv2.resize(cv2.GaussianBlur(small, (0, 0), 2.0), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(large * draw.uniform(0.93, 1.07), 0, 255).astype(np.uint8)


def grain(strength: float) -> np.ndarray:
    """A camera's noise of `strength` grey levels, int16 and larger than a picture, to be cut at random positions."""
    return (_NOISE * strength).round().astype(np.int16)


def shoot(
    behind: np.ndarray,
    noise: np.ndarray,
    count: int,
    draw: np.random.Generator,
    painters: Sequence[Callable[[np.ndarray, int], object]],
) -> np.ndarray:
    """Films a clip: `count` frames (F, H, W, 3) uint8 of the picture behind, painted over, with camera noise.

    Args:
        noise: of `grain`, cut at a random position for each frame.
        painters: functions of (frame, index) that paint into the frame in place, in this order.
    """
    height, width = behind.shape[:2]
    frames = np.empty((count, *behind.shape), np.uint8)
    places = (draw.integers(0, more + 1, count).tolist() for more in np.subtract(noise.shape, behind.shape)[:2])
    for index, (frame, row, column) in enumerate(zip(frames, *places, strict=True)):
        frame[:] = behind
        for paint in painters:
            paint(frame, index)
        cv2.add(frame, noise[row : row + height, column : column + width], dst=frame, dtype=cv2.CV_8U)
    return frames
