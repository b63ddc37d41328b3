"""Colours of clothes and things, and the choice of one that stands out from a performer's room."""

import numpy as np

from lcr.synthetic.draw import Colour
from lcr.synthetic.scene import LUMA, Performer

COLOURS: dict[str, Colour] = {
    "red": (205, 45, 45), "orange": (235, 135, 40), "yellow": (240, 215, 70), "green": (60, 150, 70),
    "blue": (45, 90, 190), "purple": (120, 60, 150), "white": (238, 238, 232), "black": (42, 42, 46),
    "pink": (240, 150, 180), "light blue": (140, 200, 235), "brown": (110, 70, 40),
}  # fmt: skip


def colour_beside(person: Performer, draw: np.random.Generator) -> str:
    """The name of a random colour at least 45 grey levels from the performer's wall."""
    level = float(person.wall.mean((0, 1)) @ LUMA)
    return str(draw.choice([name for name, rgb in COLOURS.items() if abs(float(np.dot(rgb, LUMA)) - level) > 45]))
