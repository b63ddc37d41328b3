"""A cartoon person with volume: head, trunk, arms and legs of two parts each, bent by where hands and feet are.

The joints are placed for all frames of a clip at once, in the plane of the picture; limbs are drawn as tapered tubes
with an outline and a lit side. Lengths are in frame heights times the person's size, x right, y down.
"""

from collections.abc import Callable

import numpy as np

from lcr.synthetic.draw import TAU, Colour, ellipse, fill, paint, rotation, shade, tube, unit, upright

FRAMES = (44, 64)
RATE = 16
FLOOR = 0.42
Painter = Callable[[np.ndarray, int], None]  # draws into a frame, in place, for the index of the frame
ARM, LEG = (0.15, 0.14), (0.20, 0.20)  # upper and lower part
TRUNK, NECK, HEAD = 0.27, 0.06, 0.075


def backward(painter: Painter, count: int) -> Painter:
    """A painter of `count` frames, played from the last to the first."""
    return lambda frame, index: painter(frame, count - 1 - index)


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
    ahead = line / np.maximum(far, 1e-6)[:, None]
    along = (first * first - second * second + reach * reach) / (2 * reach)
    off = np.sqrt(np.maximum(first * first - along * along, 0)) * side
    across = np.stack([-ahead[:, 1], ahead[:, 0]], -1)
    return root + ahead * along[:, None] + across * np.reshape(off, (-1, 1)), root + ahead * reach[:, None]


