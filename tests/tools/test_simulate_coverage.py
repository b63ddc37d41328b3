"""The intervals cover the truth and the tests keep their level, on simulated studies whose truth is known."""

import subprocess
import sys

import numpy as np
import pytest

from lcr.study.tables.frame import read_cells, read_frame
from tests.micro import PROJECT
from tools.simulate_coverage import TABLE, TRIALS, Truth, coverage, false_findings, scenario_rows, scenarios

COMMITTED = PROJECT / "docs" / "coverage.csv"
SHORT = 2000  # a rate of 95% then has a standard error of 0.5%
pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("truth", "most"),
    [
        (Truth(8, 300, level=0.0, variant_level=-0.5, seed_spread=0.1, clip_spread=1.2), 0.97),  # clips dominate
        (Truth(8, 300, level=0.5, variant_level=0.5, seed_spread=0.3, clip_spread=1.0), 0.97),  # seeds dominate
        (Truth(6, 300, 0.3, 0.8, seed_spread=0.1, clip_spread=1.0, variant_seed_spread=0.4), 0.97),
        (Truth(8, 180, level=4.2, variant_level=4.0, seed_spread=0.2, clip_spread=1.2), 1.0),  # near 100%: too wide
    ],
)
def test_95_percent_intervals_hold_accuracy_and_paired_difference(truth, most):
    for rate in coverage(truth, np.random.default_rng(0), SHORT):
        assert 0.93 <= rate <= most


def test_with_the_clips_fixed_equal_models_are_called_different_in_at_most_5_percent_of_studies():
    truth = Truth(8, 100, level=0.5, variant_level=0.5, seed_spread=0.3, clip_spread=1.0)
    one, any_of_five = false_findings(truth, np.random.default_rng(2), SHORT)
    assert 0.02 <= one <= 0.05  # 12 of 256 patterns is the nearest below 5%
    assert any_of_five <= 0.05


def test_the_true_accuracy_is_the_mean_of_very_many_predictions():
    rng = np.random.default_rng(3)
    truth = Truth(40, 600, 0.4, 0.4, seed_spread=0.3, clip_spread=0.8, class_spread=0.7, interaction=0.4)
    correct = truth.correct(rng, 50, truth.clip_effects(rng, 50), truth.level, truth.seed_spread)
    assert correct.mean() == pytest.approx(truth.accuracy(), abs=0.01)


def test_the_committed_table_is_of_every_scenario_and_its_first_comes_out_the_same_again(tmp_path):
    frame = read_frame(COMMITTED, TABLE)
    assert len(frame) == 4 * len(list(scenarios()))
    assert (frame.standard_error < 0.5).all()
    assert set(frame.trials) == {TRIALS}
    number = 8  # 8 seeds, 100 clips
    again = TABLE.cells(TABLE.frame(scenario_rows(number, TRIALS)))
    assert again.to_numpy().tolist() == read_cells(COMMITTED, TABLE)[4 * number : 4 * number + 4].to_numpy().tolist()


def test_the_tool_runs_as_a_script(tmp_path):
    out = tmp_path / "coverage.csv"
    words = ["--out", str(out), "--trials", "500", "--scenarios", "1"]
    subprocess.run([sys.executable, "tools/simulate_coverage.py", *words], cwd=PROJECT, check=True)
    assert len(read_frame(out, TABLE)) == 4
