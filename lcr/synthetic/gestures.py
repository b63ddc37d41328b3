"""The gestures of Jester as movements of the hand.

The two members of a reversed pair are one distribution of movements, played forward and backward. Each stroke comes in,
acts and leaves again in a cycle that starts at a uniformly random phase, so at every frame number, first and last
included, the two members show the same distribution of pictures: only their order tells them apart.
"""

from collections.abc import Callable

import numpy as np

from lcr.synthetic.draw import TAU, ramp, smooth
from lcr.synthetic.hand import Pose
from lcr.synthetic.scene import Performer
from lcr.synthetic.take import OPEN, Take

REVERSE_OF = {
    "Swiping Right": "Swiping Left",
    "Swiping Down": "Swiping Up",
    "Sliding Two Fingers Right": "Sliding Two Fingers Left",
    "Sliding Two Fingers Down": "Sliding Two Fingers Up",
    "Pulling Hand In": "Pushing Hand Away",
    "Pulling Two Fingers In": "Pushing Two Fingers Away",
    "Rolling Hand Backward": "Rolling Hand Forward",
    "Turning Hand Counterclockwise": "Turning Hand Clockwise",
    "Zooming Out With Full Hand": "Zooming In With Full Hand",
    "Zooming Out With Two Fingers": "Zooming In With Two Fingers",
}

# Bends (knuckle, middle joint) of index, middle, ring and little finger; (angle, lift, bend) of the thumb.
FIST = np.tile([1.35, 1.75], (4, 1))
TWO = np.array([[0.05, 0.08], [0.05, 0.08], [1.35, 1.75], [1.35, 1.75]])
GRIP = np.tile([0.55, 0.55], (4, 1))
PINCH = np.tile([1.05, 0.75], (4, 1))
THUMB_IN, THUMB_OUT = np.array([0.35, 0.75, 1.0]), np.array([1.1, 0.1, -0.1])


def _between(start: np.ndarray | float, end: np.ndarray | float, done: np.ndarray) -> np.ndarray:
    return start + np.subtract(end, start) * done.reshape(-1, *[1] * np.ndim(start))


def _loose(take: Take, flex: np.ndarray) -> np.ndarray:
    """A clip's own version of a finger posture."""
    return flex + np.abs(take.draw.normal(0, 0.07, (4, 2))) * (flex < 1)


def _across(take: Take, flex: np.ndarray) -> Pose:
    """The hand moves from the picture's right to its left."""
    done, out = take.stroke()
    x = take.draw.uniform(0.34, 0.42) * (1 - 2 * done) + take.jitter(0.03)
    y = take.draw.uniform(-0.08, 0.10) + take.draw.uniform(-0.03, 0.06) * (4 * (done - 0.5) ** 2) + take.sway(0.01)
    return take.pose(x, y, out=out, yaw=take.jitter(0.4), pitch=take.jitter(0.15), flex=_loose(take, flex),
                     roll=take.jitter(0.1) + take.sway(0.03), splay=take.draw.uniform(0, 0.5))  # fmt: skip


def _upward(take: Take, flex: np.ndarray) -> Pose:
    """The hand moves up, with the forearm from the side."""
    done, out = take.stroke()
    y = take.draw.uniform(0.29, 0.36) * (1 - 2 * done) + take.jitter(0.03)
    x = -0.04 * take.side + take.jitter(0.05) + take.sway(0.01)
    arm = -take.side * (np.pi / 2 - 0.25) + take.side * take.draw.uniform(0.3, 0.9) * y + take.jitter(0.08)
    return take.pose(x, y, out=out, arm=arm, yaw=take.jitter(0.4), pitch=take.jitter(0.15), flex=_loose(take, flex),
                     roll=take.jitter(0.1) + take.sway(0.03), splay=take.draw.uniform(0, 0.5))  # fmt: skip


