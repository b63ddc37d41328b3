"""The templates of Something-Something-V2 that are drawn: movements of hands and of things on a table.

As with the gestures, the two members of a reversed pair are one distribution played forward and backward in a cycle of
random phase; all that would give the direction away (the thing's resting position, the hand's coming and going) leaves
the picture at both ends.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from lcr.synthetic.draw import TAU, ramp, smooth
from lcr.synthetic.hand import Pose
from lcr.synthetic.take import OPEN, THUMB_ASIDE, Take, absence
from lcr.synthetic.things import HALF_WIDTH, HEIGHTS, LIDS, Prop, Thing, thing

Actors = list[Pose | Thing]  # in drawing order
SMALL = ("cup", "ball", "bottle", "can", "box")
HOLD = np.tile([0.45, 0.75], (4, 1))
POINT = np.array([[0.05, 0.1], [1.3, 1.7], [1.3, 1.7], [1.3, 1.7]])
THUMB_HOLD = np.array([0.7, 0.5, 0.2])
TABLE = 0.28  # where things stand, frame heights below the middle


def _standing(prop: Prop, scale: float = 1.0) -> float:
    """Height of the middle of a prop that stands on the table."""
    return TABLE - HEIGHTS[prop.kind] * scale / 2


def _hand(take: Take, x, y, origin: int, *, raised: float = 0.0, **posture) -> Pose:
    """A hand whose fingertips are at (x, y), the forearm coming from the right (origin 1) or the left (-1)."""
    take.side, arm = origin, -origin * (np.pi / 2 - 0.35 - raised)
    posture = {"flex": HOLD, "thumb": THUMB_HOLD, "splay": 0.2, "scale": 0.85} | posture
    lead = (0.70 - 0.45 * float(np.mean(posture["flex"]))) * take.person.size * posture["scale"]
    return take.pose(x - np.sin(arm) * lead, y + np.cos(arm) * lead, arm=arm, **posture)


def _shift(take: Take, origin: int, out: np.ndarray) -> np.ndarray:
    """(F,) sideways shift out of the picture, for props that the hand takes along."""
    return origin * out * (2 * take.reach + 0.5)


def _wide(prop: Prop) -> float:
    return HALF_WIDTH[prop.kind] * HEIGHTS[prop.kind]


def _slide(take: Take, prop: Prop, heading: int) -> Actors:
    """The hand behind the thing, both from one edge of the picture to the other; `heading` 1 to the right."""
    x = heading * (take.reach + 0.32) * (2.0 * (take.phases(24) % 1) - 1)
    y = _standing(prop) + take.jitter(0.03)
    return [thing(prop, take.count, x, y),
            _hand(take, x - heading * (_wide(prop) - 0.02), y + 0.02 + take.sway(0.006), -heading, flex=OPEN + 0.15,
                  yaw=take.jitter(0.2))]  # fmt: skip


def _lifting(take: Take, prop: Prop) -> Actors:
    """The hand lifts a thing."""
    done, out = take.stroke()
    y = take.draw.uniform(0.24, 0.30) * (1 - 2 * done)
    x = take.jitter(0.08) + take.sway(0.006) + _shift(take, take.side, out)
    return [thing(prop, take.count, x, y), _hand(take, x + take.side * _wide(prop) * 0.6, y, take.side)]


def _nearing(take: Take, prop: Prop) -> Actors:
    """The hand moves a thing towards the camera."""
    done, out = take.stroke()
    scale = 0.55 * np.exp(1.15 * done)
    x, y = take.jitter(0.05) + _shift(take, take.side, out), 0.06 + take.jitter(0.04) + take.sway(0.006)
    return [thing(prop, take.count, x, y, scale=HEIGHTS[prop.kind] * scale),
            _hand(take, x + take.side * _wide(prop) * 0.7 * scale, y, take.side, scale=0.9 * scale)]  # fmt: skip


def _opening(take: Take, prop: Prop) -> Actors:
    done, out = take.stroke()
    origin, size, edge = take.side, HEIGHTS[prop.kind] * 1.25, LIDS[prop.kind](done)[1]
    x, y = take.jitter(0.05) + _shift(take, -origin, out), TABLE - size / 2 + 0.04
    return [thing(prop, take.count, x, y, scale=size, state=done),
            _hand(take, x + 0.4 * origin * size, y + edge * size + 0.02, origin, scale=0.9)]  # fmt: skip


def _inserting(take: Take, inner: Prop, bowl: Prop) -> Actors:
    """The hand comes with the thing, lowers it behind the bowl's front, rises and leaves without."""
    phase, origin = take.phases(24) % 1, take.side
    x, y, held = take.jitter(0.06), _standing(bowl) + 0.08, phase < 0.45
    depth, away = smooth(ramp(1 - np.abs(phase - 0.45) / 0.36)), smooth(absence(phase, 0, 0.12, 0.80, 0.12))
    hx, hy = x + origin * away * (take.reach + 0.45), y - 0.46 + 0.41 * depth + take.sway(0.005)
    gone = np.where(held, 0.0, 3.0)  # below the picture once it lies in the bowl, which hides it
    return [thing(Prop("bowl back", bowl.colour), take.count, x, y, scale=HEIGHTS["bowl"]),
            thing(inner, take.count, hx - 0.05 * origin, hy + 0.11 + gone, scale=HEIGHTS[inner.kind]),
            _hand(take, hx + origin * 0.04, hy - 0.02, origin, raised=-0.6,
                  flex=HOLD - np.where(held, 0.0, 0.3)[:, None, None]),
            thing(bowl, take.count, x, y)]  # fmt: skip


