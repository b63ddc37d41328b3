"""Where parameters go: shares of Table 1's own models, which add up."""

import pytest

from lcr.report.figures.table1 import table1_figure
from tests.study import made_up


def test_shares_of_each_model_add_up_to_100_percent_and_leave_out_totals_and_other_models():
    axes = table1_figure(made_up.table1(), made_up.cost()).axes[2]
    ends = [bar.get_x() + bar.get_width() for bar in axes.patches]
    assert len(ends) == len(made_up.MODELS) * len(made_up.PARTS)
    assert max(ends) == pytest.approx(100)


def test_published_and_counted_stand_where_the_table_has_them():
    axes = table1_figure(made_up.table1(), made_up.cost()).axes[1]
    drawn = {round(float(line.get_xdata()[0]), 6) for line in axes.lines if len(line.get_xdata()) == 1}
    for row in made_up.table1()[:6]:
        assert round(1000 * float(row["flops_t_published"]), 6) in drawn
        assert float(row["gmacs"]) in drawn
        assert float(row["gflops"]) in drawn
