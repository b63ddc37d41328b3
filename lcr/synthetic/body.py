"""A cartoon person with volume: head, trunk, arms and legs of two parts each, bent by where hands and feet are.

The joints are placed for all frames of a clip at once, in the plane of the picture; limbs are drawn as tapered tubes
with an outline and a lit side. Lengths are in frame heights times the person's size, x right, y down.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lcr.synthetic.draw import TAU, Colour, ellipse, fill, paint, shade, tube, unit, upright

FRAMES = (44, 64)
RATE = 16
FLOOR = 0.42
Painter = Callable[[np.ndarray, int], None]  # draws into a frame, in place, for the index of the frame
ARM, LEG = (0.15, 0.14), (0.20, 0.20)  # upper and lower part
TRUNK, NECK, HEAD = 0.27, 0.06, 0.075
# name: (radius at its start, at its end), drawn with which garment
TUBES = {"arm": (0.040, 0.034), "forearm": (0.034, 0.026), "thigh": (0.055, 0.043), "shin": (0.043, 0.030)}


def bend(root: np.ndarray, end: np.ndarray, first: float, second: float, side) -> tuple[np.ndarray, np.ndarray]:
    """Places the joint of a limb of two parts, and its end.

    Args:
        root, end: (F, 2) where the limb begins and where it should end; it is stretched out towards what is too far.
        first, second: lengths of the parts.
        side: +1 bends clockwise of the line from root to end, -1 counterclockwise; between, less.

    Returns:
        (F, 2) joint and (F, 2) end.
    """
    line = end - root
    far = np.linalg.norm(line, axis=1)
    reach = np.clip(far, abs(first - second) + 1e-4, (first + second) * 0.999)
    unit = line / np.maximum(far, 1e-6)[:, None]
    along = (first * first - second * second + reach * reach) / (2 * reach)
    off = np.sqrt(np.maximum(first * first - along * along, 0)) * side
    across = np.stack([-unit[:, 1], unit[:, 0]], -1)
    return root + unit * along[:, None] + across * np.reshape(off, (-1, 1)), root + unit * reach[:, None]


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

    def wave(self, frames: float) -> np.ndarray:
        """(F,) 0 to 1 and back in a cycle of so many frames, from a random phase."""
        return 0.5 - 0.5 * np.cos(self.beat(frames))

    def at(self, x, y) -> np.ndarray:
        """(F, 2) points from numbers and (F,) arrays."""
        return np.stack([np.broadcast_to(np.asarray(v, float), (self.count,)) for v in (x, y)], -1)

    def pair(self, across, y) -> list[np.ndarray]:
        """Two points (F, 2) at height y, `across` times the person's size to the right and to the left of the person."""
        return [self.at(self.x + k * across * self.size, y) for k in (1, -1)]

    def props(self, *shapes: tuple[np.ndarray, Colour], shown: np.ndarray | bool = True) -> Painter:
        """A painter of polygons, (N, 2) or (F, N, 2) in frame heights, each with its colour, one over the other.

        Args:
            shown: (F,) whether a frame shows them.
        """
        middle, shown = np.array([self.width, self.height]) / 2, np.broadcast_to(shown, self.count)

        def draw(frame: np.ndarray, index: int) -> None:
            for points, colour in shapes if shown[index] else ():
                polygon = points if points.ndim == 2 else points[index]
                paint(frame, polygon * self.height + middle, colour, shade(colour, 0.45))

        return draw

    @property
    def mat(self) -> Painter:
        """A mat on the floor."""
        return self.props((np.add([[-0.6, 0], [0.6, 0], [0.66, 0.06], [-0.66, 0.06]], [self.x, FLOOR]), self.accent))

    @property
    def hip(self) -> float:
        """Height of the hips of someone who stands."""
        return FLOOR - 0.03 - 0.392 * self.size

    @property
    def feet(self) -> list[np.ndarray]:
        """The two feet of someone who stands, each (F, 2)."""
        return self.pair(0.075, FLOOR - 0.03)


