"""The activities of Kinetics-400 that are drawn: the paths of a person's hips, hands and feet, and the props.

Each movement takes the stage and, from it, the facing f (+1 right, -1 left), the size s and the horizontal position x.

Three activities are drawn as others played backward (`REVERSE_OF`). The pairing is of the drawings: Kinetics-400 has no
two classes that differ in the order of frames alone. Each such movement is a cycle that begins anywhere and leaves the
picture before it begins again, so that no frame, nor a clip's frames without their order, tells the two apart.
"""

from collections.abc import Callable

import numpy as np

from lcr.synthetic.body import FLOOR, Body, Painter, Stage, backward
from lcr.synthetic.draw import TAU, band, bar, ellipse, ramp, rotation, shade, smooth, unit, upright

CORNERS = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
ANKLE = FLOOR - 0.03  # of a foot on the floor
DARK, GREY, YELLOW = (45.0, 45.0, 50.0), (90.0, 90.0, 95.0), (250.0, 240.0, 150.0)


def _trampoline(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    half, bed = stage.beat(15) / 2, 0.32
    arc = np.abs(np.sin(half))
    foot = bed - 0.02 - 0.20 * arc
    hip = foot - 0.37 * s + 0.10 * np.sin(half) ** 2 * s * 0.3
    hands, feet = stage.pair(0.20 + 0.04 * arc, hip - (0.16 + 0.26 * arc) * s), stage.pair(0.06 + 0.03 * arc, foot)
    legs = [(bar((x + k * 0.36, bed), (x + k * 0.38, FLOOR + 0.03), 0.03), GREY) for k in (-1, 1)]
    middle = stage.at(x, bed + 0.06 * ramp(1 - arc * 3))[:, None] + ellipse(0, 0, 0.36, 0.060)
    return [stage.props(*legs, (ellipse(x, bed, 0.44, 0.085), stage.accent), (middle, DARK)),
            Body(stage, stage.at(x, hip), 0, hands, feet).draw]  # fmt: skip


def _juggling(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    turn = stage.beat(15)
    chest = stage.hip - 0.07 * s
    hands = [stage.at(x + k * (0.15 + 0.035 * np.cos(turn)) * s, chest + k * 0.04 * s * np.sin(turn)) for k in (1, -1)]
    balls = []
    for ball, colour in enumerate((stage.accent, (240.0, 220.0, 60.0), (235.0, 235.0, 235.0))):
        way = (turn / TAU + ball / 3) % 1.0 * 2  # thrown from the right hand up to 1, back from the left up to 2
        part, side = way % 1, np.where(way < 1, 1, -1)
        at = stage.at(x + side * (0.15 - 0.30 * part) * s, chest - 0.02 - 1.55 * part * (1 - part) * s)
        balls.append((at[:, None] + ellipse(0, 0, 0.036, 0.036), colour))
    body = Body(stage, stage.at(x, stage.hip), 0.02 * np.sin(turn), hands, stage.feet, elbows=(-0.5, 0.5))
    return [body.draw, stage.props(*balls)]


def _push_up(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    rise = 0.50 - 0.22 * stage.wave(20)  # slope of the straight body
    foot, palm = stage.at(x - f * 0.42 * s, FLOOR - 0.055), stage.at(x + f * 0.22 * s, FLOOR - 0.02)
    hips = foot + np.stack([f * np.cos(rise), -np.sin(rise)], -1) * 0.397 * s
    return [stage.mat, Body(stage, hips, f * (np.pi / 2 - rise), [palm, palm + np.array([0.02, 0])], [foot, foot],
                            front=False, elbows=(f, f), knees=(f, f), nod=-0.25 * f).draw]  # fmt: skip


def _pull_up(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    up, high = stage.wave(22), -0.40
    hips = stage.at(x + 0.01 * np.sin(stage.beat(17)), high + (0.53 - 0.24 * up) * s)
    body = Body(stage, hips, 0, stage.pair(0.15, high), stage.pair(0.04, hips[:, 1] + (0.385 - 0.05 * up) * s),
                elbows=(1, -1))  # fmt: skip
    posts = [(bar((x + k * 0.36, high), (x + k * 0.36, 0.6), 0.03), (100.0, 100.0, 108.0)) for k in (-1, 1)]
    return [stage.props(*posts, (bar((x - 0.42, high), (x + 0.42, high), 0.03), stage.accent)), body.draw]


def _clapping(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    apart, hip = np.abs(np.sin(stage.beat(14) / 2)), 0.36
    body = Body(stage, stage.at(x, hip), 0.03 * np.sin(stage.beat(28)),
                stage.pair(0.022 + 0.15 * apart, hip - 0.17 * s + 0.01 * apart), stage.pair(0.08, hip + 0.385 * s),
                elbows=(-0.5, 0.5))  # fmt: skip
    rays = [(np.array([x, hip - 0.17 * s]) + ray * 0.07, ray * 0.045) for ray in unit(np.array([-2.2, -1.57, -0.94]))]
    sound = [(bar(start, start + ray, 0.012), YELLOW) for start, ray in rays]
    return [body.draw, stage.props(*sound, shown=apart < 0.25)]


def _hula(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    turn, hip = stage.beat(12) * stage.draw.choice([-1, 1]), stage.hip
    sway = 0.045 * np.cos(turn) * s
    hands = stage.pair(0.25, hip - 0.30 * s + 0.02 * np.sin(turn))
    body = Body(stage, stage.at(x + sway, hip), -sway / (0.27 * s), hands, stage.feet, elbows=(1, -1))
    tilt = rotation(0.16 * np.sin(turn))
    centre = stage.at(x - 1.2 * sway, hip - 0.03 * s + 0.02 * np.sin(turn))[:, None]
    halves = (ellipse(0, 0, 0.24 * s, 0.075 * s, *part) for part in ((np.pi, TAU), (0, np.pi)))
    back, front = (stage.props((band(half, 0.028) @ tilt + centre, stage.accent)) for half in halves)
    return [back, body.draw, front]


def _swinging_legs(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    turn, seat, wood = stage.beat(17), 0.06, stage.accent
    hips = stage.at(x - f * 0.05, seat - 0.05)
    swing = [0.75 * np.sin(turn), 0.75 * np.sin(turn + (np.pi if stage.draw.random() < 0.5 else 0.5))]
    knee = hips + np.array([f * 0.195 * s, 0.02])
    feet = [knee + np.stack([f * np.sin(a + 0.1), np.cos(a + 0.1)], -1) * 0.198 * s for a in swing]
    hands = [hips + np.array([-f * back * s, 0.02]) for back in (0.09, 0.05)]
    legs = [(bar((x + k * 0.26 - f * 0.22, seat + 0.03), (x + k * 0.26 - f * 0.22, 0.47), 0.04), shade(wood, 0.7))
            for k in (-1, 1)]  # fmt: skip
    board = bar((x - 0.34 - f * 0.18, seat + 0.025), (x + 0.34 - f * 0.18, seat + 0.025), 0.05)
    return [stage.props(*legs, (board, wood)), Body(stage, hips, -0.12 * f + 0.04 * np.sin(turn), hands, feet,
                                                    front=False, elbows=(f, f), knees=(-f, -f)).draw]  # fmt: skip


def _squat(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    down = stage.wave(22)
    hips, lean = stage.at(x - f * 0.15 * s * down, stage.hip + 0.20 * s * down), f * 0.55 * down
    hand = hips + upright(lean) * 0.235 * s + np.stack([f * (0.10 + 0.17 * down) * s, (0.16 - 0.14 * down) * s], -1)
    return [Body(stage, hips, lean, [hand] * 2, [stage.at(x, ANKLE)] * 2, front=False, elbows=(-f, -f),
                 knees=(-f, -f)).draw]  # fmt: skip


def _situp(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    lean = -f * (np.pi / 2 - 0.06 - 1.45 * stage.wave(24))
    hips, feet = stage.at(x - f * 0.02, FLOOR - 0.06), [stage.at(x + f * 0.26 * s, ANKLE)] * 2
    hands = [hips + upright(lean) * 0.36 * s - upright(lean) * 0.02] * 2
    return [stage.mat, Body(stage, hips, lean, hands, feet, front=False, elbows=(f, f), knees=(-f, -f),
                            nod=0.2 * f).draw]  # fmt: skip


def _rope(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    turn = stage.beat(11)
    low = np.cos(turn)
    hop = 0.07 * ramp(low)  # in the air while the rope is below
    hip = ANKLE - 0.392 * s - hop
    hands = stage.pair(0.22 + 0.015 * np.sin(turn), hip - 0.03 * s + 0.015 * low)
    body = Body(stage, stage.at(x, hip), 0, hands, stage.pair(0.045, ANKLE - hop), elbows=(1, -1))
    t = np.linspace(-1, 1, 25)
    deep = low * np.where(low > 0, ANKLE + 0.03 - hip + 0.03 * s, 0.60 * s)
    y = (hip - 0.03 * s)[:, None] + deep[:, None] * np.sqrt(np.maximum(1 - t * t, 0))
    line = np.stack([np.broadcast_to(x + 0.215 * s * t * (1 + 0.35 * (1 - t * t)), y.shape), y], -1)
    before = np.sin(turn) > 0
    back, front = (stage.props((band(line, 0.03), stage.accent), shown=at) for at in (~before, before))
    return [back, body.draw, front]


def _front_raises(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    raised, hips = stage.wave(20), stage.at(x, stage.hip)
    lean, angle = -0.06 * f * raised, 0.15 + 1.5 * raised
    hand = hips + upright(lean) * 0.235 * s + np.stack([f * np.sin(angle), np.cos(angle)], -1) * 0.285 * s
    feet = [stage.at(x - 0.01 * f, ANKLE), stage.at(x + 0.02 * f, ANKLE)]
    grip = (hand + np.array([f * 0.01, 0.012]))[:, None]
    discs = ((0.052, stage.accent), (0.020, (70.0, 70.0, 75.0)))
    weight = [(grip + ellipse(0, 0, radius, radius), colour) for radius, colour in discs]
    return [Body(stage, hips, lean, [hand, hand], feet, front=False, elbows=(-f, -f), knees=(-f, -f)).draw,
            stage.props(*weight)]  # fmt: skip


def _marching(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    turn = stage.beat(16)
    x = x + f * (np.linspace(0, 1, stage.count) - 0.5) * 0.55 * stage.width / stage.height
    hip = stage.hip - 0.012 * np.abs(np.sin(turn))
    steps = [(np.sin(turn + k), ramp(np.cos(turn + k))) for k in (0, np.pi)]  # each forward, and lifted
    feet = [stage.at(x + f * (0.12 * step + 0.10 * lift) * s, ANKLE - 0.17 * lift * s) for step, lift in steps]
    hands = [stage.at(x - f * 0.20 * step * s, hip - 0.235 * s + (0.25 - 0.07 * np.abs(step)) * s) for step, _ in steps]
    return [Body(stage, stage.at(x, hip), 0, hands, feet, front=False, elbows=(f, f), knees=(-f, -f)).draw]


def _climbing(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    """A person goes hand over hand up a rope, from below the picture to above."""
    phase = stage.phase(42)
    hip, grip = 0.5 + 0.50 * s - phase * (1 + 0.98 * s), np.sin(4 * TAU * phase)
    hands = [stage.at(x, hip - (0.40 + k * 0.09 * grip) * s) for k in (1, -1)]
    feet = [stage.at(x + k * 0.02, hip + (0.29 - k * 0.06 * grip) * s) for k in (1, -1)]
    body = Body(stage, stage.at(x, hip), 0.04 * grip, hands, feet, elbows=(1, -1))
    return [stage.props((bar((x, -0.6), (x, 0.6), 0.025), stage.accent)), body.draw]


def _opening_present(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    """A person behind a table lifts the lid off a box; the box comes and leaves closed or open by the same way."""
    phase = stage.phase(42)
    done, hip = smooth(ramp((phase - 0.18) / 0.64)), 0.36
    at = x + f * 1.1 * smooth(ramp(np.maximum(1 - phase / 0.14, (phase - 0.86) / 0.14)))
    rise = 0.09 - 0.30 * done  # height of the lid
    table = np.add([[-0.75, 0.27], [0.75, 0.27], [0.85, 0.55], [-0.85, 0.55]], [x, 0])
    cube, lid, ribbon = (
        stage.at(at, y)[:, None] + CORNERS * half
        for y, half in ((0.20, (0.13, 0.10)), (rise, (0.15, 0.035)), (0.20, (0.02, 0.10)))
    )
    star = stage.at(at, 0.16 - 0.09 * done)[:, None] + ellipse(0, 0, 0.065, 0.065)
    body = Body(
        stage,
        stage.at(x, hip),
        0,
        [stage.at(at + k * 0.15, rise) for k in (1, -1)],
        stage.pair(0.07, hip + 0.38 * s),
        elbows=(1, -1),
    )
    return [body.draw, stage.props((table, (150.0, 115.0, 80.0)), (star, YELLOW), (cube, stage.accent),
                                   (ribbon, YELLOW), (lid, shade(stage.accent, 0.8)))]  # fmt: skip


def _loading(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    """A person carries a box from the picture's edge into a truck that stands at the other."""
    phase, half = stage.phase(42), stage.width / stage.height / 2
    turn, door = 4 * TAU * phase, 0.18
    start = -half - 0.35 * s
    along = f * (start + (door + 0.28 * s - start) * phase)
    hip = stage.hip - 0.012 * np.abs(np.sin(turn))
    steps = [(np.sin(turn + k), ramp(np.cos(turn + k))) for k in (0, np.pi)]  # as in `_marching`
    feet = [stage.at(along + f * (0.12 * step + 0.06 * lift) * s, ANKLE - 0.10 * lift * s) for step, lift in steps]
    box = stage.at(along + f * 0.19 * s, hip - 0.12 * s)[:, None] + CORNERS * 0.10 * s
    hands = [stage.at(along + f * 0.15 * s, hip - 0.03 * s)] * 2
    person = Body(stage, stage.at(along, hip), -0.06 * f, hands, feet, front=False, elbows=(f, f), knees=(-f, -f))
    truck = np.array([f * (door + 0.5), -0.025]) + CORNERS * (0.5, 0.425)
    wheel = ellipse(f * (door + 0.16), 0.40, 0.07, 0.07)
    return [stage.props((box, (175.0, 130.0, 80.0))), person.draw, stage.props((truck, stage.accent), (wheel, DARK))]


# Size of the person relative to other activities, and the movement.
ACTIVITIES: dict[str, tuple[float, Callable[[Stage, int, float, float], list[Painter]]]] = {
    "bouncing on trampoline": (0.68, _trampoline),
    "clapping": (1.45, _clapping),
    "climbing a rope": (0.9, _climbing),
    "front raises": (1, _front_raises),
    "hula hooping": (1, _hula),
    "juggling balls": (1, _juggling),
    "marching": (1, _marching),
    "moving furniture": (0.85, _loading),
    "opening present": (1.3, _opening_present),
    "pull ups": (0.9, _pull_up),
    "push up": (1, _push_up),
    "situp": (1, _situp),
    "skipping rope": (0.86, _rope),
    "squat": (1, _squat),
    "swinging legs": (1, _swinging_legs),
}
REVERSE_OF = {
    "abseiling": "climbing a rope",
    "unloading truck": "moving furniture",
    "wrapping present": "opening present",
}


def perform(label: str, stage: Stage) -> list[Painter]:
    """The painters of a clip, in drawing order."""
    zoom, play = ACTIVITIES[REVERSE_OF.get(label, label)]
    stage.size *= zoom
    painters = play(stage, stage.facing, stage.size, stage.x)
    return [backward(painter, stage.count) for painter in painters] if label in REVERSE_OF else painters
