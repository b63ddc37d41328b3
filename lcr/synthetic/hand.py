"""An articulated hand: palm, four fingers of three phalanges, thumb, wrist and sleeve, posed in 3-D and drawn shaded.

Everything that does not depend on the drawing order is computed for all frames of a clip at once; a frame then costs
some forty small anti-aliased polygons. Lengths are in hands (wrist to the middle finger's tip = 1), local axes are
x towards the thumb, y towards the fingertips, z out of the palm; the screen is in frame heights, x right, y down.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from lcr.synthetic.draw import TAU, capsules, fill, fixed, shade, tube, unit, upright
from lcr.synthetic.scene import Performer

KNUCKLES = np.array([[0.165, 0.47, 0.0], [0.055, 0.49, 0.0], [-0.055, 0.47, 0.0], [-0.16, 0.43, 0.0]])
PHALANGES = np.array([[0.21, 0.135, 0.10], [0.23, 0.15, 0.105], [0.215, 0.14, 0.10], [0.17, 0.105, 0.085]])
SPLAY = np.array([0.16, 0.03, -0.11, -0.27])  # radians at splay 1
THUMB_ROOT = np.array([[0.13, 0.14, 0.03]])
THUMB_PHALANGES = np.array([0.17, 0.16, 0.12])
RADII = np.array([*[[0.062, 0.058, 0.052, 0.046]] * 4, [0.075, 0.066, 0.060, 0.050]])  # root to tip; the thumb's last
PALM = np.array([[0.10, 0.03, 0.0], [0.165, 0.20, 0.0], [0.185, 0.46, 0.0], [0.0, 0.50, 0.0], [-0.17, 0.43, 0.0],
                 [-0.165, 0.20, 0.0], [-0.09, 0.03, 0.0]])  # fmt: skip
PALM_RADIUS = 0.045
PERSPECTIVE = 0.35


@dataclass
class Pose:
    """The hand over a clip of F frames; angles in radians.

    Attributes:
        centre: (F, 2) where the middle of the palm is, frame heights from the middle of the frame.
        size: (F,) length of the hand in frame heights, perspective included.
        yaw: (F,) turn about the forearm; 0 shows the palm, π the back.
        pitch: (F,) positive tips the fingers towards the camera.
        roll: (F,) turn in the picture; 0 points up, positive is clockwise as seen.
        arm: (F,) direction of the forearm in the picture; 0 comes from below, positive from the left.
        flex: (F, 4, 2) bend of each finger at the knuckle and at the middle joint.
        splay: (F,) 0 keeps the fingers together, 1 spreads them.
        thumb: (F, 3) angle from the fingers' direction, lift out of the palm, bend.
        side: +1 has the thumb on the picture's right when the palm shows, -1 on its left.
    """

    centre: np.ndarray
    size: np.ndarray
    yaw: np.ndarray
    pitch: np.ndarray
    roll: np.ndarray
    arm: np.ndarray
    flex: np.ndarray
    splay: np.ndarray
    thumb: np.ndarray
    side: int = 1

    def __getitem__(self, frames) -> "Pose":
        """The pose at some frames, for instance `pose[::-1]`: the same movement backward in time."""
        moving = {k: v[frames] for k, v in vars(self).items() if k != "side"}
        return Pose(**moving, side=self.side)


def _chain(root: np.ndarray, fan: np.ndarray, lift: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Joints (F, N, 4, 3) of N chains of three phalanges from roots (N, 3), by each phalanx's angle and lift."""
    steps = np.stack([np.sin(fan) * np.cos(lift), np.cos(fan) * np.cos(lift), np.sin(lift)], -1) * lengths[..., None]
    root = np.broadcast_to(root[:, None], (*steps.shape[:2], 1, 3))
    return np.concatenate([root, root + np.cumsum(steps, 2)], 2)


def _joints(pose: Pose) -> np.ndarray:
    """Local joint positions of the four fingers and the thumb, (F, 5, 4, 3)."""
    knuckle, middle = pose.flex[..., 0], pose.flex[..., 1]
    bends = np.stack([knuckle, knuckle + middle, knuckle + 1.6 * middle], -1)  # (F, 4, 3)
    fingers = _chain(KNUCKLES, pose.splay[:, None, None] * SPLAY[:, None], bends, PHALANGES)
    angle, lift, bend = pose.thumb.T[..., None, None]  # each (F, 1, 1)
    angles, lifts = angle - bend * np.array([0.0, 0.7, 1.6]), lift * np.array([1.0, 0.8, 0.6])
    return np.concatenate([fingers, _chain(THUMB_ROOT, angles, lifts, THUMB_PHALANGES)], 1)


def _turn(pose: Pose) -> np.ndarray:
    """Rotation of local into picture axes, (F, 3, 3), x right, y up, z towards the camera; mirrored for side -1."""
    cy, sy, cp, sp, cr, sr = (f(a) for a in (pose.yaw * pose.side, pose.pitch, -pose.roll) for f in (np.cos, np.sin))
    o, i = np.zeros_like(cy), np.ones_like(cy)
    about_y = np.stack([cy, o, sy, o, i, o, -sy, o, cy], -1).reshape(-1, 3, 3)
    about_x = np.stack([i, o, o, o, cp, -sp, o, sp, cp], -1).reshape(-1, 3, 3)
    about_z = np.stack([cr, -sr, o, sr, cr, o, o, o, i], -1).reshape(-1, 3, 3)
    return about_z @ about_x @ about_y @ np.diag([float(pose.side), 1.0, 1.0])