def _towards_camera(take: Take, flex: np.ndarray) -> Pose:
    done, out = take.stroke()
    scale = take.draw.uniform(0.50, 0.60) * np.exp(done * np.log(take.draw.uniform(2.3, 2.8)))
    x = take.jitter(0.08) + take.jitter(0.05) * done + take.sway(0.01)
    y = take.jitter(0.04) + take.jitter(0.04) * done + take.sway(0.01)
    return take.pose(x, y, out=out, scale=scale, flex=_loose(take, flex), yaw=take.jitter(0.25), roll=take.jitter(0.15),
                     pitch=take.jitter(0.1), splay=take.draw.uniform(0.2, 0.6))  # fmt: skip


def _rolling(take: Take) -> Pose:
    """The hand goes round and round about a level axis: up, towards the camera, down, back."""
    turn = TAU * take.phases(take.draw.uniform(12, 15))
    y = -take.draw.uniform(0.13, 0.18) * np.sin(turn) + take.jitter(0.04)
    return take.pose(take.jitter(0.05) + take.sway(0.01), y, scale=0.85 * np.exp(-0.32 * np.cos(turn)),
                     arm=-take.side * (take.draw.uniform(0.9, 1.3)) + take.side * 0.5 * y,
                     flex=_loose(take, OPEN + 0.25), roll=0.15 * np.cos(turn) * take.side, pitch=0.35 * np.sin(turn),
                     yaw=np.pi + take.jitter(0.3), splay=0.2)  # fmt: skip


def _clockwise(take: Take) -> Pose:
    done, out = take.stroke()
    roll = take.draw.uniform(1.05, 1.35) * (2 * done - 1) + take.jitter(0.12)
    return take.pose(
        *take.held(0.07, 0.05, 0.01),
        out=out,
        roll=roll,
        arm=0.2 * roll + take.jitter(0.15),
        flex=_loose(take, GRIP),
        splay=take.draw.uniform(0.7, 1.1),
        thumb=THUMB_OUT,
        yaw=take.jitter(0.2),
    )


def _opening(take: Take, closed: np.ndarray, opened: np.ndarray, splay: tuple[float, float]) -> Pose:
    done, out = take.stroke()
    flex = _between(closed, opened, done) + np.abs(take.draw.normal(0, 0.06, (4, 2)))
    return take.pose(
        *take.held(0.08, 0.05, 0.01),
        out=out,
        flex=flex,
        splay=_between(*splay, done),
        thumb=_between(THUMB_IN, THUMB_OUT, done),
        scale=1.1,
        yaw=take.jitter(0.25),
        pitch=take.jitter(0.12),
        roll=take.jitter(0.2),
    )


def _thumb(take: Take, up: int) -> Pose:
    roll = -take.side * up * (np.pi / 2 + take.jitter(0.15))
    arm = roll + take.side * up * take.draw.uniform(0.0, 0.5) if up > 0 else roll + take.jitter(0.15)
    return take.pose(
        *take.held(0.09, 0.06, 0.012),
        out=take.visit(),
        arm=arm,
        roll=roll - arm,
        flex=_loose(take, FIST),
        splay=0.0,
        scale=1.15,
        thumb=np.array([1.5, 0.1, -0.05]),
        yaw=take.jitter(0.25),
        pitch=take.jitter(0.15),
    )


def _stop(take: Take) -> Pose:
    return take.pose(
        *take.held(0.09, 0.05, 0.008),
        out=take.visit(),
        flex=_loose(take, OPEN),
        splay=take.draw.uniform(0.1, 0.4),
        scale=1.15,
        yaw=take.jitter(0.2),
        roll=take.jitter(0.12),
    )


def _shaking(take: Take) -> Pose:
    """The hand waves from side to side."""
    swing = np.sin(TAU * take.phases(take.draw.uniform(6.5, 8.5)))
    return take.pose(
        take.jitter(0.06) + take.draw.uniform(0.12, 0.18) * swing,
        take.jitter(0.05),
        out=take.visit(),
        flex=_loose(take, OPEN),
        splay=0.5,
        yaw=take.jitter(0.25),
        roll=take.draw.uniform(0.25, 0.4) * swing,
    )


