"""Table 1 as counted under the default reading of the paper, and the effects of each other reading."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lcr.config.variant import FULL
from lcr.report.figures.style import COLOURS, HATCHES, data_title, differences, page, pairs, row_axis
from lcr.study.tables.table1 import DEFAULT

TABLE1_NOTE = (
    "Counted under the default readings. Percentages: counted against published, FLOPs against FLOPs (two a "
    "multiply-add). Counts are exact,\nso there are no intervals."
)
USED = "the reading used here"
LEAST = 1e-6  # smaller numbers are drawn at the left end of a log axis, as "0" or "<"
NOTE = (
    "Shaded: the reading used here. Lines: 95% intervals over seeds and clips of the paired difference from it; "
    "filled: it excludes 0.\nClips: {}. At the left end of a log axis: exactly 0, or below 1e-6.\n"
    "Gradients, sensitivities and growth are of one seed, so without intervals."
)
PANELS = {
    "Gradient norm (loss per unit)": {"grad_norm_first_step": "first step", "grad_norm_step_50": "step 50"},
    "Sensitivity of the logits\n(norm per unit of input)": {
        "d_logits_d_rgb": "RGB frames",
        "d_logits_d_edges": "edge maps",
    },
    "Cell state, frame 64\nagainst frame 1 (ratio)": {"cell_growth_64": "growth over 64 frames"},
}


def table1_figure(rows: pd.DataFrame, cost: pd.DataFrame) -> Figure:
    """Published against counted, and each component's share, for the models of Table 1.

    Args:
        rows: table1.csv; other readings than the default are left out, and stand in the readings figure.
        cost: cost.csv; the rows of Table 1's models have no dataset.
    """
    rows = rows[rows.reading == DEFAULT].reset_index()
    parts = cost[(cost.dataset == "") & (cost.variant == FULL) & (cost.component != "all")]
    with page(
        9.4, 1.6 + 0.8 * len(rows), "Table 1: published against counted, and each component's share", TABLE1_NOTE
    ) as figure:
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


def readings_figure(rows: pd.DataFrame, best: pd.DataFrame) -> Figure:
    """Four panels with a row a reading, and below them the search's best combinations.

    Args:
        rows: readings.csv; the reading used here is the same model in every place, and is drawn once.
        best: rows of reading_search.csv.
    """
    rows = pd.concat([rows[rows.default][:1], rows[~rows.default]], ignore_index=True)
    heights = [0.24 * len(rows) + 1.3, 0.26 * len(best) + 0.9]
    with page(
        10.5, 0.9 + sum(heights), "Effects of each reading of the paper", NOTE.format(data_title(rows.dataset[0]))
    ) as figure:
        upper, lower = figure.subfigures(2, 1, height_ratios=heights)
        first, *others = upper.subplots(1, 4, sharey=True, gridspec_kw={"width_ratios": (1.3, 1, 1, 1)})
        differences(first, rows[~rows.default])
        for axes, (label, columns) in zip(others, PANELS.items(), strict=True):
            _logs(axes, rows[list(columns)].rename(columns=columns))
            axes.set_xlabel(label)
        names = (rows.discrepancy + ": " + rows.reading).mask(rows.default, USED)
        row_axis(first, list(names), xlabel="Top-1 against the reading used\n(percentage points)")
        for axes in (first, *others):
            axes.axhspan(-0.5, 0.5, color="0.93", zorder=0)
        axes = lower.subplots()
        pairs(
            axes,
            hollow=(best.flops_worst_pct, "FLOPs", "D", COLOURS[3]),
            filled=(best.params_worst_pct, "parameters", "o", COLOURS[0]),
        )
        names = [
            f"best by {row.ranking}, no. {row.rank} ({row.departures} other answers)" if row.rank else USED
            for row in best.itertuples()
        ]
        row_axis(
            axes,
            names,
            title="Combinations of readings nearest to Table 1",
            xlabel="Worst error over the six rows of Table 1 (%)",
            xscale="log",
        )
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    return figure


def _logs(axes: Axes, values: pd.DataFrame) -> None:
    """Columns of positive numbers on one log axis; zero stands at its left end."""
    positive = values[values > LEAST]
    floor = positive.min(axis=None) / 5
    axes.set_xscale("log")
    for number, name in enumerate(values):
        places = values.index + (number - (values.shape[1] - 1) / 2) * 0.36
        marker, colour, face = (("o", COLOURS[0], "white"), ("D", COLOURS[3], COLOURS[3]))[number]
        axes.plot(positive[name], places, marker, color=colour, mfc=face, markersize=4.5, label=name)
        for place, value in zip(places, values[name], strict=True):
            if value <= LEAST:
                axes.text(floor, place, "<" if value else "0", color=colour, fontsize=8, ha="center", va="center")
    axes.set_xlim(floor / 1.8, 3 * positive.max(axis=None))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=values.shape[1], frameon=False, handletextpad=0.2)
