"""Joint sign flips: exact, step-down, and never below the floor of a single test."""

from itertools import product

import numpy as np
import pytest

from lcr.study.stats.intervals import sign_flip_p
from lcr.study.stats.joint import joint_flip_p, joint_flip_ps, joint_floor
from lcr.study.tables.frame import read_cells, read_frame
from tests.micro import PROJECT
from tools.simulate_families import LEVEL, TABLE, TRIALS, Family, families, family_row, rates

COMMITTED = PROJECT / "docs" / "families.csv"


def step_down(d: np.ndarray) -> np.ndarray:
    """Algorithm 4.1 of Westfall and Young with t statistics, pattern by pattern."""

    def t(x: np.ndarray) -> float:
        spread = x.std(ddof=1)
        return abs(x.mean()) / spread if spread > 0 else np.inf

    seen = np.array([t(row) for row in d])
    order = np.argsort(-seen, kind="stable")
    counts = np.zeros(len(d))
    patterns = list(product((1.0, -1.0), repeat=d.shape[1]))
    for signs in patterns:
        flipped = np.array([t(row * signs) for row in d])
        for rank, member in enumerate(order):
            counts[member] += max(flipped[order[rank:]]) >= seen[member] * (1 - 1e-9)
    p = counts / len(patterns)
    p[order] = np.maximum.accumulate(p[order])
    return p


def test_adjusted_p_values_are_those_of_the_step_down_algorithm_over_all_patterns():
    rng = np.random.default_rng(0)
    for _ in range(5):
        d = rng.normal(size=(4, 6)) + rng.normal(size=6) + [[0], [1], [2], [3]]
        assert joint_flip_p(d) == pytest.approx(step_down(d), abs=1e-12)


def test_a_single_member_has_its_own_p_and_a_large_family_can_reach_the_same_floor():
    d = [3.0, 1.0, 2.0, 5.0, 0.5, 4.0]
    assert joint_flip_p(d) == [sign_flip_p(d)] == [joint_floor(6)]
    many = np.tile(d, (50, 1)) + np.linspace(0, 1, 50)[:, None]
    assert (joint_flip_p(many) == joint_floor(6)).all()


def test_members_without_a_difference_are_no_findings_and_bad_differences_are_refused():
    assert joint_flip_p([[0.0] * 6, [1, 2, 3, 4, 5, 6]]).tolist() == [1.0, joint_floor(6)]
    for wrong in (np.full((2, 17), 1.0), [[1.0, np.nan]]):
        with pytest.raises(ValueError, match=r"\(2, \d+\)|\(1, 2\)"):
            joint_flip_p(wrong)


def test_families_are_independent_of_the_order_of_their_members_and_of_each_other():
    d = np.random.default_rng(1).normal(size=(3, 5, 6))
    together = joint_flip_ps(d)
    for one, p in zip(d, together, strict=True):
        assert joint_flip_p(one[::-1])[::-1] == pytest.approx(p)


@pytest.mark.slow
def test_equal_models_are_called_different_in_at_most_5_percent_of_studies_and_power_exceeds_holms():
    none = rates(Family(8, 5, 0, collapse=1 / 8), np.random.default_rng(0), 2000)
    assert none[0] <= LEVEL + 0.015  # three standard errors
    true = rates(Family(6, 5, 4, 10.0), np.random.default_rng(1), 1000)
    assert true[2] > 0.9 > true[3]


@pytest.mark.slow
def test_the_committed_table_has_every_scenario_and_one_comes_out_the_same_again():
    frame = read_frame(COMMITTED, TABLE)
    assert len(frame) == len(list(families()))
    assert frame.met.all()
    assert set(frame.trials) == {TRIALS}
    again = TABLE.cells(TABLE.frame([family_row(8)]))
    assert again.to_numpy().tolist() == read_cells(COMMITTED, TABLE)[8:9].to_numpy().tolist()