def _drumming(take: Take) -> Pose:
    """Four fingers fall one after another, again and again, of a hand that stays."""
    beat = TAU * take.phases(take.draw.uniform(7, 9))
    order = np.arange(4) * 0.25 * TAU * take.draw.choice([-1, 1])
    fall = np.clip(0.5 + 0.9 * np.cos(beat[:, None] + order), 0, 1)
    x, y = take.held(0.08, 0.05, 0.006)
    arm = -take.side * (1.15 + take.jitter(0.12))
    return take.pose(
        x,
        y,
        out=take.visit(),
        arm=arm,
        roll=-0.2 * take.side,
        splay=0.7,
        scale=1.15,
        flex=np.stack([0.15 + 0.95 * fall, 0.25 + 0.35 * fall], -1),
        yaw=-0.55 + take.jitter(0.15),
        pitch=0.1,
        thumb=np.array([0.9, 0.2, 0.1]),
    )


def _nothing(take: Take) -> Pose:
    """The person only sits there; at most a hand rests at the lower edge."""
    low = take.draw.choice([0.58, 1.6])
    return take.pose(take.jitter(0.2), low + take.sway(0.01), arm=take.jitter(0.2), flex=_loose(take, GRIP), yaw=np.pi,
                     roll=take.jitter(0.2))  # fmt: skip


def _something_else(take: Take) -> Pose:
    """An aimless hand: changing position, posture and direction, as in scratching one's head or reaching for a cup."""
    t, stops = np.linspace(0, 1, take.count), np.sort(take.draw.random(3))

    def wander(low, high):
        values = low + np.subtract(high, low) * take.draw.random((4, *np.shape(high)))
        weight = smooth(ramp((t[:, None] - stops) / 0.18))
        return values[0] + np.tensordot(weight, np.diff(values, axis=0), 1)

    return take.pose(wander(-0.35, 0.35), wander(-0.3, 0.35), roll=wander(-0.9, 0.9), yaw=wander(-0.5, np.pi + 0.3),
                     pitch=wander(-0.4, 0.6), scale=wander(0.75, 1.2), flex=wander(np.zeros((4, 2)), FIST),
                     splay=wander(0, 0.8), thumb=wander(THUMB_IN, THUMB_OUT),
                     out=take.visit() * take.draw.integers(0, 2))  # fmt: skip


GESTURES: dict[str, Callable[[Take], Pose]] = {
    "Swiping Left": lambda take: _across(take, OPEN),
    "Swiping Up": lambda take: _upward(take, OPEN),
    "Pushing Hand Away": lambda take: _towards_camera(take, OPEN),
    "Sliding Two Fingers Left": lambda take: _across(take, TWO),
    "Sliding Two Fingers Up": lambda take: _upward(take, TWO),
    "Pushing Two Fingers Away": lambda take: _towards_camera(take, TWO),
    "Rolling Hand Forward": _rolling,
    "Turning Hand Clockwise": _clockwise,
    "Zooming In With Full Hand": lambda take: _opening(take, PINCH, OPEN, (0.3, 1.35)),
    "Zooming In With Two Fingers": lambda take: _opening(
        take, np.array([PINCH[0], *FIST[1:]]), np.array([OPEN[0], *FIST[1:]]), (0.2, 0.7)
    ),
    "Thumb Up": lambda take: _thumb(take, 1),
    "Thumb Down": lambda take: _thumb(take, -1),
    "Shaking Hand": _shaking,
    "Stop Sign": _stop,
    "Drumming Fingers": _drumming,
    "No gesture": _nothing,
    "Doing other things": _something_else,
}


def perform(label: str, draw: np.random.Generator, person: Performer) -> Pose:
    """The hand's movement for a gesture: a Pose of 28 to 38 frames."""
    pose = GESTURES[REVERSE_OF.get(label, label)](Take(draw, person))
    return pose[::-1] if label in REVERSE_OF else pose
