"""Household things on a table: shapes that move, grow, turn, and open as their state goes 0 to 1."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lcr.synthetic.draw import ellipse, paint, rotation, shade
from lcr.synthetic.scene import COLOURS

Parts = list[tuple[np.ndarray, float]]  # polygon in units of the thing's height, y down; tone, negative for pale paper


def _polygon(*parts: tuple[float, float] | np.ndarray) -> np.ndarray:
    """A polygon of points (x, y) and curves (N, 2)."""
    return np.concatenate([np.atleast_2d(np.asarray(part, float)) for part in parts])


def _rect(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return _polygon((left, top), (right, top), (right, bottom), (left, bottom))


def _chest_lid(state):
    """The angle of a lid, and the height of the lid's edge."""
    swing = state * 2.1
    return swing, -0.02 - (0.55 * np.sin(swing) + 0.14 * (1 - np.cos(swing)) / 1.5)


def _laptop_lid(state):
    swing = state * 1.75
    return swing, 0.28 + 0.2 * np.cos(swing) - 0.75 * np.sin(swing)


LIDS = {"chest": _chest_lid, "laptop": _laptop_lid}


def _chest(state: float) -> Parts:
    """A box with a hinged lid."""
    swing, edge = _chest_lid(state)
    wide = 0.5 + 0.10 * np.sin(swing)
    return [(_polygon((-0.46, -0.12), (0.46, -0.12), (0.5, 0.04), (-0.5, 0.04)), 0.3),
            (_rect(-0.5, 0.04, 0.5, 0.5), 1.0),
            (_polygon((-0.46, -0.12), (0.46, -0.12), (wide, edge + 0.06), (-wide, edge + 0.06)),
             0.8 if state > 0.45 else 1.25)]  # fmt: skip


def _laptop(state: float) -> Parts:
    swing, edge = _laptop_lid(state)
    wide = 0.72 - 0.12 * np.sin(swing)
    lid = _polygon((-0.6, 0.28), (0.6, 0.28), (wide, edge), (-wide, edge))
    middle = np.array([0, lid[:, 1].mean()])
    return [(_polygon((-0.6, 0.28), (0.6, 0.28), (0.74, 0.5), (-0.74, 0.5)), 0.8),
            (_polygon((-0.52, 0.32), (0.52, 0.32), (0.58, 0.42), (-0.58, 0.42)), 0.45), (lid, 1.0),
            *([(middle + (lid - middle) * 0.82, -1.0)] if state > 0.2 else [])]  # fmt: skip


def _cloth(state: float) -> Parts:
    """A cloth held at the top; its hem waves."""
    x = np.linspace(-1, 1, 21)
    hem = np.stack([0.62 * x * (0.9 + 0.15 * state), 0.5 + 0.05 * np.cos(9 * x)], -1)
    folds = [(_polygon((0.05 * a, -0.40), (0.42 * a, 0.5), (0.34 * a, 0.52)), 0.78) for a in (-1.0, -0.3, 0.5, 1.2)]
    return [(_polygon((0.25, -0.45), (-0.25, -0.45), hem), 1.0), *folds]


def _sheet(side: int) -> Parts:
    """One half of a paper, its torn edge in zigzag."""
    edge = np.stack([0.035 * (-1.0) ** np.arange(11), np.linspace(-0.5, 0.5, 11)], -1)
    lines = [(_rect(0.26 * side - 0.16, at, 0.26 * side + 0.16, at + 0.03), 0.45) for at in (-0.3, -0.1, 0.1, 0.3)]
    return [(_polygon(edge, (0.5 * side, 0.5), (0.5 * side, -0.5)), 1.0), *lines]


