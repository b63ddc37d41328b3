"""The templates of Something-Something-V2 that are drawn: movements of hands and of things on a table.

As with the gestures, the two members of a reversed pair are one distribution played forward and backward in a cycle of
random phase; all that would give the direction away (the thing's resting position, the hand's coming and going) leaves
the picture at both ends.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from lcr.synthetic.draw import TAU, smooth
from lcr.synthetic.hand import Pose
from lcr.synthetic.take import OPEN, THUMB_ASIDE, Take
from lcr.synthetic.things import HALF_WIDTH, HEIGHTS, LIDS, Prop, Thing, thing

Actors = list[Pose | Thing]  # in drawing order
SMALL = ("cup", "ball", "bottle", "can", "box")
HOLD = np.tile([0.45, 0.75], (4, 1))
POINT = np.array([[0.05, 0.1], [1.3, 1.7], [1.3, 1.7], [1.3, 1.7]])
THUMB_HOLD = np.array([0.7, 0.5, 0.2])
TABLE = 0.28  # where things stand, frame heights below the middle


class Template(NamedTuple):
    """A template of which clips are drawn.

    Attributes:
        slots: the kinds of prop that each [something] may be.
        play: the movement.
    """

    slots: tuple[tuple[str, ...], ...]
    play: Callable[[Take, list[Prop]], Actors]


def _standing(prop: Prop, scale: float = 1.0) -> float:
    """Height of the middle of a prop that stands on the table."""
    return TABLE - HEIGHTS[prop.kind] * scale / 2


def _hand(take: Take, x, y, origin: int, *, raised: float = 0.0, **posture) -> Pose:
    """A hand whose fingertips are at (x, y), the forearm coming from the right (origin 1) or the left (-1)."""
    arm = -origin * (np.pi / 2 - 0.35 - raised)
    take.side = origin
    along = np.array([-np.sin(arm), np.cos(arm)])
    posture = {"flex": HOLD, "thumb": THUMB_HOLD, "splay": 0.2, "scale": 0.85} | posture
    bent = float(np.mean(posture["flex"]))
    lead = (0.70 - 0.45 * bent) * take.person.size * posture["scale"]
    return take.pose(np.asarray(x) + along[0] * lead, np.asarray(y) + along[1] * lead, arm=arm, **posture)


def _shift(take: Take, origin: int, out: np.ndarray) -> np.ndarray:
    """(F,) sideways shift out of the picture, for props that the hand takes along."""
    return origin * out * (2 * take.reach + 0.5)


def _wide(prop: Prop) -> float:
    return HALF_WIDTH[prop.kind] * HEIGHTS[prop.kind]


def _slide(take: Take, props: list[Prop], heading: int) -> Actors:
    """The hand behind the thing, both from one edge of the picture to the other; `heading` 1 to the right."""
    progress = take.phases(24) % 1
    half = take.reach + 0.32
    x = heading * half * (2.0 * progress - 1)
    y = _standing(props[0]) + take.jitter(0.03)
    reach = x - heading * (_wide(props[0]) - 0.02)
    return [thing(props[0], take.count, x, y),
            _hand(take, reach, y + 0.02 + take.sway(0.006), -heading, flex=OPEN + 0.15,
                  yaw=take.jitter(0.2))]  # fmt: skip


def _lifting(take: Take, props: list[Prop]) -> Actors:
    """The hand lifts a thing."""
    done, out = take.stroke()
    origin, half = take.side, take.draw.uniform(0.24, 0.30)
    x, y = take.jitter(0.08) + take.sway(0.006) + _shift(take, origin, out), half * (1 - 2 * done)
    return [thing(props[0], take.count, x, y), _hand(take, x + origin * _wide(props[0]) * 0.6, y, origin)]


def _nearing(take: Take, props: list[Prop]) -> Actors:
    """The hand moves a thing towards the camera."""
    done, out = take.stroke()
    origin, scale = take.side, 0.55 * np.exp(1.15 * done)
    x, y = take.jitter(0.05) + _shift(take, origin, out), 0.06 + take.jitter(0.04) + take.sway(0.006)
    hold = x + origin * _wide(props[0]) * 0.7 * scale
    return [thing(props[0], take.count, x, y, scale=HEIGHTS[props[0].kind] * scale),
            _hand(take, hold, y, origin, scale=0.9 * scale)]  # fmt: skip


def _opening(take: Take, props: list[Prop]) -> Actors:
    done, out = take.stroke()
    origin, size = take.side, HEIGHTS[props[0].kind] * 1.25
    x, y = take.jitter(0.05) + _shift(take, -origin, out), TABLE - size / 2 + 0.04
    edge = LIDS[props[0].kind](done)[1]
    hand = _hand(take, x + 0.4 * origin * size, y + edge * size + 0.02, origin, flex=HOLD, scale=0.9)
    return [thing(props[0], take.count, x, y, scale=size, state=done), hand]


def _inserting(take: Take, props: list[Prop]) -> Actors:
    """The hand comes with the thing, dips behind the bowl's front and leaves without."""
    phase = take.phases(24) % 1
    inner, bowl = props
    origin, x = take.side, take.jitter(0.06)
    y = _standing(bowl) + 0.08
    depth = smooth(np.clip(1 - np.abs(phase - 0.45) / 0.44, 0, 1))
    along, lift = np.clip(1.5 - 2.6 * depth, 0, 1), np.clip(2.6 * depth - 1.4, 0, 1)
    hx = x + origin * along * (take.reach + 0.45)
    hy = y - 0.40 + 0.36 * lift + take.sway(0.005)
    held = phase < 0.45
    size = HEIGHTS[inner.kind] * 0.85
    gone = np.where(held, 0.0, 3.0)  # below the picture once it lies in the bowl, which hides it
    flex = HOLD[None] - np.where(held, 0.0, 0.3)[:, None, None]
    return [thing(Prop("bowl back", bowl.colour), take.count, x, y, scale=HEIGHTS["bowl"]),
            thing(inner, take.count, hx - 0.05 * origin, hy + 0.09 + gone, scale=size),
            _hand(take, hx + origin * 0.04, hy - 0.02, origin, raised=-0.6, flex=flex),
            thing(bowl, take.count, x, y)]  # fmt: skip


