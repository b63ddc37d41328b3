"""Clips in the form of Something-Something-V2: hands and things on a table, 12 frames a second, drawn.

The real clips have 240 rows; these have 96, to stay small.
"""

from collections.abc import Iterable

import cv2
import numpy as np

from lcr.synthetic.gestures import Take
from lcr.synthetic.hand import Hand, Pose
from lcr.synthetic.scene import LUMA, Performer, backdrop, grain, shoot
from lcr.synthetic.templates import REVERSE_OF, TEMPLATES, perform
from lcr.synthetic.things import Prop, colour_beside

HEIGHT, RATE = 96, 12


def labels() -> Iterable[str]:
    """The labels that can be drawn."""
    return (*TEMPLATES, *REVERSE_OF)


def props(label: str, draw: np.random.Generator, person: Performer) -> list[Prop]:
    """What a clip is played with, one prop for each [something]; in a clip's source this is drawn first."""
    template = TEMPLATES[REVERSE_OF.get(label, label)]
    level = float(person.wall.mean((0, 1)) @ LUMA)
    chosen: list[Prop] = []
    for kinds in template.slots:
        colour = colour_beside(level, draw)
        while any(colour == other.colour for other in chosen):
            colour = colour_beside(level, draw)
        chosen.append(Prop(str(draw.choice(kinds)), colour))
    return chosen


def table(person: Performer, height: int, width: int, draw: np.random.Generator) -> np.ndarray:
    """A table before a wall, out of focus: (H, W, 3) uint8 RGB."""
    rows, columns = 32, max(8, round(32 * width / height))
    small = cv2.resize(person.wall.astype(np.float32), (columns, rows), interpolation=cv2.INTER_LINEAR)
    edge = round(rows * (0.42 + draw.uniform(-0.04, 0.04)))
    top = person.shirt * 0.5 + person.wall.mean((0, 1)) * 0.5
    small[edge:] = 0.25 * small[edge:] + 0.75 * (top + np.linspace(-6, 10, rows - edge)[:, None, None])
    return backdrop(small, height, width, draw)


def draw_clip(label: str, draw: np.random.Generator, person: Performer) -> np.ndarray:
    """Frames (F, 96, W, 3) uint8 RGB of one template by one person; W is even, as video codecs want it."""
    with_what = props(label, draw, person)
    width = 2 * round(person.width * HEIGHT / 200)
    take = Take(draw, person)
    actors = perform(label, take, with_what)
    drawn = [Hand(actor, person.look, HEIGHT, width) if isinstance(actor, Pose) else actor for actor in actors]
    behind, noise = table(person, HEIGHT, width, draw), grain(min(person.noise, 2.0) / 3)

    def paint(frame: np.ndarray, index: int) -> None:
        for actor in drawn:
            actor.draw(frame, index)

    return shoot(behind, noise, take.count, draw, paint)