MOVING: dict[str, Callable[[float], Parts]] = {"chest": _chest, "laptop": _laptop, "cloth": _cloth}
STILL: dict[str, Parts] = {
    "cup": [(_polygon(ellipse(0.36, -0.02, 0.26, 0.26), ellipse(0.36, -0.02, 0.15, 0.15)[::-1]), 0.8),
            (_polygon((-0.38, -0.42), (-0.30, 0.40), ellipse(0, 0.40, 0.30, 0.08, np.pi, 0), (0.38, -0.42)), 1.0),
            (_rect(-0.28, -0.3, -0.18, 0.35), 1.2), (ellipse(0, -0.42, 0.38, 0.10), 0.6)],
    "ball": [(ellipse(0, 0, 0.5, 0.5), 1.0), (ellipse(0, 0, 0.5, 0.5, -0.7, 0.7), 0.62),
             (ellipse(0, 0, 0.5, 0.5, np.pi - 0.7, np.pi + 0.7), 0.62), (ellipse(-0.16, -0.2, 0.1, 0.1), 1.3)],
    "bottle": [(_polygon((0.09, -0.5), (0.09, -0.28), (0.2, -0.08), (0.2, 0.5),
                         (-0.2, 0.5), (-0.2, -0.08), (-0.09, -0.28), (-0.09, -0.5)), 1.0),
               (_rect(-0.11, -0.56, 0.11, -0.42), 0.55), (_rect(-0.2, 0.05, 0.2, 0.3), 1.5),
               (_rect(-0.15, -0.05, -0.09, 0.47), 1.2)],
    "can": [(_polygon(ellipse(0, -0.42, 0.28, 0.08, np.pi, 2 * np.pi), ellipse(0, 0.42, 0.28, 0.08, 0, np.pi)), 1.0),
            (_rect(-0.28, -0.12, 0.28, 0.18), 1.45), (ellipse(0, -0.42, 0.28, 0.08), 0.65)],
    "box": [(_rect(-0.42, -0.25, 0.32, 0.45), 1.0),
            (_polygon((0.32, -0.25), (0.5, -0.42), (0.5, 0.25), (0.32, 0.45)), 0.7),
            (_polygon((-0.42, -0.25), (-0.24, -0.42), (0.5, -0.42), (0.32, -0.25)), 1.25)],
    "bowl": [(_polygon(ellipse(0, -0.28, 0.75, 0.2, np.pi, 0), (0.68, 0.05), (0.42, 0.42),
                       ellipse(0, 0.42, 0.42, 0.1, 0, np.pi), (-0.68, 0.05)), 1.0),
             (ellipse(-0.3, 0.12, 0.07, 0.16), 1.2)],
    "bowl back": [(ellipse(0, -0.28, 0.75, 0.2), 0.45)],
    "paper": _sheet(1),
    "paper left": _sheet(-1),
}  # fmt: skip
HALF_WIDTH = {"cup": 0.38, "ball": 0.5, "bottle": 0.2, "can": 0.28, "box": 0.45, "bowl": 0.75, "chest": 0.5}
HEIGHTS = {
    "cup": 0.32,
    "ball": 0.27,
    "bottle": 0.44,
    "can": 0.32,
    "box": 0.30,
    "chest": 0.36,
    "laptop": 0.46,
    "bowl": 0.32,
}


@dataclass(frozen=True)
class Prop:
    """A thing that a clip is played with, by kind and colour."""

    kind: str
    colour: str

    @property
    def name(self) -> str:
        """The words that annotations fill in for the prop, for instance "a red cup"."""
        return f"{'an' if self.colour[0] == 'o' else 'a'} {self.colour} {self.kind}"


@dataclass
class Thing:
    """A prop over F frames.

    Attributes:
        prop: its kind and colour.
        place: (F, 2) its middle, frame heights from the middle of the frame.
        scale: (F,) its height in frame heights.
        angle: (F,) turned clockwise, radians.
        state: (F,) 0 to 1, for what opens.
        squash: (F,) factor of its picture's height after turning, below 1 for what lies flat.
    """

    prop: Prop
    place: np.ndarray
    scale: np.ndarray
    angle: np.ndarray
    state: np.ndarray
    squash: np.ndarray

    def __getitem__(self, frames) -> "Thing":
        """The thing at some frames, for instance `thing[::-1]`: the same movement backward in time."""
        return Thing(self.prop, **{name: value[frames] for name, value in vars(self).items() if name != "prop"})

    def draw(self, frame: np.ndarray, index: int) -> None:
        """Draws the thing of frame `index` into frame, (H, W, 3) uint8, in place."""
        (height, width), kind, colour = frame.shape[:2], self.prop.kind, COLOURS[self.prop.colour]
        turn = rotation(self.angle[index]) * np.array([1.0, self.squash[index]]) * self.scale[index] * height
        middle = np.array([width, height]) / 2 + self.place[index] * height
        for polygon, tone in STILL[kind] if kind in STILL else MOVING[kind](float(self.state[index])):
            fill = shade(colour, tone) if tone > 0 else (225.0, 235.0, 240.0)
            paint(frame, polygon @ turn + middle, fill, shade(colour, 0.4))


def thing(prop: Prop, count: int, x, y, *, scale=None, angle=0.0, state=0.0, squash=1.0) -> Thing:
    """A Thing from numbers and (F,) arrays; `scale` in frame heights, by default the kind's own."""
    full = lambda value: np.broadcast_to(np.asarray(value, float), (count,)).copy()  # noqa: E731
    size = HEIGHTS[prop.kind] if scale is None else scale
    return Thing(prop, np.stack([full(x), full(y)], -1), full(size), full(angle), full(state), full(squash))
