"""Household things on a table: shapes that move, grow, turn, and open as their state goes 0 to 1."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lcr.synthetic.colours import COLOURS
from lcr.synthetic.draw import ellipse, paint, shade

Parts = list[tuple[np.ndarray, float]]  # polygon in units of the thing's height, y down; tone, negative for pale paper


def _quad(*points: tuple[float, float]) -> np.ndarray:
    return np.array(points, float)


def _rect(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return _quad((left, top), (right, top), (right, bottom), (left, bottom))


def _cup(state: float) -> Parts:
    ring = np.concatenate([ellipse(0.36, -0.02, 0.26, 0.26), ellipse(0.36, -0.02, 0.15, 0.15)[::-1]])
    body = np.concatenate([_quad((-0.38, -0.42), (-0.30, 0.40)), ellipse(0, 0.40, 0.30, 0.08, np.pi, 0)])
    return [(ring, 0.8), (np.concatenate([body, _quad((0.38, -0.42))]), 1.0), (_rect(-0.28, -0.3, -0.18, 0.35), 1.2),
            (ellipse(0, -0.42, 0.38, 0.10), 0.6)]  # fmt: skip


def _ball(state: float) -> Parts:
    right, left = (ellipse(0, 0, 0.5, 0.5, at - 0.7, at + 0.7) for at in (0, np.pi))
    return [(ellipse(0, 0, 0.5, 0.5), 1.0), (right, 0.62), (left, 0.62), (ellipse(-0.16, -0.2, 0.1, 0.1), 1.3)]


def _bottle(state: float) -> Parts:
    right = [(0.09, -0.5), (0.09, -0.28), (0.2, -0.08), (0.2, 0.5)]
    body = np.array(right + [(-x, y) for x, y in right[::-1]])
    return [(body, 1.0), (_rect(-0.11, -0.56, 0.11, -0.42), 0.55), (_rect(-0.2, 0.05, 0.2, 0.3), 1.5),
            (_rect(-0.15, -0.05, -0.09, 0.47), 1.2)]  # fmt: skip


def _can(state: float) -> Parts:
    side = np.concatenate([ellipse(0, -0.42, 0.28, 0.08, np.pi, 2 * np.pi), ellipse(0, 0.42, 0.28, 0.08, 0, np.pi)])
    return [(side, 1.0), (_rect(-0.28, -0.12, 0.28, 0.18), 1.45), (ellipse(0, -0.42, 0.28, 0.08), 0.65)]


def _box(state: float) -> Parts:
    return [(_rect(-0.42, -0.25, 0.32, 0.45), 1.0),
            (_quad((0.32, -0.25), (0.5, -0.42), (0.5, 0.25), (0.32, 0.45)), 0.7),
            (_quad((-0.42, -0.25), (-0.24, -0.42), (0.5, -0.42), (0.32, -0.25)), 1.25)]  # fmt: skip


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
    lid = _quad((-0.46, -0.12), (0.46, -0.12), (wide, edge + 0.06), (-wide, edge + 0.06))
    hollow = _quad((-0.46, -0.12), (0.46, -0.12), (0.5, 0.04), (-0.5, 0.04))
    return [(hollow, 0.3), (_rect(-0.5, 0.04, 0.5, 0.5), 1.0), (lid, 0.8 if state > 0.45 else 1.25)]


def _laptop(state: float) -> Parts:
    swing, edge = _laptop_lid(state)
    wide = 0.72 - 0.12 * np.sin(swing)
    base = _quad((-0.6, 0.28), (0.6, 0.28), (0.74, 0.5), (-0.74, 0.5))
    keys = _quad((-0.52, 0.32), (0.52, 0.32), (0.58, 0.42), (-0.58, 0.42))
    lid = _quad((-0.6, 0.28), (0.6, 0.28), (wide, edge), (-wide, edge))
    screen = np.array([0, lid[:, 1].mean()]) + (lid - [0, lid[:, 1].mean()]) * 0.82
    shown = [(screen, -1.0)] if state > 0.2 else []
    return [(base, 0.8), (keys, 0.45), (lid, 1.0), *shown]


def _bowl_back(state: float) -> Parts:
    return [(ellipse(0, -0.28, 0.75, 0.2), 0.45)]


def _bowl_front(state: float) -> Parts:
    rim = ellipse(0, -0.28, 0.75, 0.2, np.pi, 0)
    foot = np.concatenate(
        [_quad((0.68, 0.05), (0.42, 0.42)), ellipse(0, 0.42, 0.42, 0.1, 0, np.pi), _quad((-0.68, 0.05))]
    )
    return [(np.concatenate([rim, foot]), 1.0), (ellipse(-0.3, 0.12, 0.07, 0.16), 1.2)]


def _cloth(state: float) -> Parts:
    """A cloth held at the top; its hem waves."""
    x = np.linspace(-1, 1, 21)
    hem = np.stack([0.62 * x * (0.9 + 0.15 * state), 0.5 + 0.05 * np.cos(9 * x)], -1)
    folds = [(_quad((0.05 * a, -0.40), (0.42 * a, 0.5), (0.34 * a, 0.52)), 0.78) for a in (-1.0, -0.3, 0.5, 1.2)]
    return [(np.concatenate([_quad((0.25, -0.45), (-0.25, -0.45)), hem]), 1.0), *folds]


def _sheet(side: int, state: float) -> Parts:
    """One half of a paper, its torn edge in zigzag."""
    y = np.linspace(-0.5, 0.5, 11)
    edge = np.stack([0.035 * (-1.0) ** np.arange(11), y], -1)
    lines = [(_rect(0.26 * side - 0.16, at, 0.26 * side + 0.16, at + 0.03), 0.45) for at in (-0.3, -0.1, 0.1, 0.3)]
    return [(np.concatenate([edge, _quad((0.5 * side, 0.5), (0.5 * side, -0.5))]), 1.0), *lines]


SHAPES: dict[str, Callable[[float], Parts]] = {
    "cup": _cup, "ball": _ball, "bottle": _bottle, "can": _can, "box": _box, "chest": _chest, "laptop": _laptop,
    "bowl": _bowl_front, "bowl back": _bowl_back, "cloth": _cloth, "paper": lambda state: _sheet(1, state),
    "paper left": lambda state: _sheet(-1, state),
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
        return Thing(
            self.prop, *(getattr(self, name)[frames] for name in ("place", "scale", "angle", "state", "squash"))
        )

    def draw(self, frame: np.ndarray, index: int) -> None:
        """Draws the thing of frame `index` into frame, (H, W, 3) uint8, in place."""
        height, width = frame.shape[:2]
        c, s = np.cos(self.angle[index]), np.sin(self.angle[index])
        turn = np.array([[c, s], [-s, c]]) * np.array([1.0, self.squash[index]]) * self.scale[index] * height
        middle = np.array([width, height]) / 2 + self.place[index] * height
        colour = COLOURS[self.prop.colour]
        rim = shade(colour, 0.4)
        for polygon, tone in SHAPES[self.prop.kind](float(self.state[index])):
            paint(frame, polygon @ turn + middle, shade(colour, tone) if tone > 0 else (225.0, 235.0, 240.0), rim)


def thing(prop: Prop, count: int, x, y, *, scale=None, angle=0.0, state=0.0, squash=1.0) -> Thing:
    """A Thing from numbers and (F,) arrays; `scale` in frame heights, by default the kind's own."""
    full = lambda value: np.broadcast_to(np.asarray(value, float), (count,)).copy()  # noqa: E731
    size = HEIGHTS[prop.kind] if scale is None else scale
    return Thing(prop, np.stack([full(x), full(y)], -1), full(size), full(angle), full(state), full(squash))
