"""Reversed pairs of synthetic clips differ in time alone: single frames do not tell them apart, their order does."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from lcr.data.labels import reverse_classes
from lcr.model.edges import canny_otsu
from lcr.synthetic import activities, dataset, gestures, kinetics, something, templates
from lcr.synthetic.body import Stage
from lcr.synthetic.gestures import perform
from lcr.synthetic.jester import film
from lcr.synthetic.plan import Clip

FRAMES, TRAIN, VALIDATION, SEED = 10, 56, 40, 0
PAIRS = {"jester": gestures.REVERSE_OF, "something": templates.REVERSE_OF, "kinetics": activities.REVERSE_OF}


def spread(count: int) -> np.ndarray:
    """Numbers of ten frames, evenly spaced."""
    return np.linspace(0, count - 1, FRAMES).round().astype(int)


def gesture(clip: Clip) -> np.ndarray:
    """Ten frames of a gesture; the others are not drawn."""
    draw, person = clip.start()
    pose = perform(clip.label, draw, person)
    return film(pose[spread(len(pose.size))], draw, person)


def ten(draw: Callable[[Clip], np.ndarray]) -> Callable[[Clip], np.ndarray]:
    """A function that draws a clip and takes ten of its frames."""

    def drawn(clip: Clip) -> np.ndarray:
        frames = draw(clip)
        return frames[spread(len(frames))]

    return drawn


DRAWN = {"jester": gesture, "something": ten(something.draw), "kinetics": ten(kinetics.draw)}


def features(name: str, label: str, split: str, count: int) -> np.ndarray:
    """Grey and edge pictures of 12 × 12, (count, FRAMES, 288): ten frames of each clip, evenly spaced."""
    rows = []
    for number in range(count):
        for frame in DRAWN[name](Clip("", label, split, number, SEED)):
            side = frame.shape[0]
            left = (frame.shape[1] - side) // 2
            square = cv2.resize(frame[:, max(left, 0) : left + side], (48, 48), interpolation=cv2.INTER_AREA)
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
@pytest.mark.parametrize(("name", "pairs"), [("jester", 10), ("something", 8), ("kinetics", 3)])
def test_single_frames_do_not_tell_reversed_pairs_apart_and_the_order_of_frames_does(name, pairs):
    side, truth = np.repeat([1.0, -1.0], TRAIN), np.repeat([1.0, -1.0], VALIDATION)
    found = []
    for pair in PAIRS[name].items():
        train = np.concatenate([features(name, label, "train", TRAIN) for label in pair[::-1]])
        test = np.concatenate([features(name, label, "validation", VALIDATION) for label in pair[::-1]])
        flat, flat_test = (clips.reshape(-1, clips.shape[-1]) for clips in (train, test))
        guesses = (
            probe(flat, np.repeat(side, FRAMES), flat_test) * np.repeat(truth, FRAMES),
            probe(train[:, 0], side, test[:, 0]) * truth,
            probe(train[:, -1], side, test[:, -1]) * truth,
            probe(motion(train, train), side, motion(test, train)) * truth,
        )
        found.append([(guess > 0).mean() for guess in guesses])
    any_frame, first, last, order = np.array(found).T  # accuracy on unseen performers, of each pair
    assert len(found) == pairs
    assert any_frame.max() <= 0.60
    assert max(first.mean(), last.mean()) <= 0.60  # 80 clips a pair leave ±11 points of chance, so means are bound
    assert order.min() >= 0.80


@pytest.mark.parametrize("label", activities.REVERSE_OF)
def test_the_reverse_of_an_activity_is_the_same_drawing_played_backward(label):
    skin = dict.fromkeys(("skin", "hair", "shirt", "trousers", "shoes"), (200.0, 120.0, 40.0))

    def frames(name: str) -> np.ndarray:
        stage = Stage(np.random.default_rng(3), skin, np.array([0.6, -0.8]), (20.0, 60.0, 200.0), 128, 160)
        painters, drawn = activities.perform(name, stage), np.zeros((stage.count, 128, 160, 3), np.uint8)
        for index, frame in enumerate(drawn):
            for paint in painters:
                paint(frame, index)
        return drawn

    backward, forward = frames(label), frames(activities.REVERSE_OF[label])
    assert np.array_equal(backward[::-1], forward)
    assert not np.array_equal(backward, forward)


@pytest.mark.parametrize("name", PAIRS)
def test_each_drawing_that_is_another_one_backward_counts_as_a_reversed_pair(name):
    labels = dataset.labels(name)
    registered = {labels[one]: labels[other] for one, other in reverse_classes(labels).items()}
    assert registered == PAIRS[name] | {other: one for one, other in PAIRS[name].items()}
