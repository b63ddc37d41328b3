"""What each reading of the paper changes: accuracy, gradients, what the logits see, the growth of the cell."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lcr.report.figures.style import COLOURS, data_title, difference, heading, note, row_axis, styled
from lcr.study.tables.rows import Row, float_of, int_of

USED = "the reading used here"
LEAST = 1e-6  # numbers of a log axis below this are drawn at its left end, as "0" or "<"


def readings_figure(rows: Sequence[Row], search: Sequence[Row]) -> Figure:
    """Four panels with a row a reading, and below them the search's best combinations.

    Args:
        rows: rows of readings.csv; the reading used here is the same model in every place, and is drawn once.
        search: rows of reading_search.csv; the best are drawn.
    """
    rows = [next(row for row in rows if row["default"] == "yes"), *(row for row in rows if row["default"] != "yes")]
    best = best_of_search(search)
    heights = [0.24 * len(rows) + 1.3, 0.26 * len(best) + 0.9]
    with styled():
        figure = Figure((10.5, 0.9 + sum(heights)), layout="constrained")
        upper, lower = figure.subfigures(2, 1, height_ratios=heights)
        panels = upper.subplots(1, 4, sharey=True, gridspec_kw={"width_ratios": (1.3, 1, 1, 1)})
        _accuracy(panels[0], rows)
        _logs(panels[1], rows, {"grad_norm_first_step": ("first step", "o"), "grad_norm_step_50": ("step 50", "D")})
        panels[1].set_xlabel("Gradient norm (loss per unit)")
        _logs(panels[2], rows, {"d_logits_d_rgb": ("RGB frames", "o"), "d_logits_d_edges": ("edge maps", "D")})
        panels[2].set_xlabel("Sensitivity of the logits\n(norm per unit of input)")
        _logs(panels[3], rows, {"cell_growth_64": ("growth over 64 frames", "o")})
        panels[3].set_xlabel("Cell state, frame 64\nagainst frame 1 (ratio)")
        row_axis(panels[0], [_label(row) for row in rows])
        for axes in panels:
            for place, row in enumerate(rows):
                if row["default"] == "yes":
                    axes.axhspan(place - 0.5, place + 0.5, color="0.93", zorder=0)
        _search(lower.subplots(), best)
        heading(figure, "What each reading of the paper changes")
        note(
            figure,
            "Shaded: the reading used here. Lines: 95% intervals over seeds and clips of the paired difference from "
            f"it; filled: it excludes 0.\nClips: {data_title(rows[0]['dataset'])}. At the left end of a log axis: "
            "exactly 0, or below 1e-6.\nGradients, sensitivities and growth are of one seed, so without intervals.",
        )
    return figure


def _label(row: Row) -> str:
    return USED if row["default"] == "yes" else f"{row['discrepancy']}: {row['reading']}"


def _accuracy(axes: Axes, rows: Sequence[Row]) -> None:
    axes.axvline(0, color="0.3", linewidth=1)
    for place, row in enumerate(rows):
        if row.get("delta_top1"):
            difference(axes, place, row)
        elif row["default"] != "yes":
            axes.text(0, place, " not trained", va="center", fontsize=8, color="0.4")
    axes.set_xlabel("Top-1 against the reading used\n(percentage points)")


def _logs(axes: Axes, rows: Sequence[Row], columns: dict[str, tuple[str, str]]) -> None:
    """Columns of positive numbers on one log axis; zero stands at its left end."""
    found = [float_of(row, column) for row in rows for column in columns if row.get(column)]
    positive = [number for number in found if number > LEAST]
    floor = min(positive, default=1.0) / 5
    axes.set_xscale("log")
    for number, (column, (text, marker)) in enumerate(columns.items()):
        colour = COLOURS[(0, 3)[number]]
        for place, row in enumerate(rows):
            if not row.get(column):
                continue
            value = float_of(row, column)
            shift = (number - (len(columns) - 1) / 2) * 0.36
            if value > LEAST:
                axes.plot(value, place + shift, marker, color=colour, mfc=colour if number else "white", markersize=4.5)
            else:
                sign = "0" if value == 0 else "<"
                axes.text(floor, place + shift, sign, color=colour, fontsize=8, ha="center", va="center")
        axes.plot([], [], marker, color=colour, mfc=colour if number else "white", markersize=4.5, label=text)
    axes.set_xlim(floor / 1.8, max(positive, default=1.0) * 3)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(columns), frameon=False, handletextpad=0.2)


def departures(row: Row, default: Row) -> dict[str, str]:
    """In what a combination of the search is read otherwise than the default: answers by axis.

    The axes are the columns of reading_search.csv between `departures` and `params_worst_pct`.
    """
    names = list(row)
    axes = names[names.index("departures") + 1 : names.index("params_worst_pct")]
    return {axis: row[axis] for axis in axes if row[axis] != default[axis]}


def best_of_search(search: Sequence[Row], each: int = 2) -> list[Row]:
    """The default reading, and of each ranking the `each` best."""
    return [row for row in search if int_of(row, "rank") <= each]


def _search(axes: Axes, search: Sequence[Row]) -> None:
    for place, row in enumerate(search):
        params, flops = float_of(row, "params_worst_pct"), float_of(row, "flops_worst_pct")
        axes.plot([params, flops], [place, place], "-", color="0.7", linewidth=1)
        axes.plot(params, place, "o", color=COLOURS[0], label=None if place else "parameters")
        axes.plot(flops, place, "D", color=COLOURS[3], mfc="white", markersize=5, label=None if place else "FLOPs")
    axes.set_xscale("log")
    row_axis(axes, [_ranked(row) for row in search])
    axes.set_xlabel("Worst error over the six rows of Table 1 (%)")
    axes.set_title("The search: combinations of readings nearest to Table 1", loc="left")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)


def _ranked(row: Row) -> str:
    if row["ranking"] == "default":
        return USED
    return f"best by {row['ranking']}, no. {row['rank']} ({row['departures']} other answers)"
