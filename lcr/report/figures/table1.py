"""Table 1, counted: how far published parameters and FLOPs are from ours, and where ours go."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lcr.config.study import FULL
from lcr.report.figures.style import COLOURS, HATCHES, heading, note, row_axis, styled
from lcr.study.tables.rows import Row, float_of
from lcr.study.tables.table1 import DEFAULT


def table1_figure(rows: Sequence[Row], cost: Sequence[Row]) -> Figure:
    """Published against counted, and each component's share, for the models of Table 1.

    Args:
        rows: rows of table1.csv; those of other readings are left out, and stand in the readings figure.
        cost: rows of cost.csv, one a model, variant and component.
    """
    rows = [row for row in rows if row["reading"] == DEFAULT]
    models = [row["model"] for row in rows]
    of_table1 = [row for row in cost if not row["dataset"] and row["variant"] == FULL]  # the study's own have a dataset
    parts = [row for row in of_table1 if row["component"] != "all"]
    components = list(dict.fromkeys(row["component"] for row in parts))
    with styled():
        figure = Figure((9.4, 1.6 + 0.8 * len(models)), layout="constrained")
        (params, flops), (params_share, macs_share) = figure.subplots(2, 2, sharey="row")
        frames = rows[0]["frames"]
        _against(params, rows, "params_m_published", "params_m", "params_error_pct", 1.0)
        params.set_xlabel("Parameters (M)")
        _against(flops, rows, "flops_t_published", "gflops", "flops_error_pct", 1000.0)
        for place, row in enumerate(rows):
            text = None if place else "multiply-adds, counted"
            flops.plot(float_of(row, "gmacs"), place, "|", color=COLOURS[0], markersize=11, label=text)
        flops.set_xlabel(f"FLOPs of one view of {frames} frames (G; printed as T)")
        for axes in (params, flops):
            row_axis(axes, models)
        for axes, column in ((params_share, "params"), (macs_share, "macs")):
            _shares(axes, models, components, parts, column)
        params_share.set_xlabel("Share of the parameters (%)")
        macs_share.set_xlabel("Share of the multiply-adds (%)")
        handles, names = macs_share.get_legend_handles_labels()
        figure.legend(handles, names, loc="outside right lower", frameon=False, title="Component", alignment="left")
        handles, names = flops.get_legend_handles_labels()
        figure.legend(handles, names, loc="outside right upper", frameon=False)
        heading(figure, "Table 1: published against counted, and where it goes")
        note(
            figure,
            "Counted under the readings used here. Percentages: counted against published, FLOPs against FLOPs (two a "
            "multiply-add). Counts are exact,\nso there are no intervals.",
        )
    return figure


def _against(axes: Axes, rows: Sequence[Row], published: str, counted: str, error: str, scale: float) -> None:
    for place, row in enumerate(rows):
        printed, ours = scale * float_of(row, published), float_of(row, counted)
        axes.plot([printed, ours], [place, place], "-", color="0.6", linewidth=1)
        axes.plot(printed, place, "o", color="0.2", mfc="white", label="published" if not place else None)
        axes.plot(ours, place, "D", color=COLOURS[0], markersize=5, label="counted" if not place else None)
        text = f"{float_of(row, error):+.1f}%"
        axes.annotate(text, (max(printed, ours), place), (9, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    axes.set_xlim(low, high * (high / low) ** 0.25)  # room for the percentages


def _shares(axes: Axes, models: Sequence[str], components: Sequence[str], parts: Sequence[Row], column: str) -> None:
    numbers = {(row["model"], row["component"]): float_of(row, column) if row[column] else 0.0 for row in parts}
    table = np.array([[numbers.get((model, one), 0.0) for one in components] for model in models])
    table = 100 * table / table.sum(1, keepdims=True)
    left = np.zeros(len(models))
    for number, name in enumerate(components):
        colour, hatch = COLOURS[number % len(COLOURS)], HATCHES[number % len(HATCHES)]
        axes.barh(
            range(len(models)), table[:, number], left=left, color=colour, hatch=hatch, edgecolor="white", label=name
        )
        left += table[:, number]
    row_axis(axes, models)
    axes.set_xlim(0, 100)
