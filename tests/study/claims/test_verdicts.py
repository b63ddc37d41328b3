"""Each rule can come out each way, by the stated margins and no others."""

import pytest

from lcr.study.claims.verdicts import (
    CONTRADICTED,
    INCONCLUSIVE,
    MARGIN,
    SUPPORTED,
    UNTESTABLE,
    fewer,
    of_count,
    of_direction,
    of_fact,
    of_growth,
    of_least,
    of_value,
)


def test_a_fact_holds_or_does_not():
    assert [of_fact(True), of_fact(False), of_fact(None)] == [SUPPORTED, CONTRADICTED, INCONCLUSIVE]


def test_counts_within_the_tolerance_are_neither_fewer_nor_more():
    assert [fewer(ratio) for ratio in (0.97, 0.99, 1.0, 1.005, 1.03)] == [True, None, None, None, False]


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.9, 1.1, SUPPORTED),
        (1.2, 2.1, CONTRADICTED),
        (0.9, 1.3, INCONCLUSIVE),
        (0.3, 0.6, INCONCLUSIVE),  # less than linear: fixed costs are still in it
    ],
)
def test_a_cost_is_linear_where_the_whole_interval_of_its_exponent_is_near_one(low, high, verdict):
    assert of_growth(low, high) == verdict


def test_a_cost_is_the_least_only_below_each_other_system():
    found = [of_least(1.0, others) for others in ([2, 3], [0.5, 0.9], [0.5, 2], [1.01, 2])]
    assert found == [SUPPORTED, CONTRADICTED, INCONCLUSIVE, INCONCLUSIVE]


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (90.2, 91.5, SUPPORTED),
        (89.83, 91.83, SUPPORTED),  # the margin itself still counts
        (80.0, 89.8, CONTRADICTED),
        (91.9, 93.0, CONTRADICTED),
        (89.0, 91.0, INCONCLUSIVE),
        (80.0, 99.0, INCONCLUSIVE),
    ],
)
def test_a_value_is_reproduced_where_its_whole_interval_is_within_the_margin(low, high, verdict):
    assert (MARGIN, of_value(90.83, low, high)) == (1.0, verdict)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.1, 5.0, SUPPORTED),
        (-5.0, -0.1, CONTRADICTED),
        (-0.5, 0.9, CONTRADICTED),  # whatever is left above 0 is smaller than the margin
        (-0.5, 1.2, INCONCLUSIVE),
        (0.0, 3.0, INCONCLUSIVE),
    ],
)
def test_a_direction_is_shown_where_the_whole_interval_is_on_its_side(low, high, verdict):
    assert of_direction(low, high, above=0.0) == verdict


@pytest.mark.parametrize(
    ("default", "low", "high", "verdict"),
    [
        (5.10, 4.0, 6.0, SUPPORTED),
        (4.60, 4.5, 5.2, INCONCLUSIVE),  # another reading gives it
        (4.60, 4.5, 4.9, CONTRADICTED),
        (6.00, 5.5, 7.0, CONTRADICTED),
        (5.10, 2.0, 6.0, UNTESTABLE),  # a range this wide fits any number
        (9.00, 8.0, 99.0, CONTRADICTED),
    ],
)
def test_a_count_falls_only_where_no_reading_gives_it(default, low, high, verdict):
    assert of_count(5.14, default, low, high) == verdict


def test_a_printed_count_may_have_been_rounded():
    found = [of_count(0.003, 0.0035, 0.0035, 0.0035, rounding=rounding) for rounding in (0.0005, 0.0)]
    assert found == [SUPPORTED, CONTRADICTED]
