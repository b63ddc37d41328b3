"""The verdict on one ablation follows from its difference, its family's p and its 90% interval."""

import pytest

from lcr.study.stats.verdict import DELTA, ablation_verdict, equal_within


@pytest.mark.parametrize(
    ("delta", "p", "low", "high", "verdict"),
    [
        (-8.0, 0.031, -11.0, -5.0, "helps"),
        (8.0, 0.031, 5.0, 11.0, "harms"),
        (-1.0, 0.031, -1.5, -0.5, "helps"),  # small and clear: `equal_within` says yes beside it
        (0.5, 0.6, -2.0, 2.9, "no difference"),
        (0.5, 0.6, -2.0, DELTA, "undecided"),
        (-8.0, 0.05, -11.0, -5.0, "undecided"),
    ],
)
def test_a_verdict_needs_the_familys_p_or_an_interval_within_delta(delta, p, low, high, verdict):
    assert ablation_verdict(delta, p, low, high) == verdict


@pytest.mark.parametrize(("low", "high", "equal"), [(-2.9, 2.9, True), (-DELTA, 0.0, False), (0.0, 3.1, False)])
def test_differences_are_equal_only_where_both_ends_lie_within_delta(low, high, equal):
    assert equal_within(low, high) == equal