def _joining(take: Take, props: list[Prop]) -> Actors:
    """The first thing goes to the second, which stands still; in between the hand takes it out of the picture."""
    done, out = take.stroke()
    moved, fixed = props
    origin = take.side
    x_fixed = -origin * (0.22 + take.jitter(0.03))
    near = x_fixed + origin * (_wide(moved) + _wide(fixed) + 0.02)
    far = near + origin * take.draw.uniform(0.36, 0.44)
    x = far + (near - far) * done + 0.3 * origin * out
    y = _standing(moved) + 0.03 + (0.9 + HEIGHTS[moved.kind]) * out
    return [thing(fixed, take.count, x_fixed, _standing(fixed)), thing(moved, take.count, x, y),
            _hand(take, x + origin * _wide(moved) * 0.7, y, origin)]  # fmt: skip


def _covering(take: Take, props: list[Prop]) -> Actors:
    """A cloth comes down over a thing; thing, cloth and hand then leave to the side together."""
    done, out = take.stroke()
    cloth, hidden = props
    origin = take.side
    x = take.jitter(0.06) + _shift(take, origin, out)
    size = HEIGHTS[hidden.kind] * 1.12
    tall = size * 1.15 + 0.06
    y = TABLE - tall / 2 + 0.03 - (1 - done) * 0.52
    hand = _hand(take, x + 0.03 * origin, y - 0.42 * tall, origin, raised=-0.5, flex=HOLD + 0.1)
    return [thing(hidden, take.count, x, TABLE - size / 2, scale=size),
            thing(cloth, take.count, x, y, scale=tall, state=done), hand]  # fmt: skip


