"""The intervals hold what they say, the tests keep their level: on made-up studies whose truth is known."""

from pathlib import Path

import numpy as np
import pytest

from lcr.study.tables.rows import read_rows
from tools.simulate_coverage import COLUMNS, TRIALS, Truth, coverage, false_findings, scenario_rows, scenarios

TABLE = Path(__file__).parents[2] / "docs" / "coverage.csv"
SHORT = 4000  # a rate of 95% then has a standard error of 0.34%


@pytest.mark.parametrize(
    "truth",
    [
        Truth(8, 300, level=0.0, variant_level=-0.5, seed_spread=0.1, clip_spread=1.2),  # clips dominate
        Truth(8, 300, level=0.5, variant_level=0.5, seed_spread=0.3, clip_spread=1.0),  # seeds dominate
        Truth(6, 300, level=0.3, variant_level=0.8, seed_spread=0.1, clip_spread=1.0, variant_seed_spread=0.4),
    ],
)
def test_95_percent_intervals_hold_accuracy_and_paired_difference_in_93_to_97_percent_of_studies(truth):
    for rate in coverage(truth, np.random.default_rng(0), SHORT):
        assert 0.93 <= rate <= 0.97


@pytest.mark.parametrize("level", [3.2, 3.8, 4.2])
def test_near_100_percent_intervals_are_too_wide_rather_than_too_narrow(level):
    truth = Truth(8, 180, level, level - 0.2, seed_spread=0.2, clip_spread=1.2)
    assert truth.accuracy() > 0.97
    for rate in coverage(truth, np.random.default_rng(0), 1000):
        assert rate >= 0.93


def test_with_the_clips_fixed_equal_models_are_called_different_in_at_most_5_percent_of_studies():
    truth = Truth(8, 100, level=0.5, variant_level=0.5, seed_spread=0.3, clip_spread=1.0)
    one, any_of_five = false_findings(truth, np.random.default_rng(2), SHORT)
    assert 0.02 <= one <= 0.05  # 12 of 256 patterns is the nearest below 5%
    assert any_of_five <= 0.05


def test_the_true_accuracy_is_what_very_many_answers_come_to():
    rng = np.random.default_rng(3)
    truth = Truth(40, 600, 0.4, 0.4, seed_spread=0.3, clip_spread=0.8, class_spread=0.7, interaction=0.4)
    answers = truth.answers(rng, 50, truth.clip_effects(rng, 50), truth.level, truth.seed_spread)
    assert answers.mean() == pytest.approx(truth.accuracy(), abs=0.01)


def test_the_committed_table_is_of_every_scenario_with_errors_below_half_a_percent():
    rows = read_rows(TABLE)
    assert len(rows) == 4 * len(list(scenarios()))
    assert list(rows[0]) == list(COLUMNS)
    for row in rows:
        assert float(row["standard_error"]) < 0.5
        assert int(row["trials"]) == TRIALS


def test_a_scenario_of_the_committed_table_comes_out_the_same_again():
    number = 8  # 8 seeds, 100 clips
    assert read_rows(TABLE)[4 * number : 4 * number + 4] == scenario_rows(number, TRIALS)
