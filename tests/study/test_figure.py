"""The figure shows the table's own numbers, the same bytes each time, and says what the clips are."""

import pytest

from lcr.study.figure import ablations_figure, write_figure
from lcr.study.tables import table_rows

from .conftest import made_up_study, write_runs


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


def test_no_text_is_smaller_than_8_points(rows):
    figure = ablations_figure(rows)
    figure.canvas.draw()
    from matplotlib.text import Text

    sizes = [text.get_fontsize() for text in figure.findobj(Text) if text.get_text()]
    assert sizes
    assert min(sizes) >= 8


def test_the_same_rows_give_the_same_bytes(rows, tmp_path):
    first = [path.read_bytes() for path in write_figure(rows, tmp_path / "a")]
    second = [path.read_bytes() for path in write_figure(rows, tmp_path / "b")]
    assert first == second
    assert first[0].startswith(b"\x89PNG")
    assert b"<svg" in first[1]
    assert b"<dc:date>" not in first[1]
