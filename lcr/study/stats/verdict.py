"""Verdicts on one ablation, as pure functions of its numbers."""

from typing import Literal

DELTA = 3.0  # points of top-1 that matter; registered before the runs
LEVEL = 0.05
NOT_TRAINED = "not trained"  # in a verdict's place, where an arm is not above a model without time

Verdict = Literal["helps", "harms", "no difference", "undecided"]


def ablation_verdict(delta: float, p: float, low90: float, high90: float) -> Verdict:
    """Whether the part that an ablation takes out or changes helps.

    helps: top-1 falls without the part, and the family's p is below `LEVEL`. harms: top-1 rises, likewise. no
    difference: neither, and `equal_within`. Else undecided.

    Args:
        delta: variant - full, in points. p: of the family's joint test. low90, high90: ends of the 90% interval.
    """
    if p < LEVEL and delta != 0:
        return "helps" if delta < 0 else "harms"
    return "no difference" if equal_within(low90, high90) else "undecided"


def equal_within(low90: float, high90: float) -> bool:
    """Whether two one-sided tests at 5% find a difference below `DELTA` points, from its 90% interval."""
    return low90 > -DELTA and high90 < DELTA
