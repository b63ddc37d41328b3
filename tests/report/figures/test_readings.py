"""The figures of Table 1 and of the readings show the tables' own numbers, and words where there is none."""

import pytest

from lcr.report.figures.readings import readings_figure, table1_figure
from tests.study import made_up


def test_shares_of_each_model_add_up_to_100_percent_and_published_and_counted_stand_where_the_table_has_them(finished):
    rows = finished.table("table1")
    _, flops, shares, _ = table1_figure(rows, finished.table("cost")).axes
    ends = [bar.get_x() + bar.get_width() for bar in shares.patches]
    assert len(ends) == len(made_up.MODELS) * len(made_up.PARTS), "no totals and no other models"
    assert max(ends) == pytest.approx(100)
    drawn = [list(line.get_xdata()) for line in flops.lines]
    for values in (1000 * rows.flops_t_published, rows.gflops, rows.gmacs):
        assert list(values[:6]) in drawn


def test_zero_is_written_on_a_log_axis_and_a_reading_that_was_not_trained_has_words(finished):
    rows, best = finished.table("readings"), finished.table("reading_search")[:9]
    axes = readings_figure(rows, best).axes
    assert [text.get_text() for text in axes[2].texts] == ["0"], "once, for the reading used here"
    assert len(axes[0].texts) == (~rows.default & rows.delta_top1.isna()).sum()
    assert len(axes[4].get_yticks()) == len(best)
