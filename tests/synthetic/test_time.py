"""Reversed pairs of generated gestures differ in time alone: single frames do not tell them apart, their order does."""

import cv2
import numpy as np
import pytest

from lcr.model.edges import canny_otsu
from lcr.synthetic.formats import Drawn, cast
from lcr.synthetic.gestures import REVERSE_OF, perform
from lcr.synthetic.jester import film

FRAMES, TRAIN, VALIDATION = 10, 56, 40
SEED = 0


def features(label: str, split: str, count: int) -> np.ndarray:
    """Grey and edge pictures of 12 × 12, (count, FRAMES, 288): ten frames of each clip, evenly spaced."""
    clips = []
    for number in range(count):
        draw = Drawn("", label, split, number, SEED).source()
        person = cast(split, draw, SEED)
        pose = perform(label, draw, person)
        chosen = np.linspace(0, len(pose.size) - 1, FRAMES).round().astype(int)
        clips.append([])
        for frame in film(pose[chosen], draw, person):
            left = (frame.shape[1] - 100) // 2
            square = cv2.resize(frame[:, left : left + 100], (48, 48), interpolation=cv2.INTER_AREA)
            both = (cv2.cvtColor(square, cv2.COLOR_RGB2GRAY) / 255.0 - 0.5, 2.0 * canny_otsu(square))
            clips[-1].append(np.ravel([cv2.resize(one, (12, 12), interpolation=cv2.INTER_AREA) for one in both]))
    return np.array(clips)


def probe(train: np.ndarray, side: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Ridge regression of ±1 on features: predictions for `test`."""
    centre, scale = train.mean(0), train.std(0).mean()
    train, test = (train - centre) / scale, (test - centre) / scale
    gram = train.T @ train
    gram += 0.1 * np.trace(gram) / len(gram) * np.eye(len(gram))
    return test @ np.linalg.solve(gram, train.T @ side)


def motion(clips: np.ndarray, train: np.ndarray) -> np.ndarray:
    """What changes sign when a clip is played backward: x_t ∧ x_{t+1} and x_t ∧ x_{t+2} of 16 principal components."""
    centre = train.mean((0, 1))
    axes = np.linalg.svd((train - centre).reshape(-1, train.shape[-1])[::3], full_matrices=False)[2][:16]
    x = (clips - centre) @ axes.T
    turn = sum(np.einsum("nti,ntj->nij", x[:, :-step], x[:, step:]) for step in (1, 2))
    upper = np.triu_indices(16, 1)
    return (turn - turn.transpose(0, 2, 1))[:, *upper]


@pytest.fixture(scope="module")
def accuracies() -> dict[str, dict[str, float]]:
    """Accuracy on unseen performers of each pair: from any one frame, the first, the last, and from the order."""
    side, truth = np.repeat([1.0, -1.0], TRAIN), np.repeat([1.0, -1.0], VALIDATION)
    found = {}
    for reverse, label in REVERSE_OF.items():
        train = np.concatenate([features(label, "train", TRAIN), features(reverse, "train", TRAIN)])
        test = np.concatenate([features(label, "validation", VALIDATION), features(reverse, "validation", VALIDATION)])
        flat = lambda clips: clips.reshape(-1, clips.shape[-1])  # noqa: E731
        guesses = {
            "any frame": probe(flat(train), np.repeat(side, FRAMES), flat(test)) * np.repeat(truth, FRAMES),
            "first frame": probe(train[:, 0], side, test[:, 0]) * truth,
            "last frame": probe(train[:, -1], side, test[:, -1]) * truth,
            "order": probe(motion(train, train), side, motion(test, train)) * truth,
        }
        found[label] = {name: float((guess > 0).mean()) for name, guess in guesses.items()}
    return found


def test_single_frames_do_not_tell_a_reversed_pair_apart(accuracies):
    assert len(accuracies) == 10
    assert {pair: a["any frame"] for pair, a in accuracies.items() if a["any frame"] > 0.60} == {}


@pytest.mark.parametrize("place", ["first frame", "last frame"])
def test_neither_does_the_frame_at_one_end(place, accuracies):
    # 80 clips a pair leave ±11 points of chance, so the mean over the ten pairs is held to the bound.
    assert np.mean([a[place] for a in accuracies.values()]) <= 0.60


def test_the_order_of_frames_does(accuracies):
    assert {pair: a["order"] for pair, a in accuracies.items() if a["order"] < 0.80} == {}
