"""Reversed pairs of synthetic gestures differ in time alone: single frames do not tell them apart, their order does."""

import cv2
import numpy as np
import pytest

from lcr.model.edges import canny_otsu
from lcr.synthetic.gestures import REVERSE_OF, perform
from lcr.synthetic.jester import film
from lcr.synthetic.plan import Clip

FRAMES, TRAIN, VALIDATION, SEED = 10, 56, 40, 0


def features(label: str, split: str, count: int) -> np.ndarray:
    """Grey and edge pictures of 12 × 12, (count, FRAMES, 288): ten frames of each clip, evenly spaced."""
    rows = []
    for number in range(count):
        draw, person = Clip("", label, split, number, SEED).start()
        pose = perform(label, draw, person)
        for frame in film(pose[np.linspace(0, len(pose.size) - 1, FRAMES).round().astype(int)], draw, person):
            left = (frame.shape[1] - 100) // 2
            square = cv2.resize(frame[:, left : left + 100], (48, 48), interpolation=cv2.INTER_AREA)
            both = (cv2.cvtColor(square, cv2.COLOR_RGB2GRAY) / 255.0 - 0.5, 2.0 * canny_otsu(square))
            rows.append(np.ravel([cv2.resize(one, (12, 12), interpolation=cv2.INTER_AREA) for one in both]))
    return np.reshape(rows, (count, FRAMES, -1))


def probe(train: np.ndarray, side: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Ridge regression of ±1 on features: predictions for `test`."""
    centre, scale = train.mean(0), train.std(0).mean()
    train, test = (train - centre) / scale, (test - centre) / scale
    gram = train.T @ train
    ridge = 0.1 * np.trace(gram) / len(gram) * np.eye(len(gram))
    return test @ np.linalg.solve(gram + ridge, train.T @ side)


def motion(clips: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Features that change sign when a clip is played backward: x_t ∧ x_{t+1} and x_t ∧ x_{t+2}, of 16 components."""
    centre = train.mean((0, 1))
    axes = np.linalg.svd((train - centre).reshape(-1, train.shape[-1])[::3], full_matrices=False)[2][:16]
    x = (clips - centre) @ axes.T
    turn = sum(np.einsum("nti,ntj->nij", x[:, :-step], x[:, step:]) for step in (1, 2))
    return (turn - turn.transpose(0, 2, 1))[:, *np.triu_indices(16, 1)]


@pytest.mark.slow
def test_single_frames_do_not_tell_reversed_pairs_apart_and_the_order_of_frames_does():
    side, truth = np.repeat([1.0, -1.0], TRAIN), np.repeat([1.0, -1.0], VALIDATION)
    found = []
    for pair in REVERSE_OF.items():
        train = np.concatenate([features(label, "train", TRAIN) for label in pair[::-1]])
        test = np.concatenate([features(label, "validation", VALIDATION) for label in pair[::-1]])
        flat, flat_test = (clips.reshape(-1, clips.shape[-1]) for clips in (train, test))
        guesses = (
            probe(flat, np.repeat(side, FRAMES), flat_test) * np.repeat(truth, FRAMES),
            probe(train[:, 0], side, test[:, 0]) * truth,
            probe(train[:, -1], side, test[:, -1]) * truth,
            probe(motion(train, train), side, motion(test, train)) * truth,
        )
        found.append([(guess > 0).mean() for guess in guesses])
    any_frame, first, last, order = np.array(found).T  # accuracy on unseen performers, of ten pairs
    assert len(found) == 10
    assert any_frame.max() <= 0.60
    assert max(first.mean(), last.mean()) <= 0.60  # 80 clips a pair leave ±11 points of chance, so means are bound
    assert order.min() >= 0.80
