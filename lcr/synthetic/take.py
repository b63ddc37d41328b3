"""One performance by hand: the clip's random source, the performer, and the parts that all movements share."""

import numpy as np

from lcr.synthetic.draw import TAU, ramp, smooth, upright
from lcr.synthetic.hand import Pose
from lcr.synthetic.scene import Performer

FRAMES = (28, 38)  # at 12 frames a second
# Bends (knuckle, middle joint) of index, middle, ring and little finger; (angle, lift, bend) of the thumb.
OPEN, THUMB_ASIDE = np.tile([0.08, 0.10], (4, 1)), np.array([0.75, 0.1, 0.1])


def absence(t: np.ndarray, comes: float, coming: float, leaves: float, leaving: float) -> np.ndarray:
    """1 before and after, 0 between, of times t: it falls for `coming` from `comes`, and rises for `leaving` again."""
    return ramp(np.maximum(1 - (t - comes) / coming, (t - leaves) / leaving))


class Take:
    """One performance: a random source, the person, and the movement's common parts.

    Args:
        draw: random source of the clip.
        person: who performs.
    """

    def __init__(self, draw: np.random.Generator, person: Performer):
        self.draw, self.person, self.side = draw, person, person.side
        self.count = int(draw.integers(FRAMES[0], FRAMES[1] + 1))
        self.reach = person.width / 200  # half the picture's width, frame heights

    def jitter(self, spread: float) -> float:
        """A small deviation, normal but at most two `spread`s."""
        return float(np.clip(self.draw.normal(0, spread), -2 * spread, 2 * spread))

    def sway(self, spread: float) -> np.ndarray:
        """(F,) slow unrest of a hand held in the air; stationary and the same backward."""
        rates, phases = self.draw.uniform(0.3, 1.4, (3, 1)), self.draw.uniform(0, TAU, (3, 1))
        return spread * np.sin(TAU * rates * (np.arange(self.count) / 12) + phases).sum(0) / 2

    def held(self, across: float, down: float, unrest: float) -> tuple[np.ndarray, np.ndarray]:
        """x and y (F,) of a hand held near the middle: where it is differs by `across` and `down`, see `jitter`."""
        return self.jitter(across) + self.sway(unrest), self.jitter(down) + self.sway(unrest)

    def phases(self, period: float) -> np.ndarray:
        """(F,) cycle positions that start anywhere; `period` in frames, shortened to fit once into the clip."""
        period = min(period / self.person.pace * self.draw.uniform(0.92, 1.08), self.count / 1.08)
        return self.draw.random() + np.arange(self.count) / period

    def stroke(self) -> tuple[np.ndarray, np.ndarray]:
        """(F,) progress of the action and (F,) retreat of the arm out of the picture, both 0 to 1."""
        phase = self.phases(25) % 1
        done = ramp((phase - 0.08) / 0.74)
        return 0.6 * done + 0.4 * done * done * (3 - 2 * done), smooth(absence(phase, 0, 0.13, 0.77, 0.13))

    def visit(self) -> np.ndarray:
        """(F,) as the second value of `stroke`, for a hand that comes once, stays and may leave."""
        comes, leaves = self.draw.uniform(-0.25, 0.2), self.draw.uniform(0.8, 1.25)
        return smooth(absence(np.arange(self.count) / self.count, comes, 0.12, leaves, 0.12))

    def since(self, low: float, high: float) -> np.ndarray:
        """(F,) frames since a random moment, at a share of the clip between `low` and `high`."""
        return np.arange(self.count) - self.draw.uniform(low, high) * self.count

    def pose(self, x, y, *, out=0.0, arm=None, roll=0.0, yaw=0.0, pitch=0.0, scale=1.0, flex=OPEN, splay=0.25,
             thumb=THUMB_ASIDE) -> Pose:  # fmt: skip
        """A pose from numbers and (F,) arrays.

        Args:
            x, y: position of the palm, frame heights from the middle.
            out: 1 draws the arm back until the hand has left the picture.
            arm: direction of the forearm; by default from an elbow below the picture. `roll` is relative to it.
            scale: times the performer's hand size.
        """
        full = lambda value, *shape: np.broadcast_to(np.asarray(value, float), (self.count, *shape)).copy()  # noqa: E731
        x, y, size = full(x), full(y), full(scale) * self.person.size
        arm = full(np.arctan2(x - 0.10 * self.side, 1.05 - y) if arm is None else arm)
        along = -upright(arm)  # from the hand to the elbow
        edge = np.where(np.abs(along[:, 0]) > np.abs(along[:, 1]), self.reach - x * np.sign(along[:, 0]), 0.5 - y)
        away = full(out) * ((edge + 0.75 * size) / np.abs(along).max(1))
        centre = np.stack([x, y], -1) + along * away[:, None]
        return Pose(centre, size, full(yaw), full(pitch), arm + full(roll), arm, full(flex, 4, 2), full(splay),
                    full(thumb, 3), self.side)  # fmt: skip
