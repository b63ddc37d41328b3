"""The ablations figure shows the table's own numbers, and names only synthetic clips as synthetic."""

import pytest

from lcr.report.figures.ablations import ablations_figure, training_curves_figure
from lcr.report.figures.style import SYNTHETIC


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


@pytest.mark.parametrize(("high", "filled"), [(-3.0, True), (3.0, False)])
def test_a_difference_is_filled_only_where_its_interval_excludes_0(rows, high, filled):
    changed = rows[:2].assign(delta_top1=-4.0, delta_ci_low=-5.0, delta_ci_high=high)
    point = ablations_figure(changed).axes[1].lines[-1]
    assert (point.get_markerfacecolor() != "white") == filled


def test_a_variant_without_interval_has_words_in_its_place(rows):
    empty = dict.fromkeys(["delta_top1", "delta_ci_low", "delta_ci_high", "p_holm", "p_floor_holm"], float("nan"))
    axes = ablations_figure(rows[:2].assign(**empty)).axes[1]
    assert len(axes.texts) == 1
    assert not axes.collections


def test_two_steps_of_the_full_model_alone_are_marked(finished):
    few = finished.curves().query("variant == 'full' and step <= 20")
    lines = training_curves_figure(few, "made-up").axes[0].lines
    assert [line.get_marker() for line in lines] == ["o"]
