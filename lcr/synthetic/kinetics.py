"""Clips in the form of Kinetics-400: one person at an activity, drawn, as short MP4 files.

The real clips are ten seconds at some 25 frames a second and 256 rows and more; these are three to four seconds at 16
frames a second and 128 rows, to stay small. Their names claim ten seconds all the same, as the format has it.
"""

from collections.abc import Iterable

import cv2
import numpy as np

from lcr.synthetic.activities import ACTIVITIES
from lcr.synthetic.body import Outfit
from lcr.synthetic.scene import LUMA, Performer, backdrop, grain, shoot
from lcr.synthetic.stage import FLOOR, RATE, Stage
from lcr.synthetic.things import COLOURS, colour_beside

HEIGHT = 128
__all__ = ["HEIGHT", "RATE", "draw_clip", "labels"]


def labels() -> Iterable[str]:
    """The labels that can be drawn."""
    return tuple(ACTIVITIES)


def hall(person: Performer, height: int, width: int, draw: np.random.Generator) -> np.ndarray:
    """A floor before a wall, out of focus: (H, W, 3) uint8 RGB."""
    rows, columns = 32, max(8, round(32 * width / height))
    small = cv2.resize(person.wall.astype(np.float32), (columns, rows), interpolation=cv2.INTER_LINEAR)
    edge = round(rows * (0.5 + FLOOR - draw.uniform(0.10, 0.16)))
    small[edge:] += np.array([10, 4, -4]) + draw.uniform(-14, 14)
    return backdrop(small, height, width, draw)


def draw_clip(label: str, draw: np.random.Generator, person: Performer) -> np.ndarray:
    """Frames (F, 128, W, 3) uint8 RGB of one activity by one person; W is even, as video codecs want it."""
    width = 2 * round(max(person.width, 124) * HEIGHT / 200)
    level = float(person.wall.mean((0, 1)) @ LUMA)
    colour = lambda: COLOURS[colour_beside(level, draw)]  # noqa: E731
    outfit = Outfit(tuple(person.look.skin.tolist()), tuple(person.hair.tolist()), colour(), colour(), colour())
    stage = Stage(draw, outfit, person.look.light, colour(), HEIGHT, width)
    painters = ACTIVITIES[label](stage)
    behind, noise = hall(person, HEIGHT, width, draw), grain(min(person.noise, 2.0))

    def paint(frame: np.ndarray, index: int) -> None:
        for painter in painters:
            painter(frame, index)

    return shoot(behind, noise, stage.count, draw, paint)
