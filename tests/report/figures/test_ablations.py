"""The ablations figure shows the table's own numbers, and names only synthetic clips as synthetic."""

import pytest

from lcr.report.figures.ablations import ablations_figure
from lcr.report.figures.style import SYNTHETIC
from lcr.study.tables.accuracy import IDENTICAL


@pytest.fixture
def rows(finished):
    table = finished.table("ablations")
    return table[table.variant.isin(["full", "lstm_gate"])].replace("kinetics-fixture", "kinetics")


def test_each_dataset_has_its_panels_and_synthetic_clips_are_named(rows):
    titles = [axes.get_title(loc="left") for axes in ablations_figure(rows).axes]
    assert [SYNTHETIC in title for title in titles] == [True, False, True, False, False, False]


def test_points_and_intervals_are_the_tables(rows):
    differences = ablations_figure(rows).axes[1]
    row = rows.iloc[1]
    assert row.delta_top1 in [point for line in differences.lines for point in line.get_xdata()]
    ends = [tuple(segment[:, 0]) for lines in differences.collections for segment in lines.get_segments()]
    assert ends == [(row.delta_ci_low, row.delta_ci_high)]


@pytest.mark.parametrize(("high", "filled"), [(-3.0, True), (3.0, False)])
def test_a_difference_is_filled_only_where_its_interval_excludes_0(rows, high, filled):
    changed = rows[:2].assign(delta_top1=-4.0, delta_ci_low=-5.0, delta_ci_high=high)
    point = ablations_figure(changed).axes[1].lines[-1]
    assert (point.get_markerfacecolor() != "white") == filled


def test_a_variant_without_interval_has_words_in_its_place(rows):
    empty = dict.fromkeys(["delta_top1", "delta_ci_low", "delta_ci_high", "p_holm", "p_floor_holm"])
    axes = ablations_figure(rows[:2].assign(**empty, note=IDENTICAL).astype(dict.fromkeys(empty, float))).axes[1]
    assert len(axes.texts) == 1
    assert not axes.collections
