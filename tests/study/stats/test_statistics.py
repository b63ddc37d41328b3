"""Intervals and tests against layouts worked by hand; what they hold over many studies is in test_simulate."""

import numpy as np
import pytest
from scipy import stats

from lcr.study.stats.intervals import (
    crossed_interval,
    holm,
    holm_floor,
    mean_squares,
    paired_interval,
    sign_flip_p,
    unseen_share,
)


def test_mean_squares_equal_a_hand_worked_layout():
    seed, clip, residual = mean_squares([[1, 0, 1], [1, 1, 1]])
    # grand 5/6; seeds 2/3, 1; clips 1, 1/2, 1; squares 1/6, 1/3, total 5/6
    assert np.allclose([seed, clip, residual], [1 / 6, 1 / 6, 1 / 6])


def test_the_variance_is_the_stated_one_where_both_components_are_positive():
    values = np.array([[1, 1, 1, 0, 0], [1, 1, 0, 0, 0], [1, 1, 1, 1, 1]], float)
    seed, clip, rest = mean_squares(values)
    assert seed > rest
    assert clip > rest
    square = seed + clip - rest
    freedom = square**2 / (seed**2 / 2 + clip**2 / 4 + rest**2 / 8)
    found = crossed_interval(values, bounds=(-9, 9))
    assert found.high - found.mean == pytest.approx(stats.t.isf(0.025, freedom) * np.sqrt(square / 15))
    assert found.covers == "seeds and clips"


def test_one_seed_leaves_an_interval_over_clips_and_says_so():
    found = crossed_interval([[1, 0, 1, 1, 0, 1, 1, 1]])
    assert found.covers == "clips"
    assert found.low < found.mean == 0.75 < found.high <= 1


def test_when_every_answer_is_the_same_the_interval_still_has_a_width():
    found = crossed_interval(np.ones((8, 100)))
    assert found.mean == found.high == 1
    assert found.low == pytest.approx(0.025 ** (1 / 100))
    difference = paired_interval(np.ones((8, 100)), np.ones((8, 100)))
    assert difference.low == -difference.high < 0


def test_one_wrong_answer_more_never_makes_an_interval_much_narrower():
    answers = np.ones((8, 300))
    widths = []
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


def test_seeds_that_agree_on_every_clip_give_the_interval_over_clips():
    row = np.array([1, 0, 1, 1, 0, 1, 1, 0], float)
    many, one = crossed_interval(np.tile(row, (8, 1))), crossed_interval(row)
    assert (many.low, many.high) == pytest.approx((one.low, one.high))


def test_a_negative_variance_estimate_never_gives_a_negative_or_undefined_interval():
    checkerboard = np.indices((6, 40)).sum(0) % 2  # every seed and every clip has the same mean: MS_seed = MS_clip = 0
    found = crossed_interval(checkerboard)
    assert found.low < 0.5 < found.high


def test_bounds_are_clipped_to_what_the_measure_can_be():
    found = crossed_interval([[1, 1, 1, 0], [1, 1, 1, 1]])
    assert found.high == 1.0
    difference = paired_interval([[1, 1, 0], [1, 1, 1]], [[0, 0, 0], [0, 0, 1]])
    assert -1 <= difference.low < difference.high <= 1


@pytest.mark.parametrize("values", [np.zeros((0, 4)), np.zeros((4, 0)), [[np.nan, 1.0]]])
def test_missing_seeds_clips_or_values_are_refused(values):
    with pytest.raises(ValueError, match=r"seeds, clips|finite"):
        crossed_interval(values)


def test_pairs_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match="same seeds and clips"):
        paired_interval(np.ones((8, 10)), np.ones((7, 10)))


def test_sign_flip_p_counts_all_patterns_exactly():
    assert sign_flip_p([1, 1, 1, 1]) == 2 / 16
    assert sign_flip_p([1, 2, 3, -1]) == 6 / 16  # by hand: |sum| >= 5 for 7, -7, 5, -5 with the ±1 either way
    assert sign_flip_p([-0.1]) == 1.0
    assert sign_flip_p([0, 0, 0]) == 1.0


def test_sign_flip_p_of_16_seeds_that_agree_is_its_floor_and_17_are_refused():
    assert sign_flip_p(np.full(16, 0.1)) == 2 / 2**16
    with pytest.raises(ValueError, match="1 to 16"):
        sign_flip_p(np.full(17, 0.1))


def test_holm_steps_down_and_keeps_the_order():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.9]) == pytest.approx([1.0, 1.0])


def test_six_seeds_and_five_ablations_never_reach_5_percent_and_eight_seeds_can():
    assert holm_floor(6, 5) == pytest.approx(0.15625)
    assert holm_floor(8, 5) == pytest.approx(0.0390625)
    assert holm_floor(1, 5) == 1.0
