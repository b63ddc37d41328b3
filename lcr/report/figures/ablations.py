"""Each variant's accuracy, and beside it the paired difference from the full model: a forest plot per dataset."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lcr.config.study import FULL
from lcr.report.figures.style import COLOURS, data_title, differences, estimate, page, row_axis

NOTE = "Lines: 95% intervals over seeds and clips. p: exact sign-flip test over seeds on these clips, after Holm."


def ablations_figure(rows: pd.DataFrame) -> Figure:
    """Top-1 and paired differences with 95% intervals, one line of panels for each dataset.

    Args:
        rows: ablations.csv, of one study.
    """
    datasets = {name: here.reset_index() for name, here in rows.groupby("dataset", sort=False)}
    heights = [len(here) for here in datasets.values()]
    size = 8.2, 0.9 + sum(0.32 * one + 1.05 for one in heights)
    with page(*size, f"Which part of LCR matters? Study '{rows.study.iloc[0]}'", NOTE) as figure:
        panels = figure.subplots(
            len(datasets), 2, squeeze=False, gridspec_kw={"height_ratios": heights, "width_ratios": (1, 1.15)}
        )
        for (left, right), (dataset, here) in zip(panels, datasets.items(), strict=True):
            for full, part in here.groupby(here.variant == FULL):
                estimate(left, part, "top1", "top1", COLOURS[0], "s" if full else "o")
            title = f"{data_title(dataset)}\n{here.seeds[0]} seeds × {here.clips[0]} clips"
            row_axis(left, list(here.method), title=title, xlabel="Top-1 accuracy (%)")
            _differences(right, here)
    return figure


def _differences(axes: Axes, rows: pd.DataFrame) -> None:
    full = rows.variant == FULL
    axes.plot([0] * full.sum(), rows.index[full], "s", color=COLOURS[0], markersize=6)
    differences(axes, rows[~full], "identical to full by construction")
    for place, p in rows.p_holm.dropna().items():
        axes.text(1.02, place, f"p = {p:.2g}", transform=axes.get_yaxis_transform(), va="center", fontsize=8)
    row_axis(axes, [""] * len(rows), xlabel="Difference from full (percentage points)\nfilled: the interval excludes 0")
    if rows.p_floor_holm.notna().any():
        axes.set_title(f"least possible p: {rows.p_floor_holm.max():.2g}", loc="right", fontsize=8)
