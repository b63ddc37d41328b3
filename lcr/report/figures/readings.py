"""Effects of each reading of the paper: accuracy, gradients, sensitivity of the logits, growth of the cell."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lcr.report.figures.style import COLOURS, data_title, differences, page, pairs, row_axis

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


def readings_figure(rows: pd.DataFrame, best: pd.DataFrame) -> Figure:
    """Four panels with a row a reading, and below them the search's best combinations.

    Args:
        rows: readings.csv; the reading used here is the same model in every place, and is drawn once.
        best: rows of reading_search.csv.
    """
    rows = pd.concat([rows[rows.default][:1], rows[~rows.default]], ignore_index=True)
    heights = [0.24 * len(rows) + 1.3, 0.26 * len(best) + 0.9]
    heading, note = "Effects of each reading of the paper", NOTE.format(data_title(rows.dataset[0]))
    with page(10.5, 0.9 + sum(heights), heading, note) as figure:
        upper, lower = figure.subfigures(2, 1, height_ratios=heights)
        first, *others = upper.subplots(1, 4, sharey=True, gridspec_kw={"width_ratios": (1.3, 1, 1, 1)})
        differences(first, rows[~rows.default], "not trained")
        for axes, (label, columns) in zip(others, PANELS.items(), strict=True):
            _logs(axes, rows[list(columns)].rename(columns=columns))
            axes.set_xlabel(label)
        names = (rows.discrepancy + ": " + rows.reading).mask(rows.default, USED)
        row_axis(first, list(names), xlabel="Top-1 against the reading used\n(percentage points)")
        for axes in (first, *others):
            axes.axhspan(-0.5, 0.5, color="0.93", zorder=0)
        _search(lower.subplots(), best)
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


def _search(axes: Axes, best: pd.DataFrame) -> None:
    pairs(
        axes,
        hollow=(best.flops_worst_pct, "FLOPs", "D", COLOURS[3]),
        filled=(best.params_worst_pct, "parameters", "o", COLOURS[0]),
    )
    row_axis(
        axes,
        [
            USED
            if row.ranking == "default"
            else f"best by {row.ranking}, no. {row.rank} ({row.departures} other answers)"
            for row in best.itertuples()
        ],
        title="Combinations of readings nearest to Table 1",
        xlabel="Worst error over the six rows of Table 1 (%)",
        xscale="log",
    )
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
