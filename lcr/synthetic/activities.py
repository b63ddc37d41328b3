"""The activities of Kinetics-400 that are drawn: the paths of a person's hips, hands and feet, and the props.

Each movement takes the stage and, from it, the facing f (+1 right, -1 left), the size s and the horizontal position x.
"""

from collections.abc import Callable

import numpy as np

from lcr.synthetic.body import Body
from lcr.synthetic.draw import TAU, ellipse, shade
from lcr.synthetic.stage import FLOOR, Painter, Stage


def _trampoline(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    turn = stage.beat(15)
    arc = np.abs(np.sin(turn / 2))
    rise = 0.20 * arc
    bed = 0.32
    foot = bed - 0.02 - rise
    tuck = 0.10 * np.sin(turn / 2) ** 2 * s
    hips = stage.at(x, foot - 0.37 * s + tuck * 0.3)
    feet = [stage.at(x + k * (0.06 + 0.03 * arc) * s, foot) for k in (1, -1)]
    hands = [stage.at(x + k * (0.20 + 0.04 * arc) * s, hips[:, 1] - (0.16 + 0.26 * arc) * s) for k in (1, -1)]
    body = Body(stage, hips, 0, hands, feet)
    sag = 0.06 * np.clip(1 - arc * 3, 0, 1)

    def bed_at(frame: np.ndarray, i: int) -> None:
        for k in (-1, 1):
            stage.bar(frame, (x + k * 0.36, bed), (x + k * 0.38, FLOOR + 0.03), 0.03, (90.0, 90.0, 95.0))
        stage.shape(frame, ellipse(x, bed, 0.44, 0.085), stage.accent)
        stage.shape(frame, ellipse(x, bed + sag[i], 0.36, 0.060), (45.0, 45.0, 50.0))

    return [bed_at, body.draw]


def _juggling(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    hip, feet = stage.standing()
    turn = stage.beat(15)
    chest = hip - 0.07 * s
    hands = [stage.at(x + k * (0.15 + 0.035 * np.cos(turn)) * s, chest + k * 0.04 * s * np.sin(turn)) for k in (1, -1)]
    body = Body(stage, stage.at(x, hip), 0.02 * np.sin(turn), hands, feet, elbows=(-0.5, 0.5))
    colours = [stage.accent, (240.0, 220.0, 60.0), (235.0, 235.0, 235.0)]

    def balls(frame: np.ndarray, i: int) -> None:
        for ball, colour in enumerate(colours):
            way = (turn[i] / TAU * 1.0 + ball / 3) % 1.0
            leg, part = int(way * 2), way * 2 % 1
            side = 1 if leg == 0 else -1
            px = x + side * (0.15 - 0.30 * part) * s
            py = chest - 0.02 - 1.55 * part * (1 - part) * s
            stage.shape(frame, ellipse(px, py, 0.036, 0.036), colour)

    return [body.draw, balls]


def _push_up(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    down = 0.5 - 0.5 * np.cos(stage.beat(20))
    ankle = np.array([x - f * 0.42 * s, FLOOR - 0.055])
    palm = stage.at(x + f * 0.22 * s, FLOOR - 0.02)
    rise = 0.50 - 0.22 * down  # slope of the straight body
    along = np.stack([f * np.cos(rise), -np.sin(rise)], -1)
    hips = ankle + along * 0.397 * s
    lean = f * (np.pi / 2 - rise)
    foot = stage.at(ankle[0], ankle[1])
    body = Body(
        stage,
        hips,
        lean,
        [palm, palm + np.array([0.02, 0])],
        [foot, foot],
        front=False,
        elbows=(f, f),
        knees=(f, f),
        nod=-0.25 * f,
    )
    return [stage.mat, body.draw]


def _pull_up(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    up = 0.5 - 0.5 * np.cos(stage.beat(22))
    bar = -0.40
    hips = stage.at(x + 0.01 * np.sin(stage.beat(17)), bar + (0.53 - 0.24 * up) * s)
    hands = [stage.at(x + k * 0.15 * s, bar) for k in (1, -1)]
    feet = [stage.at(x + k * 0.04 * s, hips[:, 1] + (0.385 - 0.05 * up) * s) for k in (1, -1)]
    body = Body(stage, hips, 0, hands, feet, elbows=(1, -1))

    def frame_bar(frame: np.ndarray, i: int) -> None:
        for k in (-1, 1):
            stage.bar(frame, (x + k * 0.36, bar), (x + k * 0.36, 0.6), 0.03, (100.0, 100.0, 108.0))
        stage.bar(frame, (x - 0.42, bar), (x + 0.42, bar), 0.03, stage.accent)

    return [frame_bar, body.draw]


def _clapping(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    apart = np.abs(np.sin(stage.beat(14) / 2))
    hip = 0.36
    hands = [stage.at(x + k * (0.022 + 0.15 * apart) * s, hip - 0.17 * s + 0.01 * apart) for k in (1, -1)]
    feet = [stage.at(x + k * 0.08 * s, hip + 0.385 * s) for k in (1, -1)]
    body = Body(stage, stage.at(x, hip), 0.03 * np.sin(stage.beat(28)), hands, feet, elbows=(-0.5, 0.5))

    def sound(frame: np.ndarray, i: int) -> None:
        if apart[i] < 0.25:
            for angle in (-2.2, -1.57, -0.94):
                ray = np.array([np.cos(angle), np.sin(angle)])
                start = np.array([x, hip - 0.17 * s]) + ray * 0.07
                stage.bar(frame, start, start + ray * 0.045, 0.012, (250.0, 240.0, 150.0))

    return [body.draw, sound]


def _hula(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    hip, feet = stage.standing()
    turn = stage.beat(12) * stage.draw.choice([-1, 1])
    sway = 0.045 * np.cos(turn) * s
    hips = stage.at(x + sway, hip)
    hands = [stage.at(x + k * 0.25 * s, hip - 0.30 * s + 0.02 * np.sin(turn)) for k in (1, -1)]
    body = Body(stage, hips, -sway / (0.27 * s), hands, feet, elbows=(1, -1))

    def half(frame: np.ndarray, i: int, front: bool) -> None:
        tilt = 0.16 * np.sin(turn[i])
        c, d = np.cos(tilt), np.sin(tilt)
        centre = np.array([x - 1.2 * sway[i], hip - 0.03 * s + 0.02 * np.sin(turn[i])])
        points = (
            ellipse(0, 0, 0.24 * s, 0.075 * s, 0, np.pi) if front else ellipse(0, 0, 0.24 * s, 0.075 * s, np.pi, TAU)
        )
        band = np.concatenate([points, points[::-1] + np.array([0, 0.028])])
        stage.shape(frame, band @ np.array([[c, d], [-d, c]]) + centre, stage.accent)

    return [lambda frame, i: half(frame, i, False), body.draw, lambda frame, i: half(frame, i, True)]


def _swinging_legs(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    turn = stage.beat(17)
    seat = 0.06
    hips = stage.at(x - f * 0.05, seat - 0.05)
    swing = [0.75 * np.sin(turn), 0.75 * np.sin(turn + (np.pi if stage.draw.random() < 0.5 else 0.5))]
    knee = hips + np.array([f * 0.195 * s, 0.02])
    feet = [knee + np.stack([f * np.sin(a + 0.1), np.cos(a + 0.1)], -1) * 0.198 * s for a in swing]
    hands = [hips + np.array([-f * 0.09 * s, 0.02]), hips + np.array([-f * 0.05 * s, 0.02])]
    body = Body(stage, hips, -0.12 * f + 0.04 * np.sin(turn), hands, feet, front=False, elbows=(f, f), knees=(-f, -f))

    def bench(frame: np.ndarray, i: int) -> None:
        wood = stage.accent
        for k in (-1, 1):
            stage.bar(
                frame, (x + k * 0.26 - f * 0.22, seat + 0.03), (x + k * 0.26 - f * 0.22, 0.47), 0.04, shade(wood, 0.7)
            )
        stage.bar(frame, (x - 0.34 - f * 0.18, seat + 0.025), (x + 0.34 - f * 0.18, seat + 0.025), 0.05, wood)

    return [bench, body.draw]


def _squat(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    hip, _ = stage.standing()
    down = 0.5 - 0.5 * np.cos(stage.beat(22))
    foot = stage.at(x, FLOOR - 0.03)
    hips = stage.at(x - f * 0.15 * s * down, hip + 0.20 * s * down)
    lean = f * 0.55 * down
    shoulder = hips + np.stack([np.sin(lean), -np.cos(lean)], -1) * 0.235 * s
    hands = [shoulder + np.stack([f * (0.10 + 0.17 * down) * s, (0.16 - 0.14 * down) * s], -1)] * 2
    body = Body(stage, hips, lean, hands, [foot, foot], front=False, elbows=(-f, -f), knees=(-f, -f))
    return [body.draw]


def _situp(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    up = 0.5 - 0.5 * np.cos(stage.beat(24))
    hips = stage.at(x - f * 0.02, FLOOR - 0.06)
    feet = [stage.at(x + f * 0.26 * s, FLOOR - 0.03)] * 2
    lean = -f * (np.pi / 2 - 0.06 - 1.45 * up)
    along = np.stack([np.sin(lean), -np.cos(lean)], -1)
    head = hips + along * 0.36 * s
    hands = [head - along * 0.02] * 2
    body = Body(stage, hips, lean, hands, feet, front=False, elbows=(f, f), knees=(-f, -f), nod=0.2 * f)
    return [stage.mat, body.draw]


def _rope(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    turn = stage.beat(11)
    hop = 0.07 * np.clip(np.cos(turn), 0, 1)  # in the air while the rope is below
    ground = FLOOR - 0.03
    feet = [stage.at(x + k * 0.045 * s, ground - hop) for k in (1, -1)]
    hips = stage.at(x, ground - 0.392 * s - hop)
    hands = [
        stage.at(x + k * (0.22 + 0.015 * np.sin(turn)) * s, hips[:, 1] - 0.03 * s + 0.015 * np.cos(turn))
        for k in (1, -1)
    ]
    body = Body(stage, hips, 0, hands, feet, elbows=(1, -1))

    def rope(frame: np.ndarray, i: int, front: bool) -> None:
        if (np.sin(turn[i]) > 0) != front:
            return
        t = np.linspace(-1, 1, 25)
        low = np.cos(turn[i])
        top, bottom = hips[i, 1] - 0.03 * s, (ground + 0.03 - hips[i, 1] + 0.03 * s if low > 0 else 0.60 * s)
        way = np.stack(
            [x + 0.215 * s * t * (1 + 0.35 * (1 - t * t)), top + low * bottom * np.sqrt(np.maximum(1 - t * t, 0))], -1
        )
        stage.shape(frame, np.concatenate([way, way[::-1] + np.array([0, 0.03])]), stage.accent)

    return [lambda frame, i: rope(frame, i, False), body.draw, lambda frame, i: rope(frame, i, True)]


def _front_raises(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    hip, _ = stage.standing()
    raised = 0.5 - 0.5 * np.cos(stage.beat(20))
    foot = [stage.at(x - 0.01 * f, FLOOR - 0.03), stage.at(x + 0.02 * f, FLOOR - 0.03)]
    hips = stage.at(x, hip)
    lean = -0.06 * f * raised
    shoulder = hips + np.stack([np.sin(lean), -np.cos(lean)], -1) * 0.235 * s
    angle = 0.15 + 1.5 * raised
    hand = shoulder + np.stack([f * np.sin(angle), np.cos(angle)], -1) * 0.285 * s
    body = Body(stage, hips, lean, [hand, hand], foot, front=False, elbows=(-f, -f), knees=(-f, -f))

    def weight(frame: np.ndarray, i: int) -> None:
        grip = hand[i] + np.array([f * 0.01, 0.012])
        stage.shape(frame, grip + ellipse(0, 0, 0.052, 0.052), stage.accent)
        stage.shape(frame, grip + ellipse(0, 0, 0.020, 0.020), (70.0, 70.0, 75.0))

    return [body.draw, weight]


def _marching(stage: Stage, f: int, s: float, x: float) -> list[Painter]:
    hip, _ = stage.standing()
    turn = stage.beat(16)
    x = x + f * (np.linspace(0, 1, stage.count) - 0.5) * 0.55 * stage.width / stage.height
    hips = stage.at(x, hip - 0.012 * np.abs(np.sin(turn)))
    feet, hands = [], []
    for k in (0, np.pi):
        step = np.sin(turn + k)
        lift = np.clip(np.cos(turn + k), 0, 1)
        feet.append(stage.at(x + f * (0.12 * step + 0.10 * lift) * s, FLOOR - 0.03 - 0.17 * lift * s))
        shoulder = hips[:, 1] - 0.235 * s
        hands.append(stage.at(x - f * 0.20 * step * s, shoulder + (0.25 - 0.07 * np.abs(step)) * s))
    body = Body(stage, hips, 0, hands, feet, front=False, elbows=(f, f), knees=(-f, -f))
    return [body.draw]


# Size of the person relative to other activities, and the movement.
ACTIVITIES: dict[str, tuple[float, Callable[[Stage, int, float, float], list[Painter]]]] = {
    "bouncing on trampoline": (0.68, _trampoline),
    "clapping": (1.45, _clapping),
    "front raises": (1, _front_raises),
    "hula hooping": (1, _hula),
    "juggling balls": (1, _juggling),
    "marching": (1, _marching),
    "pull ups": (0.9, _pull_up),
    "push up": (1, _push_up),
    "situp": (1, _situp),
    "skipping rope": (0.86, _rope),
    "squat": (1, _squat),
    "swinging legs": (1, _swinging_legs),
}


def perform(label: str, stage: Stage) -> list[Painter]:
    """The painters of a clip, in drawing order."""
    zoom, play = ACTIVITIES[label]
    stage.size *= zoom
    return play(stage, stage.facing, stage.size, stage.x)