class Stage:
    """One performance: a random source, the person's colours and the picture's size.

    Args:
        draw: random source of the clip.
        colours: of the person's skin, hair, shirt, trousers and shoes.
        light: unit vector towards the lamp.
        accent: colour of what is played with.
        height, width: of the picture, pixels.
    """

    def __init__(
        self,
        draw: np.random.Generator,
        colours: dict[str, Colour],
        light: np.ndarray,
        accent: Colour,
        height: int,
        width: int,
    ):
        self.draw, self.colours, self.light, self.accent = draw, colours, light, accent
        self.height, self.width = height, width
        self.count = int(draw.integers(FRAMES[0], FRAMES[1] + 1))
        self.size = draw.uniform(0.92, 1.06)
        self.facing = int(draw.choice([-1, 1]))
        self.x = float(np.clip(draw.normal(0, 0.04), -0.08, 0.08))
        self.pace = draw.uniform(0.85, 1.18)

    def beat(self, frames: float) -> np.ndarray:
        """(F,) angle of a cycle of so many frames, from a random phase."""
        return TAU * (self.draw.random() + np.arange(self.count) * self.pace / frames)

    def phase(self, frames: float) -> np.ndarray:
        """(F,) position 0 to 1 in a cycle of so many frames, from a random one; at the next cycle it is 0 again."""
        return self.beat(frames) / TAU % 1

    def wave(self, frames: float) -> np.ndarray:
        """(F,) 0 to 1 and back in a cycle of so many frames, from a random phase."""
        return 0.5 - 0.5 * np.cos(self.beat(frames))

    def at(self, x, y) -> np.ndarray:
        """(F, 2) points from numbers and (F,) arrays."""
        return np.stack([np.broadcast_to(np.asarray(v, float), (self.count,)) for v in (x, y)], -1)

    def pair(self, across, y) -> list[np.ndarray]:
        """Two points (F, 2) at height y, `across` times the person's size to the right and to the left of `x`."""
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
        stage: gives the person's size, colours and facing, the light and the picture's size.
        hips: (F, 2) middle of the hips.
        lean: (F,) of the trunk, 0 upright, positive to the right.
        hands, feet: near and far (or left and right in the picture), each (F, 2).
        front: seen from the front (shoulders and hips apart, looking at the camera) or from the side.
        elbows, knees: direction of the bends of the two limbs, see `bend`; by default, of a person seen from the front.
        nod: (F,) lean of the head beyond the trunk's.
    """

    def __init__(self, stage: Stage, hips, lean, hands, feet, *, front=True, elbows=(1, -1), knees=(-1, 1), nod=0.0):
        size, self.colours, self.front, self.facing = stage.size, stage.colours, front, 0 if front else stage.facing
        lean = np.broadcast_to(np.asarray(lean, float), (len(hips),))
        up, right, self.tilt = upright(lean), unit(lean), lean + nod
        neck = hips + up * TRUNK * size
        head = neck + upright(self.tilt) * (NECK + HEAD * 0.8) * size
        wide, narrow, broad = (0.085, 0.05, (0.085, 0.075)) if front else (0.0, 0.0, (0.07, 0.065))
        tubes = {  # each from one point to another, with its radii there; sleeves end at the elbows
            "trunk": ("shirt", neck - up * 0.055 * size, hips, *broad),
            "neck": ("skin", neck - up * 0.02 * size, head, 0.030, 0.030),
        }
        for number, sign in ((0, 1.0), (1, -1.0)):
            shoulder, hip = neck - up * 0.035 * size + right * wide * size * sign, hips + right * narrow * size * sign
            elbow, hand = bend(shoulder, hands[number], ARM[0] * size, ARM[1] * size, elbows[number])
            knee, foot = bend(hip, feet[number], LEG[0] * size, LEG[1] * size, knees[number])
            toe = foot + np.array([0.07 * size * (self.facing or 0.35 * sign), 0.012 * size])
            tubes |= {
                f"arm{number}": ("shirt", shoulder, elbow, 0.040, 0.034),
                f"forearm{number}": ("skin", elbow, hand, 0.034, 0.026),
                f"palm{number}": ("skin", hand, hand + (hand - elbow) * 0.12, 0.030, 0.026),
                f"thigh{number}": ("trousers", hip, knee, 0.055, 0.043),
                f"shin{number}": ("trousers", knee, foot, 0.043, 0.030),
                f"shoe{number}": ("shoes", foot, toe, 0.034, 0.028),
            }
        scale, middle = size * stage.height, np.array([stage.width, stage.height]) / 2
        self.head, self.radius = middle + head * stage.height, HEAD * size * stage.height
        self.tubes = {
            name: (self.colours[part], *tube(*(middle + end * stage.height for end in (a, b)),
                                             *(np.full(len(a), radius * scale) for radius in radii), stage.light, 1))
            for name, (part, a, b, *radii) in tubes.items()
        }  # fmt: skip

    def draw(self, frame: np.ndarray, index: int) -> None:
        """Draws frame `index` into frame, (H, W, 3) uint8, in place."""
        arms, legs = ("forearm{0} palm{0}", "arm{0}"), ("shoe{0}", "shin{0} thigh{0}")
        order = [*((limb, 1) for limb in legs), *((limb, 0) for limb in (*legs, "neck", "trunk", "head", *arms))]
        far_arm = [(limb, 1) for limb in arms]
        for limb, far in order + far_arm if self.front else far_arm + order:
            if limb == "head":
                self._draw_head(frame, index)
                continue
            tubes = [self.tubes[name] for name in limb.format(far).split()]
            tone = 0.8 if far and not self.front else 1.0
            for colour, rim, _, _ in tubes:
                fill(frame, rim[index], shade(colour, 0.45))
            for colour, _, body, lit in tubes:
                fill(frame, body[index], shade(colour, 0.93 * tone))
                fill(frame, lit[index], shade(colour, 1.08 * tone))

    def _draw_head(self, frame: np.ndarray, index: int) -> None:
        f, look, skin = self.facing, 0.35 * self.facing, self.colours["skin"]
        hair = ellipse(0, -0.22, 1.06, 1.0, np.pi, TAU)
        if f:
            nape = np.array([[0.5, -0.45], [-0.45, 0.0], [-0.9, 0.6]]) * [f, 1]
            hair = np.concatenate([ellipse(-0.1 * f, -0.12, 1.04, 1.08, np.pi, TAU)[::f], nape])
        turn = rotation(float(self.tilt[index])) * self.radius
        for points, colour, rim in (
            (ellipse(0, 0, 1.0, 1.12), skin, shade(skin, 0.45)),
            (hair, self.colours["hair"], None),
            (ellipse(-0.36 + look, 0.08, 0.10, 0.15), (30.0, 25.0, 25.0), None),
            (ellipse(0.36 + look, 0.08, 0.10, 0.15), (30.0, 25.0, 25.0), None),
            (ellipse(look, 0.55, 0.30, 0.07), shade(skin, 0.55), None),
        ):
            paint(frame, points @ turn + self.head[index], colour, rim)
