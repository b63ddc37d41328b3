"""The verdict over interpretations, on verdicts that are written down."""

import pytest

from lcr.study.stats.multiverse import DEPENDS, WHOLE, Specification, over_interpretations

CELLS = [{"kv": kv, "token": token, "conv": conv} for kv in "ea" for token in "lm" for conv in "tk"]


def over(verdict_of) -> tuple[str, str]:
    return over_interpretations([Specification(verdict_of(cell), cell) for cell in CELLS])


@pytest.mark.parametrize("verdict", ["helps", "harms", "no difference", "undecided"])
def test_a_verdict_under_every_interpretation_is_the_verdict(verdict: str):
    assert over(lambda cell: verdict) == (verdict, "")


def test_a_verdict_under_more_than_half_is_the_verdict_where_the_rest_is_undecided():
    assert over(lambda cell: "undecided" if cell["kv"] == "e" and cell["conv"] == "t" else "harms") == ("harms", "")
    assert over(lambda cell: "harms" if cell["kv"] == "e" else "undecided") == ("undecided", ""), "half is not enough"


@pytest.mark.parametrize("choice", ["kv", "token", "conv"])
def test_the_one_choice_that_separates_the_verdicts_fully_is_named(choice: str):
    assert over(lambda cell: "helps" if cell[choice] in "elk" else "harms") == (DEPENDS, choice)
    assert over(lambda cell: "helps" if cell[choice] in "elk" else "no difference") == (DEPENDS, choice)


def test_no_choice_is_named_that_separates_all_but_one_cell():
    odd = CELLS[0]
    assert over(lambda cell: "helps" if cell["kv"] == "e" and cell is not odd else "harms") == (DEPENDS, WHOLE)


def test_no_choice_is_named_where_two_separate_the_verdicts_alike():
    ends = [Specification("helps", CELLS[0]), Specification("harms", CELLS[-1])]
    assert over_interpretations(ends) == (DEPENDS, WHOLE)


def test_an_undecided_cell_does_not_hide_the_choice():
    by = {"e": "helps", "a": "harms"}
    assert over(lambda cell: "undecided" if cell is CELLS[0] else by[cell["kv"]]) == (DEPENDS, "kv")


def test_without_a_tested_interpretation_nothing_is_said():
    assert over_interpretations([]) == ("not tested", "")