def _dropping(take: Take, props: list[Prop]) -> Actors:
    """A thing is held above another and let go; the hand opens and leaves."""
    falling, below = props
    t = np.arange(take.count)
    start = take.draw.uniform(0.25, 0.5) * take.count
    origin, x = take.side, take.jitter(0.1)
    top, ground = (
        -0.28 + take.jitter(0.03),
        _standing(below, 1.2) - (HEIGHTS[below.kind] * 1.2 + HEIGHTS[falling.kind]) / 2,
    )
    ground += 0.05
    fallen = np.clip(t - start, 0, None) / 12
    y = np.minimum(top + 2.4 * fallen * fallen, ground)
    hop = np.clip(fallen - np.sqrt((ground - top) / 2.4), 0, 0.25)
    y = y - 3.5 * hop * (0.25 - hop)
    free = np.clip((t - start) / 3, 0, 1)[:, None, None]
    leave = np.clip((t - start - 6) / 6, 0, 1)
    grip = x + origin * (_wide(falling) * 0.5 + 0.05 * free[:, 0, 0])
    hand = _hand(take, grip, top, origin, flex=HOLD * (1 - 0.8 * free), out=leave, raised=-0.3)
    return [thing(below, take.count, x, _standing(below, 1.2) + 0.04, scale=HEIGHTS[below.kind] * 1.2),
            thing(falling, take.count, x, y), hand]  # fmt: skip


def _inverting(take: Take, props: list[Prop]) -> Actors:
    """A thing is grasped, turned by half a turn in the air, and put back."""
    t = np.linspace(0, 1, take.count)
    start = take.draw.uniform(0.15, 0.4)
    done = smooth(np.clip((t - start) / 0.4, 0, 1))
    origin, x = take.side, take.jitter(0.08)
    y = _standing(props[0], 1.3) - 0.22 * np.sin(np.pi * done)
    out = np.clip(np.maximum(1 - (t - start + 0.15) / 0.12, (t - start - 0.47) / 0.12), 0, 1)
    hand = _hand(
        take, x + origin * _wide(props[0]) * 0.7, y, origin, roll=origin * (0.7 - 1.4 * done) * (out == 0), out=out
    )
    return [thing(props[0], take.count, x, y, scale=HEIGHTS[props[0].kind] * 1.3, angle=-origin * np.pi * done), hand]


def _spinning(take: Take, props: list[Prop]) -> Actors:
    """A bottle that lies on the table is flicked and goes on spinning after the hand has left."""
    t = np.arange(take.count)
    start = take.draw.uniform(0.1, 0.3) * take.count
    turned = np.clip(t - start, 0, None) * take.draw.uniform(0.75, 1.0)
    origin, x, y = take.side, take.jitter(0.06), 0.16 + take.jitter(0.03)
    out = np.clip(np.maximum(1 - (t - start + 5) / 3, (t - start - 2) / 3), 0, 1)
    swing = np.clip(1 - np.abs(t - start) / 2, 0, 1)
    hand = _hand(take, x + origin * 0.16, y - 0.04 + 0.12 * swing, origin, out=out, flex=HOLD * 0.6)
    return [thing(props[0], take.count, x, y, scale=0.58, angle=take.draw.uniform(0, TAU) + turned, squash=0.6), hand]


def _tearing(take: Take, props: list[Prop]) -> Actors:
    """Two hands pull a paper apart."""
    t = np.linspace(0, 1, take.count)
    start = take.draw.uniform(0.15, 0.4)
    done = np.clip((t - start) / 0.45, 0, 1)
    x, y, size = take.jitter(0.05), 0.02 + take.jitter(0.04), 0.52
    rip, apart = np.clip(2 * done, 0, 1), np.clip(2 * done - 0.8, 0, 1.2)
    actors: Actors = []
    for side, kind in ((1, "paper"), (-1, "paper left")):
        tilt = side * (0.22 * rip + 0.25 * apart)
        middle = x + side * (0.11 * apart + 0.25 * size * np.sin(np.abs(tilt)) * (apart < 0.01) + 0.05 * rip)
        actors.append(thing(Prop(kind, props[0].colour), take.count, middle, y, scale=size, angle=tilt))
        grip = middle + side * 0.40 * size
        actors.append(_hand(take, grip - 0.08 * side, y - 0.1 * size, side, raised=0.25, scale=0.85))
    return [actors[0], actors[2], actors[1], actors[3]]