class Hand:
    """A posed hand, ready to be drawn frame by frame into pictures of one size.

    Args:
        pose: F frames.
        person: gives colours and light.
        height, width: of the pictures, pixels.
    """

    def __init__(self, pose: Pose, person: Performer, height: int, width: int):
        self.person, self.outline = person, max(0.8, height / 100)
        self.skin, self.sleeve = tuple(person.skin.tolist()), tuple(person.sleeve.tolist())
        count, scale = len(pose.size), (pose.size * height)[:, None]
        rest = np.broadcast_to([*PALM, [0, 0, 0]], (count, 8, 3))  # the palm's outline and the wrist
        local = np.concatenate([_joints(pose).reshape(count, 20, 3), rest], 1) - np.array([0.0, 0.3, 0.0])
        turned = local @ _turn(pose).transpose(0, 2, 1)  # (F, 28, 3)
        depth = turned[..., 2]
        near = scale / (1 - PERSPECTIVE * depth)
        middle = np.array([width, height]) / 2 + pose.centre * height
        points = middle[:, None] + turned[..., :2] * np.array([1.0, -1.0]) * near[..., None]
        joints, radii = points[:, :20].reshape(count, 5, 4, 2), near[:, :20].reshape(count, 5, 4) * RADII * person.stout
        radii[:, 3] *= 0.88  # the little finger
        ends = joints[:, :, :-1], joints[:, :, 1:], radii[:, :, :-1], radii[:, :, 1:]
        self.fingers = tube(*ends, person.light, self.outline)  # each (F, 5, 3, 14, 2)
        self.joint_depth, self.palm_depth = depth[:, :20].reshape(count, 5, 4), depth[:, 20:27].mean(1)
        self.palm_colour = 0.93 + 0.09 * np.abs(np.cos(pose.yaw) * np.cos(pose.pitch))
        self._palm(points[:, 20:27], near[:, 20:27] * PALM_RADIUS, scale)
        self._arm(points[:, 27], pose.arm, scale[:, 0] * person.stout, height)

    def _palm(self, points: np.ndarray, radius: np.ndarray, scale: np.ndarray) -> None:
        ring = unit(np.linspace(0, TAU, 8, endpoint=False))
        grow = lambda extra: (points[:, :, None] + (radius + extra)[..., None, None] * ring).reshape(len(points), -1, 2)  # noqa: E731
        shine = points.mean(1, keepdims=True) * 0.3 + grow(0.0) * 0.7
        self.palm = grow(self.outline), grow(0.0), shine + self.person.light * 0.04 * scale[..., None]

    def _arm(self, wrist: np.ndarray, angle: np.ndarray, scale: np.ndarray, height: int) -> None:
        bare = self.person.bare * scale
        start, cuff, elbow = (wrist - upright(angle) * far[:, None] for far in (-0.05 * scale, bare, bare + 2 * height))
        o, lift = self.outline, self.person.light[None] * (0.06 * scale)[:, None]
        self.arm = [  # in drawing order
            (capsules(cuff, elbow, 0.19 * scale + o, 0.30 * scale + 2 * o), shade(self.sleeve, 0.5)),
            (capsules(cuff, elbow, 0.19 * scale, 0.30 * scale + o), shade(self.sleeve, 0.9)),
            (capsules(cuff + lift, elbow + lift, 0.10 * scale, 0.16 * scale), shade(self.sleeve, 1.1)),
            (capsules(start, cuff, 0.125 * scale + o, 0.15 * scale + o), shade(self.skin, 0.55)),
            (capsules(start, cuff, 0.125 * scale, 0.15 * scale), shade(self.skin, 0.92)),
        ]

    def draw(self, frame: np.ndarray, index: int) -> None:
        """Draws the hand of frame `index` into frame, (H, W, 3) uint8, in place."""
        for limb, colour in self.arm:
            fill(frame, fixed(limb[index]), colour)
        pieces = [(float(self.palm_depth[index]), -1, 0, 0)]
        for finger, z in enumerate(self.joint_depth[index].tolist()):
            if finger < 4 and abs(z[3] - z[0]) < abs(z[1] - z[0]):  # curled back: the outer part lies before or behind
                pieces += [((z[0] + z[1]) / 2, finger, 0, 1), ((z[1] + z[2]) / 2 * 1.1, finger, 1, 3)]
            else:
                pieces.append((sum(z) / 4 + (0.01 if finger == 4 else -0.002), finger, 0, 3))
        for z, finger, first, last in sorted(pieces):
            if finger < 0:
                self._draw_palm(frame, index)
                continue
            tone = min(1.1, max(0.78, 0.97 + 0.35 * z))
            for layer, factor in zip(self.fingers, (0.55, tone * 0.95, tone * 1.07), strict=True):
                for part in range(first, last):
                    fill(frame, layer[index, finger, part], shade(self.skin, factor))

    def _draw_palm(self, frame: np.ndarray, index: int) -> None:
        tone = float(self.palm_colour[index])
        for layer, factor in zip(self.palm, (0.55, tone * 0.95, tone * 1.03), strict=True):
            fill(frame, cv2.convexHull(fixed(layer[index])), shade(self.skin, factor))