def _joining(take: Take, moved: Prop, fixed: Prop) -> Actors:
    """The first thing goes to the second, which stands still; in between the hand takes it out of the picture."""
    done, out = take.stroke()
    origin = take.side
    x_fixed = -origin * (0.22 + take.jitter(0.03))
    near = x_fixed + origin * (_wide(moved) + _wide(fixed) + 0.02)
    far = near + origin * take.draw.uniform(0.36, 0.44)
    x = far + (near - far) * done + 0.3 * origin * out
    y = _standing(moved) + 0.03 + (0.9 + HEIGHTS[moved.kind]) * out
    return [thing(fixed, take.count, x_fixed, _standing(fixed)), thing(moved, take.count, x, y),
            _hand(take, x + origin * _wide(moved) * 0.7, y, origin)]  # fmt: skip


def _covering(take: Take, hidden: Prop, cloth: Prop) -> Actors:
    """A cloth comes down over a thing; thing, cloth and hand then leave to the side together."""
    done, out = take.stroke()
    x, size = take.jitter(0.06) + _shift(take, take.side, out), HEIGHTS[hidden.kind] * 1.12
    tall = size * 1.15 + 0.06
    y = TABLE - tall / 2 + 0.03 - (1 - done) * 0.52
    return [thing(hidden, take.count, x, TABLE - size / 2, scale=size),
            thing(cloth, take.count, x, y, scale=tall, state=done),
            _hand(take, x + 0.03 * take.side, y - 0.42 * tall, take.side, raised=-0.5, flex=HOLD + 0.1)]  # fmt: skip


def _dropping(take: Take, falling: Prop, below: Prop) -> Actors:
    """A thing is held above another and let go; the hand opens and leaves."""
    t, size = take.since(0.25, 0.5), HEIGHTS[below.kind] * 1.2
    x, top = take.jitter(0.1), -0.28 + take.jitter(0.03)
    ground = _standing(below, 1.2) - (size + HEIGHTS[falling.kind]) / 2 + 0.05
    fallen = np.clip(t, 0, None) / 12
    hop = np.clip(fallen - np.sqrt((ground - top) / 2.4), 0, 0.25)
    y = np.minimum(top + 2.4 * fallen * fallen, ground) - 3.5 * hop * (0.25 - hop)
    free = ramp(t / 3)
    grip = x + take.side * (_wide(falling) * 0.5 + 0.05 * free)
    return [thing(below, take.count, x, _standing(below, 1.2) + 0.04, scale=size),
            thing(falling, take.count, x, y),
            _hand(take, grip, top, take.side, flex=HOLD * (1 - 0.8 * free[:, None, None]), out=ramp((t - 6) / 6),
                  raised=-0.3)]  # fmt: skip


def _inverting(take: Take, prop: Prop) -> Actors:
    """A thing is grasped, turned by half a turn in the air, and put back."""
    t = np.linspace(0, 1, take.count) - take.draw.uniform(0.15, 0.4)
    done, origin, x = smooth(ramp(t / 0.4)), take.side, take.jitter(0.08)
    y, out = _standing(prop, 1.3) - 0.22 * np.sin(np.pi * done), absence(t, -0.15, 0.12, 0.47, 0.12)
    return [thing(prop, take.count, x, y, scale=HEIGHTS[prop.kind] * 1.3, angle=-origin * np.pi * done),
            _hand(take, x + origin * _wide(prop) * 0.7, y, origin, roll=origin * (0.7 - 1.4 * done) * (out == 0),
                  out=out)]  # fmt: skip


def _spinning(take: Take, prop: Prop) -> Actors:
    """A bottle that lies on the table is flicked and goes on spinning after the hand has left."""
    t = take.since(0.1, 0.3)
    turned = np.clip(t, 0, None) * take.draw.uniform(0.75, 1.0)
    x, y, swing = take.jitter(0.06), 0.16 + take.jitter(0.03), ramp(1 - np.abs(t) / 2)
    hand = _hand(take, x + take.side * 0.16, y - 0.04 + 0.12 * swing, take.side, out=absence(t, -5, 3, 2, 3),
                 flex=HOLD * 0.6)  # fmt: skip
    return [thing(prop, take.count, x, y, scale=0.58, angle=take.draw.uniform(0, TAU) + turned, squash=0.6), hand]