def _rolling(take: Take, props: list[Prop]) -> Actors:
    """A ball is given a push and rolls away over the table."""
    t = np.arange(take.count)
    start = take.draw.uniform(0.15, 0.35) * take.count
    origin, radius = take.side, HEIGHTS["ball"] * 0.6
    begin = origin * min(take.reach - 0.15, 0.34)
    way = 2 * abs(begin) * (1 - np.exp(-np.clip(t - start, 0, None) / 7)) * 1.05
    y = _standing(props[0], 1.2) + take.jitter(0.03)
    out = np.clip(np.maximum(1 - (t - start + 7) / 4, (t - start - 3) / 5), 0, 1)
    touch = begin + origin * (radius - 0.05 * np.clip((t - start + 2) / 3, 0, 1))
    return [thing(props[0], take.count, begin - origin * way, y, scale=2 * radius, angle=-origin * way / radius),
            _hand(take, touch, y, origin, flex=OPEN + 0.2, out=out)]  # fmt: skip


def _toppling(take: Take, props: list[Prop]) -> Actors:
    """A finger pokes a bottle, which falls over."""
    t = np.arange(take.count)
    start = take.draw.uniform(0.25, 0.5) * take.count
    origin, x = take.side, take.jitter(0.05) + 0.1 * take.side
    tall = HEIGHTS["bottle"] * 1.25
    fall = np.clip((t - start) / 6, 0, 1) ** 2 * np.pi / 2
    pivot = x - origin * 0.2 * tall
    arm = np.stack([origin * 0.2 * tall * np.cos(fall) - origin * 0.5 * tall * np.sin(fall),
                    -0.5 * tall * np.cos(fall) - 0.2 * tall * np.sin(fall)], -1)  # fmt: skip
    poke = np.clip((t - start + 6) / 6, 0, 1) * np.clip(1 - (t - start - 2) / 6, 0, 1)
    tip = x + origin * (0.1 + 0.4 * (1 - poke))
    hand = _hand(take, tip, -0.02, origin, flex=POINT, thumb=THUMB_ASIDE, out=np.clip((t - start - 6) / 6, 0, 1))
    return [
        thing(props[0], take.count, pivot + arm[:, 0], TABLE + 0.05 + arm[:, 1], scale=tall, angle=-origin * fall),
        hand,
    ]


def _holding(take: Take, props: list[Prop]) -> Actors:
    origin, out = take.side, take.visit()
    x = take.jitter(0.1) + take.sway(0.012) + _shift(take, origin, out)
    y = take.jitter(0.06) + take.sway(0.012)
    return [thing(props[0], take.count, x, y, scale=HEIGHTS[props[0].kind] * 1.15),
            _hand(take, x + origin * _wide(props[0]) * 0.55, y, origin)]  # fmt: skip


TEMPLATES: dict[str, Template] = {
    "Pushing something from left to right": Template((SMALL,), lambda take, props: _slide(take, props, 1)),
    "Pushing something from right to left": Template((SMALL,), lambda take, props: _slide(take, props, -1)),
    "Moving something up": Template((SMALL,), _lifting),
    "Moving something towards the camera": Template((SMALL,), _nearing),
    "Opening something": Template((("laptop", "chest"),), _opening),
    "Putting something into something": Template((("ball", "can", "box", "cup"), ("bowl",)), _inserting),
    "Moving something closer to something": Template((SMALL, SMALL), _joining),
    "Covering something with something": Template((("cup", "ball", "can", "box"), ("cloth",)),
                                                  lambda take, props: _covering(take, props[::-1])),
    "Dropping something onto something": Template((("ball", "can", "box"), ("box",)), _dropping),
    "Turning something upside down": Template((("cup", "bottle"),), _inverting),
    "Spinning something so it continues spinning": Template((("bottle",),), _spinning),
    "Tearing something into two pieces": Template((("paper",),), _tearing),
    "Rolling something on a flat surface": Template((("ball",),), _rolling),
    "Poking something so that it falls over": Template((("bottle",),), _toppling),
    "Holding something": Template((SMALL,), _holding),
}  # fmt: skip
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
    actors = TEMPLATES[REVERSE_OF.get(label, label)].play(take, props)
    return [actor[::-1] for actor in actors] if label in REVERSE_OF else actors
