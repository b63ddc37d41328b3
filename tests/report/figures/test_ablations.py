"""The ablations figure shows the table's own numbers, and names only generated clips as generated."""

import pytest

from lcr.report.figures.ablations import ablations_figure
from lcr.study.tables.registry import table_rows
from tests.study.conftest import made_up_study, write_runs


@pytest.fixture
def rows(tmp_path):
    study = made_up_study(datasets=("jester-fixture", "kinetics"), seeds=2, variants=["full", "lstm_gate"])
    return table_rows("ablations", study, write_runs(study, tmp_path))


def test_each_dataset_has_its_panels_with_units_and_generated_clips_are_named(rows):
    figure = ablations_figure(rows)
    assert len(figure.axes) == 4
    titles = [axes.get_title(loc="left") for axes in figure.axes[::2]]
    assert "generated clips, not the paper's data" in titles[0]
    assert "generated" not in titles[1]
    labels = [axes.get_xlabel() for axes in figure.axes]
    assert all("(%)" in label or "(percentage points)" in label for label in labels)


def test_points_and_intervals_are_the_tables(rows):
    differences = ablations_figure(rows).axes[1]
    drawn = {tuple(map(float, line.get_xdata())) for line in differences.lines}
    row = rows[1]
    assert (float(row["delta_ci_low"]), float(row["delta_ci_high"])) in drawn
    assert (float(row["delta_top1"]),) in drawn


def test_a_difference_is_filled_only_where_its_interval_excludes_0(rows):
    for low, filled in (("-3", True), ("3", False)):
        row = rows[1] | {"delta_ci_low": "-5", "delta_top1": "-4", "delta_ci_high": low}
        point = ablations_figure([rows[0], row]).axes[1].lines[-1]
        assert (point.get_markerfacecolor() != "white") == filled
