"""Table 2 as dots, and its accuracies against the cost of one view."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy.optimize import isotonic_regression

from lcr.config.variant import FULL
from lcr.report.answer import short
from lcr.report.figures.style import COLOURS, data_title, estimate, page, row_axis, seed_points

# The looks of the full model or LCR (True) and of all others.
MEASURED = {True: (COLOURS[3], "D"), False: (COLOURS[0], "o")}
PRINTED = {
    True: {"marker": "D", "color": COLOURS[3], "mfc": "white", "linestyle": ""},
    False: {"marker": "o", "color": "0.3", "mfc": "white", "linestyle": ""},
}
INTERVALS = "Lines: 95% intervals over seeds and clips."
COST_NOTE = (
    f"{INTERVALS[:-1]}; points of equal cost stand side by side. The unit T of Table 2 "
    "is in doubt: the 3-D ResNets'\nnumbers can only be giga (ResNet3D-18 at 112 × 112 counts 33 GFLOPs "
    "for 32 frames; printed: 34.6), and whether LCR's 0.022 is in the same unit, the paper does not say."
)


def table2_figure(rows: pd.DataFrame) -> Figure:
    """Top-1 of published and measured methods; the two share an axis only where the measured clips are the paper's.

    Args:
        rows: table2.csv, of one study.
    """
    printed = rows[rows.source == "published"].sort_values("top1", ascending=False, kind="stable").reset_index()
    measured = rows[rows.source != "published"].reset_index()  # floors and ceilings too
    first = measured.iloc[0]
    same = first.dataset == "jester"
    note = f"{INTERVALS} Small points: single seeds."
    if not same:
        note += "\nThe panels are on different clips: no row above compares with one below."
    with page(7.2, 1.8 + 0.26 * len(rows), f"Table 2. Study '{first.study}'", note) as figure:
        upper, lower = figure.subplots(2, 1, sharex=same, gridspec_kw={"height_ratios": (len(printed), len(measured))})
        for place, row in printed.iterrows():
            upper.plot(row.top1, place, **PRINTED[row.method == "LCR"])
            upper.annotate(f"{row.top1:.2f}", (row.top1, place), (7, 0), textcoords="offset points", va="center")
        upper.margins(x=0.12)
        seed_points(lower, measured, "top1_by_seed")
        for full, part in measured.groupby(measured.variant == FULL):
            estimate(lower, part, "top1", "top1", *MEASURED[full])
        titles = {
            upper: "Published, on jester, as printed (the paper gives no intervals)",
            lower: f"Measured, on {data_title(first.dataset)}; {first.seeds} seeds × {first.clips} clips",
        }
        for (axes, title), shown in zip(titles.items(), (printed, measured), strict=True):
            row_axis(axes, list(shown.method), title=title, xlabel="Top-1 accuracy (%)")
    return figure


def cost_accuracy_figure(rows: pd.DataFrame) -> Figure:
    """Top-1 over GFLOPs.

    Args:
        rows: table2.csv, of one study. Printed FLOPs are of doubtful unit, so they have an axis of their own.
    """
    measured = rows[rows.source != "published"].reset_index()  # floors and ceilings too
    printed = rows[(rows.source == "published") & (rows.flops_printed != "")].astype({"flops_printed": float})
    first = measured.iloc[0]
    with page(10.0, 4.6, f"Accuracy against cost. Study '{first.study}'", COST_NOTE) as figure:
        figure.get_layout_engine().set(wspace=0.06)
        left, right = figure.subplots(1, 2)
        costs = pd.Series(apart(list(measured.gflops)))
        for full, part in measured.groupby(measured.variant == FULL):
            estimate(left, part, "top1", "top1", *MEASURED[full], places=costs[part.index], vertical=True)
        left.xaxis.set_major_locator(MaxNLocator(4))
        left.set(title=f"Measured, on {data_title(first.dataset)}", xlabel="FLOPs of one view, counted (GFLOPs)")
        _name(left, costs, measured.top1, measured.method.map(short))
        for own, part in printed.groupby(printed.method == "LCR"):
            right.plot(part.flops_printed, part.top1, **PRINTED[own])
        right.set(
            title="Published, on jester, as printed (no intervals given)",
            xlabel="FLOPs as printed in Table 2 (“T”; see below)",
            xscale="log",
        )
        _name(right, printed.flops_printed, printed.top1, printed.method)
    return figure


def apart(costs: Sequence[float], share: float = 0.035) -> list[float]:
    """Costs that are nearly equal set beside each other, by `share` of the whole range, so that intervals are seen."""
    step = share * (max(costs) - min(costs) or max(costs))
    placed: list[float] = []
    for cost in costs:
        while any(abs(cost - other) < 0.99 * step for other in placed):
            cost += step
        placed.append(cost)
    return placed


def _name(axes: Axes, flops: pd.Series, top1: pd.Series, names: pd.Series) -> None:
    """Names in a column right of the panel, in the order of the points' heights, each with a thin line to its point."""
    axes.set_ylabel("Top-1 accuracy (%)")
    axes.margins(x=0.1, y=0.08)
    low, high = axes.get_ylim()
    ordered = sorted(zip(flops, top1, names, strict=True), key=lambda point: point[1:])
    shares = spread([(y - low) / (high - low) for _, y, _ in ordered], gap=0.062)
    for (x, y, name), share in zip(ordered, shares, strict=True):
        axes.annotate(
            name,
            (x, y),
            (1.04, share),
            textcoords="axes fraction",
            va="center",
            fontsize=8,
            arrowprops={"arrowstyle": "-", "color": "0.7", "lw": 0.7, "shrinkA": 1, "shrinkB": 4, "relpos": (0, 0.5)},
            annotation_clip=False,
        )


def spread(places: Sequence[float], gap: float) -> list[float]:
    """Ascending places moved as little as needed to stand `gap` apart within [0, 1]; evenly, where they do not fit."""
    gap = min(gap, 1 / max(1, len(places) - 1))
    steps = gap * np.arange(len(places))
    free = np.clip(np.asarray(places) - steps, 0, 1 - steps[-1])
    return list(isotonic_regression(free).x + steps)
