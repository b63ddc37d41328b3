"""Zero is a finding on a log axis, and a reading that was not trained has words in place of its accuracy."""

import pytest

from lcr.report.figures.readings import readings_figure


@pytest.fixture
def axes(finished):
    return readings_figure(finished.table("readings"), finished.table("reading_search")).axes


def test_an_exact_zero_is_written_once_for_the_reading_used_here(axes):
    assert [text.get_text() for text in axes[2].texts] == ["0"]


def test_each_reading_that_was_not_trained_has_words_instead(axes, finished):
    rows = finished.table("readings")
    assert len(axes[0].texts) == (~rows.default & rows.delta_top1.isna()).sum()


def test_of_each_ranking_the_best_two_are_drawn_beside_the_default(axes):
    assert len(axes[4].get_yticks()) == 1 + 4 * 2
