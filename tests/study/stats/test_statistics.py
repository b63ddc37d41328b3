"""Intervals and tests against layouts worked by hand; tests/tools simulates how often they hold the truth."""

import numpy as np
import pytest
from scipy import stats

from lcr.study.stats.intervals import (
    crossed_interval,
    holm,
    mean_squares,
    paired_interval,
    sign_flip_p,
    unseen_share,
)


def test_the_variance_is_the_stated_one_of_mean_squares_worked_by_hand():
    seed, clip, residual = mean_squares(np.array([[1, 0, 1], [1, 1, 1]], float))
    # grand 5/6; seeds 2/3, 1; clips 1, 1/2, 1; squares 1/6, 1/3, total 5/6
    assert np.allclose([seed, clip, residual], [1 / 6, 1 / 6, 1 / 6])
    values = np.array([[1, 1, 1, 0, 0], [1, 1, 0, 0, 0], [1, 1, 1, 1, 1]], float)
    seed, clip, rest = mean_squares(values)
    assert min(seed, clip) > rest, "both components are positive"
    square = seed + clip - rest
    freedom = square**2 / (seed**2 / 2 + clip**2 / 4 + rest**2 / 8)
    found = crossed_interval(values, bounds=(-9, 9))
    assert found.high - found.mean == pytest.approx(stats.t.isf(0.025, freedom) * np.sqrt(square / 15))


def test_one_seed_and_seeds_that_agree_on_every_clip_give_the_interval_over_clips():
    row = np.array([1, 0, 1, 1, 0, 1, 1, 0], float)
    found = crossed_interval(row)
    assert found.low < found.mean == 0.625 < found.high <= 1
    assert crossed_interval(np.tile(row, (8, 1))) == pytest.approx(found)
    assert crossed_interval(row[:, None])[0] == 0.625, "one clip leaves an interval over seeds"


def test_when_every_answer_is_the_same_the_interval_still_has_a_width():
    found = crossed_interval(np.ones((8, 100)))
    assert found.mean == found.high == 1
    assert found.low == pytest.approx(0.025 ** (1 / 100))
    difference = paired_interval(np.ones((8, 100)), np.ones((8, 100)))
    assert difference.low == -difference.high < 0


def test_one_wrong_answer_more_never_makes_an_interval_much_narrower():
    answers, widths = np.ones((8, 300)), []
    for wrong in range(12):
        found = crossed_interval(answers)
        widths.append(found.high - found.low)
        answers[wrong % 8, 7 * wrong] = 0
    assert min(np.diff(widths)) > -widths[0] / 3
    assert widths[1] > 0.5 * widths[0], "by the variance alone it would be a tenth"


def test_what_may_be_unseen_is_clopper_and_pearsons_bound_for_answers_that_all_agree():
    answers = np.ones((3, 50))
    answers[:, :4] = 0  # 4 clips wholly different: b(4, 50) - 4/50
    assert unseen_share(answers) == pytest.approx(stats.beta.isf(0.025, 5, 46) - 4 / 50)
    assert unseen_share(1 - answers) == unseen_share(answers)
    assert unseen_share(np.zeros((2, 1, 40))) == pytest.approx(1 - 0.025 ** (1 / 40))


def test_a_negative_variance_estimate_never_gives_a_negative_or_undefined_interval():
    found = crossed_interval(np.indices((6, 40)).sum(0) % 2)  # equal means of seeds and clips: MS_seed = MS_clip = 0
    assert found.low < 0.5 < found.high


def test_bounds_are_clipped_to_what_the_measure_can_be():
    assert crossed_interval([[1, 1, 1, 0], [1, 1, 1, 1]]).high == 1.0
    difference = paired_interval([[1, 1, 0], [1, 1, 1]], [[0, 0, 0], [0, 0, 1]])
    assert -1 <= difference.low < difference.high <= 1


@pytest.mark.parametrize("values", [np.zeros((0, 4)), np.zeros((4, 0)), [[np.nan, 1.0]]])
def test_missing_seeds_clips_or_values_and_pairs_of_different_shapes_are_refused(values):
    with pytest.raises(ValueError):  # noqa: PT011
        crossed_interval(values)
    with pytest.raises(ValueError, match=r"\(8, 10\).*\(7, 10\)"):
        paired_interval(np.ones((8, 10)), np.ones((7, 10)))


def test_sign_flip_p_counts_all_patterns_exactly_up_to_16_seeds():
    assert sign_flip_p([1, 1, 1, 1]) == 2 / 16
    assert sign_flip_p([1, 2, 3, -1]) == 6 / 16  # by hand: |sum| >= 5 for 7, -7, 5, -5 with the ±1 either way
    assert sign_flip_p([-0.1]) == sign_flip_p([0, 0, 0]) == 1.0
    assert sign_flip_p(np.full(16, 0.1)) == 2 / 2**16
    with pytest.raises(ValueError, match="17"):
        sign_flip_p(np.full(17, 0.1))


def test_holm_steps_down_and_keeps_the_order():
    assert [*holm([0.01, 0.04, 0.03]), *holm([0.6, 0.9])] == pytest.approx([0.03, 0.06, 0.06, 1.0, 1.0])