class Body:
    """A person over F frames.

    Args:
        stage: gives the person's size, clothes and facing, the light and the picture's size.
        hips: (F, 2) middle of the hips.
        lean: (F,) of the trunk, 0 upright, positive to the right.
        hands, feet: near and far (or left and right in the picture), each (F, 2).
        front: seen from the front (shoulders and hips apart, looking at the camera) or from the side.
        elbows, knees: direction of the bends of the two limbs, see `bend`; by default, of a person seen from the front.
        nod: (F,) lean of the head beyond the trunk's.
    """

    def __init__(self, stage: Stage, hips, lean, hands, feet, *, front=True, elbows=(1, -1), knees=(-1, 1), nod=0.0):
        size, height = stage.size, stage.height
        self.outfit, self.light, self.front = stage.outfit, stage.light, front
        self.facing = facing = 0 if front else stage.facing
        lean = np.broadcast_to(np.asarray(lean, float), (len(hips),))
        up = np.stack([np.sin(lean), -np.cos(lean)], -1)
        right = np.stack([np.cos(lean), np.sin(lean)], -1)
        neck = hips + up * TRUNK * size
        wide, narrow = (0.085 * size, 0.05 * size) if front else (0.0, 0.0)
        self.tilt = tilt = lean + nod
        pixel = lambda points: np.array([stage.width, height]) / 2 + points * height  # noqa: E731
        head = neck + np.stack([np.sin(tilt), -np.cos(tilt)], -1) * (NECK + HEAD * 0.8) * size
        self.head, self.radius = pixel(head), HEAD * size * height
        self.tubes: dict[str, tuple[np.ndarray, ...]] = {}
        scale = size * height
        for number, sign in ((0, 1.0), (1, -1.0)):
            shoulder = neck - up * 0.035 * size + right * wide * sign
            hip = hips + right * narrow * sign
            elbow, hand = bend(shoulder, hands[number], ARM[0] * size, ARM[1] * size, elbows[number])
            knee, foot = bend(hip, feet[number], LEG[0] * size, LEG[1] * size, knees[number])
            points = {"arm": (shoulder, elbow), "forearm": (elbow, hand), "thigh": (hip, knee), "shin": (knee, foot)}
            for part, (a, b) in points.items():
                self._tube(f"{part}{number}", pixel(a), pixel(b), *(r * scale for r in TUBES[part]))
            self._tube(f"palm{number}", pixel(hand), pixel(hand + (hand - elbow) * 0.12), 0.030 * scale, 0.026 * scale)
            toe = foot + np.array([0.07 * size * (facing or 0.35 * sign), 0.012 * size])
            self._tube(f"shoe{number}", pixel(foot), pixel(toe), 0.034 * scale, 0.028 * scale)
        broad = (0.085, 0.075) if front else (0.07, 0.065)
        self._tube("trunk", pixel(neck - up * 0.055 * size), pixel(hips - up * 0.0), broad[0] * scale, broad[1] * scale)
        self._tube("neck", pixel(neck - up * 0.02 * size), pixel(head), 0.030 * scale, 0.030 * scale)

    def _tube(self, name: str, a: np.ndarray, b: np.ndarray, r0: float, r1: float) -> None:
        self.tubes[name] = tube(a, b, np.full(len(a), r0), np.full(len(a), r1), self.light, 1)

    def _limb(self, frame: np.ndarray, index: int, *parts: tuple[str, Colour], tone: float = 1.0) -> None:
        for name, colour in parts:
            fill(frame, self.tubes[name][0][index], shade(colour, 0.45))
        for name, colour in parts:
            fill(frame, self.tubes[name][1][index], shade(colour, 0.93 * tone))
            fill(frame, self.tubes[name][2][index], shade(colour, 1.08 * tone))

    def _arm(self, frame: np.ndarray, index: int, number: int, tone: float = 1.0) -> None:
        wear = self.outfit  # the sleeve ends at the elbow
        self._limb(frame, index, (f"forearm{number}", wear.skin), (f"palm{number}", wear.skin), tone=tone)
        self._limb(frame, index, (f"arm{number}", wear.shirt), tone=tone)

    def draw(self, frame: np.ndarray, index: int) -> None:
        """Draws frame `index` into frame, (H, W, 3) uint8, in place."""
        far, wear = 1.0 if self.front else 0.8, self.outfit
        if not self.front:
            self._arm(frame, index, 1, far)
        for number, tone in ((1, far), (0, 1.0)):
            self._limb(frame, index, (f"shoe{number}", wear.shoes), tone=tone)
            self._limb(frame, index, (f"shin{number}", wear.trousers), (f"thigh{number}", wear.trousers), tone=tone)
        self._limb(frame, index, ("neck", wear.skin))
        self._limb(frame, index, ("trunk", wear.shirt))
        self._draw_head(frame, index)
        self._arm(frame, index, 0)
        if self.front:
            self._arm(frame, index, 1)

    def _draw_head(self, frame: np.ndarray, index: int) -> None:
        r, tilt, wear = self.radius, float(self.tilt[index]), self.outfit
        c, s = np.cos(tilt), np.sin(tilt)
        turn = np.array([[c, s], [-s, c]]) * r
        put = lambda points: points @ turn + self.head[index]  # noqa: E731
        look = 0.35 * self.facing
        paint(frame, put(ellipse(0, 0, 1.0, 1.12)), wear.skin, shade(wear.skin, 0.45))
        back = ellipse(0, -0.22, 1.06, 1.0, np.pi, 2 * np.pi)
        if self.facing:
            nape = np.array([[0.5, -0.45], [-0.45, 0.0], [-0.9, 0.6]]) * [self.facing, 1]
            back = np.concatenate(
                [ellipse(-0.1 * self.facing, -0.12, 1.04, 1.08, np.pi, 2 * np.pi)[:: self.facing], nape]
            )
        paint(frame, put(back), wear.hair)
        for eye in (-0.36, 0.36):
            paint(frame, put(ellipse(eye + look, 0.08, 0.10, 0.15)), (30.0, 25.0, 25.0))
        paint(frame, put(ellipse(look, 0.55, 0.30, 0.07)), shade(wear.skin, 0.55))
