"""Each variant's accuracy, and beside it the paired difference from the full model: a forest plot per dataset.

Drawn from the rows of ablations.csv, so figure and table cannot disagree.
"""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lcr.config.study import FULL
from lcr.report.figures.style import (
    COLOURS,
    data_title,
    datasets_of,
    difference,
    estimate,
    heading,
    note,
    row_axis,
    styled,
)
from lcr.study.tables.rows import Row, float_of


def ablations_figure(rows: Sequence[Row]) -> Figure:
    """Top-1 and paired differences with 95% intervals, one line of panels for each dataset.

    Args:
        rows: rows of ablations.csv, of one study.
    """
    datasets = datasets_of(rows)
    heights = [len(here) for here in datasets.values()]
    with styled():
        figure = Figure((8.2, 0.9 + sum(0.32 * height + 1.05 for height in heights)), layout="constrained")
        panels = figure.subplots(
            len(datasets), 2, squeeze=False, gridspec_kw={"height_ratios": heights, "width_ratios": (1, 1.15)}
        )
        for (left, right), (dataset, here) in zip(panels, datasets.items(), strict=True):
            _accuracies(left, here)
            _differences(right, here)
            left.set_title(f"{data_title(dataset)}\n{here[0]['seeds']} seeds × {here[0]['clips']} clips", loc="left")
        heading(figure, f"Which part of LCR matters? Study '{rows[0]['study']}'")
        note(
            figure,
            "Lines: 95% intervals over seeds and clips. p: exact sign-flip test over seeds on these clips, after Holm.",
        )
    return figure


def _accuracies(axes: Axes, rows: Sequence[Row]) -> None:
    for place, row in enumerate(rows):
        estimate(axes, place, row, "top1", "top1", COLOURS[0], "s" if row["variant"] == FULL else "o")
    row_axis(axes, [row["method"] for row in rows])
    axes.set_xlabel("Top-1 accuracy (%)")


def _differences(axes: Axes, rows: Sequence[Row]) -> None:
    axes.axvline(0, color="0.3", linewidth=1)
    for place, row in enumerate(rows):
        if row["variant"] == FULL:
            axes.plot(0, place, "s", color=COLOURS[0], markersize=6)
            continue
        difference(axes, place, row)
        p = f"p = {float_of(row, 'p_holm'):.2g}"
        axes.text(1.02, place, p, transform=axes.get_yaxis_transform(), va="center", fontsize=8)
    row_axis(axes, [""] * len(rows))
    axes.set_xlabel("Difference from full (percentage points)\nfilled: the interval excludes 0")
    floor = next((row["p_floor_holm"] for row in rows if row.get("p_floor_holm")), None)
    if floor is not None:
        axes.set_title(f"least p there can be: {float(floor):.2g}", loc="right", fontsize=8)
