"""Shares and numbers of Table 1's own models."""

import pytest

from lcr.report.figures.table1 import table1_figure
from tests.study import made_up


@pytest.fixture
def axes(finished):
    return table1_figure(finished.table("table1"), finished.table("cost")).axes


def test_shares_of_each_model_add_up_to_100_percent_and_leave_out_totals_and_other_models(axes):
    ends = [bar.get_x() + bar.get_width() for bar in axes[2].patches]
    assert len(ends) == len(made_up.MODELS) * len(made_up.PARTS)
    assert max(ends) == pytest.approx(100)


def test_published_and_counted_stand_where_the_table_has_them(axes, finished):
    rows = finished.table("table1")[:6]
    drawn = [list(line.get_xdata()) for line in axes[1].lines]
    for values in (1000 * rows.flops_t_published, rows.gflops, rows.gmacs):
        assert list(values) in drawn
