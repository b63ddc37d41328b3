"""Points of equal cost stay apart, names stay in order and never meet; printed FLOPs do not mix with counted ones."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lcr.report.figures.table2 import apart, cost_accuracy_figure, spread


@given(st.lists(st.floats(0, 1), min_size=1, max_size=16).map(sorted), st.floats(0.01, 0.2))
@example([0.1, 0.5, 0.9], 0.1)
def test_names_stand_apart_in_order_within_the_panel_and_do_not_move_where_they_have_room(places, gap):
    found = np.array(spread(places, gap))
    least = min(gap, 1 / max(1, len(places) - 1))
    assert (np.diff(found) >= least - 1e-9).all()
    assert -1e-9 <= found[0] <= found[-1] <= 1 + 1e-9
    if (np.diff(places) >= least).all():
        np.testing.assert_allclose(found, places, atol=1e-9)


def test_equal_costs_are_set_beside_each_other_and_others_stay():
    assert apart([1.0, 3.0, 1.0, 1.0]) == pytest.approx([1, 3, 1.07, 1.14])


def test_no_printed_flops_stand_on_the_axis_of_counted_ones(finished):
    rows = finished.table("table2")
    assert cost_accuracy_figure(rows).axes[0].get_xlim()[1] < 2 * rows.gflops.max()
