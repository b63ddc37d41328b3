"""Table 1, counted: the distance of the counts from the published numbers, and each component's share of the counts."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lcr.config.study import FULL
from lcr.report.figures.style import COLOURS, HATCHES, page, pairs, row_axis
from lcr.study.tables.table1 import DEFAULT

NOTE = (
    "Counted under the default readings. Percentages: counted against published, FLOPs against FLOPs (two a "
    "multiply-add). Counts are exact,\nso there are no intervals."
)


def table1_figure(rows: pd.DataFrame, cost: pd.DataFrame) -> Figure:
    """Published against counted, and each component's share, for the models of Table 1.

    Args:
        rows: table1.csv; other readings than the default are left out, and stand in the readings figure.
        cost: cost.csv; the rows of Table 1's models have no dataset.
    """
    rows = rows[rows.reading == DEFAULT].reset_index()
    parts = cost[(cost.dataset == "") & (cost.variant == FULL) & (cost.component != "all")]
    heading = "Table 1: published against counted, and each component's share"
    with page(9.4, 1.6 + 0.8 * len(rows), heading, NOTE) as figure:
        (params, flops), shares = figure.subplots(2, 2, sharey="row")
        _against(params, rows.params_m_published, rows.params_m, rows.params_error_pct)
        _against(flops, 1000 * rows.flops_t_published, rows.gflops, rows.flops_error_pct)
        flops.plot(rows.gmacs, rows.index, "|", color=COLOURS[0], markersize=11, label="multiply-adds, counted")
        labels = {
            params: "Parameters (M)",
            flops: f"FLOPs of one view of {rows.frames[0]} frames (G; printed as T)",
            shares[0]: "Share of the parameters (%)",
            shares[1]: "Share of the multiply-adds (%)",
        }
        for axes, column in zip(shares, ("params", "macs"), strict=True):
            _shares(axes, parts, column)
        for axes, label in labels.items():
            row_axis(axes, list(rows.model), xlabel=label)
        legend = {"frameon": False, "alignment": "left"}
        figure.legend(*shares[1].get_legend_handles_labels(), loc="outside right lower", title="Component", **legend)
        figure.legend(*flops.get_legend_handles_labels(), loc="outside right upper", **legend)
    return figure


def _against(axes: Axes, published: pd.Series, counted: pd.Series, error: pd.Series) -> None:
    pairs(axes, (published, "published", "o", "0.2"), (counted, "counted", "D", COLOURS[0]))
    for place, (right, off) in enumerate(zip(published.combine(counted, max), error, strict=True)):
        axes.annotate(f"{off:+.1f}%", (right, place), (9, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    axes.set_xlim(low, high * (high / low) ** 0.25)  # room for the percentages


def _shares(axes: Axes, parts: pd.DataFrame, column: str) -> None:
    counts = parts.pivot_table(column, "component", "model", sort=False, fill_value=0).astype(float)
    table = 100 * counts / counts.sum()
    for number, (name, shares) in enumerate(table.iterrows()):
        axes.barh(
            range(len(shares)),
            shares,
            left=table.cumsum().loc[name] - shares,
            color=COLOURS[number % len(COLOURS)],
            hatch=HATCHES[number % len(HATCHES)],
            edgecolor="white",
            label=name,
        )
    axes.set_xlim(0, 100)
