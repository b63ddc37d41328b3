"""Each figure shows its table's own numbers, with words where there is none; points and names keep apart."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lcr.report.figures.ablations import ablations_figure, training_curves_figure
from lcr.report.figures.confusion import NAMED, confusion_figure, recalls, shares
from lcr.report.figures.readings import readings_figure, table1_figure
from lcr.report.figures.style import SYNTHETIC
from lcr.report.figures.table2 import apart, cost_accuracy_figure, spread
from lcr.report.finished import ClassPredictions
from tests.study import made_up


@pytest.fixture
def rows(finished):
    table = finished.table("ablations")
    return table[table.variant.isin(["full", "lstm_gate"])].replace("kinetics-fixture", "kinetics")


def test_points_and_intervals_are_the_tables_and_synthetic_clips_are_named(rows):
    axes = ablations_figure(rows).axes
    assert [SYNTHETIC in one.get_title(loc="left") for one in axes] == [True, False, True, False, False, False]
    row = rows.iloc[1]
    assert row.delta_top1 in [point for line in axes[1].lines for point in line.get_xdata()]
    ends = [tuple(segment[:, 0]) for lines in axes[1].collections for segment in lines.get_segments()]
    assert ends == [(row.delta_ci_low, row.delta_ci_high)]


def test_each_seed_has_a_point_at_its_own_value_below_its_row(rows):
    changed = rows[:2].assign(top1_by_seed=[(60.0, 71.0), (50.0, 55.0)], delta_by_seed=[(), (-10.0, -16.0)])
    left, right = ablations_figure(changed).axes
    drawn = [sorted(zip(*line.get_data(), strict=True)) for line in (left.lines[0], right.lines[1])]
    assert [[x for x, _ in points] for points in drawn] == [[50, 55, 60, 71], [-16, -10]]
    assert [[round(y - 0.3) for _, y in points] for points in drawn] == [[1, 1, 0, 0], [1, 1]]


@pytest.mark.parametrize(("high", "filled"), [(-3.0, True), (3.0, False)])
def test_a_difference_is_filled_only_where_its_interval_excludes_0(rows, high, filled):
    changed = rows[:2].assign(delta_top1=-4.0, delta_ci_low=-5.0, delta_ci_high=high)
    assert (ablations_figure(changed).axes[1].lines[-1].get_markerfacecolor() != "white") == filled


def test_a_variant_without_interval_has_words_in_its_place(rows):
    empty = dict.fromkeys(["delta_top1", "delta_ci_low", "delta_ci_high", "p_family", "p_floor"], float("nan"))
    axes = ablations_figure(rows[:2].assign(**empty)).axes[1]
    assert len(axes.texts) == 1
    assert not axes.collections


def test_two_steps_of_the_full_model_alone_are_marked(finished):
    few = finished.curves().query("variant == 'full' and step <= 20")
    assert [line.get_marker() for line in training_curves_figure(few, "made-up").axes[0].lines] == ["o"]


FOUND = ClassPredictions(
    "jester-fixture", ("a", "b", "c"), np.array([0, 0, 1]), np.array([[0, 1, 1], [0, 0, 1]])
)  # two seeds; no clip of class c


def test_a_row_holds_the_shares_of_its_class_and_recall_is_the_diagonal_with_an_interval():
    np.testing.assert_allclose(shares(FOUND), [[0.75, 0.25, 0], [0, 1, 0], [np.nan] * 3])
    rows = recalls(FOUND)
    assert rows.recall.to_dict() == {0: 75, 1: 100}
    assert (rows.recall_ci_low < rows.recall).all(), "one clip right is no certainty"
    assert rows.recall_ci_high[0] > 75


@pytest.mark.parametrize("classes", [NAMED, 400])
def test_many_classes_are_drawn_without_names_on_each_other(classes, finished):
    labels = np.arange(classes).repeat(2)
    names = tuple(f"class {number}" for number in range(classes))
    found = [ClassPredictions("kinetics", names, labels, np.stack([labels, labels]))]
    figure = confusion_figure(found, finished.table("temporal").assign(condition=""), "made-up")
    assert figure.get_size_inches()[1] < 15
    ticks = [label.get_text() for label in figure.axes[0].get_yticklabels() if label.get_text()]
    assert len(ticks) == (classes if classes <= NAMED else 0)


def test_shares_of_each_model_add_up_to_100_percent_and_published_and_counted_stand_where_the_table_has_them(finished):
    rows = finished.table("table1")
    _, flops, shares, _ = table1_figure(rows, finished.table("cost")).axes
    ends = [bar.get_x() + bar.get_width() for bar in shares.patches]
    assert len(ends) == len(made_up.MODELS) * len(made_up.PARTS), "no totals and no other models"
    assert max(ends) == pytest.approx(100)
    drawn = [list(line.get_xdata()) for line in flops.lines]
    assert all(list(values[:6]) in drawn for values in (1000 * rows.flops_t_published, rows.gflops, rows.gmacs))


def test_zero_is_written_on_a_log_axis_and_a_reading_that_was_not_trained_has_words(finished):
    rows, best = finished.table("readings"), finished.table("reading_search").query("rank <= 2")
    axes = readings_figure(rows, best).axes
    assert [text.get_text() for text in axes[2].texts] == ["0"], "once, for the reading used here"
    assert len(axes[0].texts) == (~rows.default & rows.delta_top1.isna()).sum()
    assert len(axes[4].get_yticks()) == len(best)


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