def _tearing(take: Take, prop: Prop) -> Actors:
    """Two hands pull a paper apart."""
    done = ramp((np.linspace(0, 1, take.count) - take.draw.uniform(0.15, 0.4)) / 0.45)
    x, y, size = take.jitter(0.05), 0.02 + take.jitter(0.04), 0.52
    rip, apart = ramp(2 * done), np.clip(2 * done - 0.8, 0, 1.2)
    papers, hands = [], []
    for side, kind in ((1, "paper"), (-1, "paper left")):
        tilt = side * (0.22 * rip + 0.25 * apart)
        middle = x + side * (0.11 * apart + 0.25 * size * np.sin(np.abs(tilt)) * (apart < 0.01) + 0.05 * rip)
        papers.append(thing(Prop(kind, prop.colour), take.count, middle, y, scale=size, angle=tilt))
        hands.append(_hand(take, middle + side * 0.40 * size - 0.08 * side, y - 0.1 * size, side, raised=0.25))
    return [*papers, *hands[::-1]]


def _rolling(take: Take, prop: Prop) -> Actors:
    """A ball is given a push and rolls away over the table."""
    t, origin, radius = take.since(0.15, 0.35), take.side, HEIGHTS["ball"] * 0.6
    begin = origin * min(take.reach - 0.15, 0.34)
    way = 2 * abs(begin) * (1 - np.exp(-np.clip(t, 0, None) / 7)) * 1.05
    y = _standing(prop, 1.2) + take.jitter(0.03)
    touch = begin + origin * (radius - 0.05 * ramp((t + 2) / 3))
    return [thing(prop, take.count, begin - origin * way, y, scale=2 * radius, angle=-origin * way / radius),
            _hand(take, touch, y, origin, flex=OPEN + 0.2, out=absence(t, -7, 4, 3, 5))]  # fmt: skip


def _toppling(take: Take, prop: Prop) -> Actors:
    """A finger pokes a bottle, which falls over."""
    t, origin, tall = take.since(0.25, 0.5), take.side, HEIGHTS["bottle"] * 1.25
    x, fall = take.jitter(0.05) + 0.1 * origin, ramp(t / 6) ** 2 * np.pi / 2
    across = origin * 0.2 * tall * np.cos(fall) - origin * 0.5 * tall * np.sin(fall)
    down = -0.5 * tall * np.cos(fall) - 0.2 * tall * np.sin(fall)
    poke = ramp((t + 6) / 6) * ramp(1 - (t - 2) / 6)
    return [thing(prop, take.count, x - origin * 0.2 * tall + across, TABLE + 0.05 + down, scale=tall,
                  angle=-origin * fall),
            _hand(take, x + origin * (0.1 + 0.4 * (1 - poke)), -0.02, origin, flex=POINT, thumb=THUMB_ASIDE,
                  out=ramp((t - 6) / 6))]  # fmt: skip


def _holding(take: Take, prop: Prop) -> Actors:
    out = take.visit()
    x = take.jitter(0.1) + take.sway(0.012) + _shift(take, take.side, out)
    y = take.jitter(0.06) + take.sway(0.012)
    return [thing(prop, take.count, x, y, scale=HEIGHTS[prop.kind] * 1.15),
            _hand(take, x + take.side * _wide(prop) * 0.55, y, take.side)]  # fmt: skip


# The kinds of prop that each [something] may be, and the movement.
TEMPLATES: dict[str, tuple[tuple[tuple[str, ...], ...], Callable[..., Actors]]] = {
    "Pushing something from left to right": ((SMALL,), partial(_slide, heading=1)),
    "Pushing something from right to left": ((SMALL,), partial(_slide, heading=-1)),
    "Moving something up": ((SMALL,), _lifting),
    "Moving something towards the camera": ((SMALL,), _nearing),
    "Opening something": ((("laptop", "chest"),), _opening),
    "Putting something into something": ((("ball", "can", "box", "cup"), ("bowl",)), _inserting),
    "Moving something closer to something": ((SMALL, SMALL), _joining),
    "Covering something with something": ((("cup", "ball", "can", "box"), ("cloth",)), _covering),
    "Dropping something onto something": ((("ball", "can", "box"), ("box",)), _dropping),
    "Turning something upside down": ((("cup", "bottle"),), _inverting),
    "Spinning something so it continues spinning": ((("bottle",),), _spinning),
    "Tearing something into two pieces": ((("paper",),), _tearing),
    "Rolling something on a flat surface": ((("ball",),), _rolling),
    "Poking something so that it falls over": ((("bottle",),), _toppling),
    "Holding something": ((SMALL,), _holding),
}
REVERSE_OF = {
    "Pulling something from right to left": "Pushing something from left to right",
    "Pulling something from left to right": "Pushing something from right to left",
    "Moving something down": "Moving something up",
    "Moving something away from the camera": "Moving something towards the camera",
    "Closing something": "Opening something",
    "Taking something out of something": "Putting something into something",
    "Moving something away from something": "Moving something closer to something",
    "Uncovering something": "Covering something with something",
}


def perform(label: str, take: Take, props: list[Prop]) -> Actors:
    """Things and hands of a clip, in drawing order."""
    actors = TEMPLATES[REVERSE_OF.get(label, label)][1](take, *props)
    return [actor[::-1] for actor in actors] if label in REVERSE_OF else actors
