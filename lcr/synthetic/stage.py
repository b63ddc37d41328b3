"""Parts that all activities of Kinetics-400 share: the clip's random source, the person's clothes, floor and mat."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lcr.synthetic.draw import TAU, Colour, paint, shade

FRAMES = (44, 64)
RATE = 16
FLOOR = 0.42
Painter = Callable[[np.ndarray, int], None]  # draws into a frame, in place, for the index of the frame


@dataclass
class Outfit:
    """Colours (RGB) of a person: skin, hair, shirt, trousers, shoes."""

    skin: Colour
    hair: Colour
    shirt: Colour
    trousers: Colour
    shoes: Colour


class Stage:
    """One performance: a random source, the person's clothes and the picture's size.

    Args:
        draw: random source of the clip.
        outfit: what the person wears.
        light: unit vector towards the lamp.
        accent: colour of what is played with.
        height, width: of the picture, pixels.
    """

    def __init__(
        self, draw: np.random.Generator, outfit: Outfit, light: np.ndarray, accent: Colour, height: int, width: int
    ):
        self.draw, self.outfit, self.light, self.accent = draw, outfit, light, accent
        self.height, self.width = height, width
        self.count = int(draw.integers(FRAMES[0], FRAMES[1] + 1))
        self.size = draw.uniform(0.92, 1.06)
        self.facing = int(draw.choice([-1, 1]))
        self.x = float(np.clip(draw.normal(0, 0.04), -0.08, 0.08))
        self.pace = draw.uniform(0.85, 1.18)

    def beat(self, frames: float) -> np.ndarray:
        """(F,) angle of a cycle of so many frames, from a random phase."""
        return TAU * (self.draw.random() + np.arange(self.count) * self.pace / frames)

    def at(self, x, y) -> np.ndarray:
        """(F, 2) points from numbers and (F,) arrays."""
        return np.stack([np.broadcast_to(np.asarray(v, float), (self.count,)) for v in (x, y)], -1)

    def shape(self, frame: np.ndarray, points: np.ndarray, colour: Colour) -> None:
        """Paints a polygon (N, 2) given in frame heights."""
        middle = np.array([self.width, self.height]) / 2
        paint(frame, points * self.height + middle, colour, shade(colour, 0.45))

    def bar(self, frame: np.ndarray, a, b, thick: float, colour: Colour) -> None:
        """Paints a straight bar between two points in frame heights."""
        a, b = np.asarray(a, float), np.asarray(b, float)
        across = (b - a)[::-1] * [-1, 1] / max(np.hypot(*(b - a)), 1e-6) * thick / 2
        self.shape(frame, np.stack([a + across, b + across, b - across, a - across]), colour)

    def mat(self, frame: np.ndarray, index: int) -> None:
        """Paints a mat on the floor, in place."""
        self.shape(frame, np.add([[-0.6, 0], [0.6, 0], [0.66, 0.06], [-0.66, 0.06]], [self.x, FLOOR]), self.accent)

    def standing(self) -> tuple[float, np.ndarray]:
        """Height of the hips of someone who stands, and the two feet (2, F, 2)."""
        ankle = FLOOR - 0.03
        feet = np.stack([self.at(self.x + s * 0.075 * self.size, ankle) for s in (1, -1)])
        return ankle - 0.392 * self.size, feet
