"""Accuracy against the cost of one view: ours as counted, the paper's as printed, in panels that do not mix units."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lcr.config.study import FULL
from lcr.report.figures.style import COLOURS, data_title, estimate, heading, note, styled
from lcr.study.tables.rows import Row, float_of, short


def cost_accuracy_figure(rows: Sequence[Row]) -> Figure:
    """Top-1 over GFLOPs.

    Args:
        rows: rows of table2.csv, of one study. Printed FLOPs are of doubtful unit, so they have an axis of their own.
    """
    measured = [row for row in rows if row["source"] == "measured"]
    printed = [row for row in rows if row["source"] == "published" and row["flops_printed"]]
    with styled():
        figure = Figure((10.0, 4.6), layout="constrained")
        figure.get_layout_engine().set(wspace=0.06)
        left, right = figure.subplots(1, 2)
        costs = apart([float_of(row, "gflops") for row in measured])
        for row, cost in zip(measured, costs, strict=True):
            marker, colour = ("D", COLOURS[3]) if row["variant"] == FULL else ("o", COLOURS[0])
            estimate(left, cost, row, "top1", "top1", colour, marker, vertical=True)
        left.xaxis.set_major_locator(MaxNLocator(4))
        left.set_xlabel("FLOPs of one view, counted (GFLOPs)")
        left.set_title(f"Measured, on {data_title(measured[0]['dataset'])}", loc="left")
        names = [short(row["method"]) for row in measured]
        heights = [float_of(row, "top1") for row in measured]
        _name(left, list(zip(costs, heights, names, strict=True)))
        for row in printed:
            marker, colour = ("D", COLOURS[3]) if row["method"] == "LCR" else ("o", "0.3")
            right.plot(float_of(row, "flops_printed"), float_of(row, "top1"), marker, color=colour, mfc="white")
        right.set_xscale("log")
        right.set_xlabel("FLOPs as printed in Table 2 (“T”; see below)")
        right.set_title("Published, on jester, as printed (no intervals given)", loc="left")
        _name(right, [(float_of(row, "flops_printed"), float_of(row, "top1"), row["method"]) for row in printed])
        for axes in (left, right):
            axes.set_ylabel("Top-1 accuracy (%)")
        heading(figure, f"Accuracy against cost. Study '{measured[0]['study']}'")
        note(
            figure,
            "Lines: 95% intervals over seeds and clips; points of equal cost stand side by side. The unit T of Table 2 "
            "is in doubt: the 3-D ResNets'\nnumbers can only be giga (ResNet3D-18 at 112 × 112 counts 33 GFLOPs "
            "for 32 frames; printed: 34.6), and whether LCR's 0.022 is in the same unit, "
            "the paper does not say.",
        )
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


def _name(axes: Axes, points: Sequence[tuple[float, float, str]]) -> None:
    """Names in a column right of the panel, in the order of the points' heights, each with a thin line to its point."""
    axes.margins(x=0.1, y=0.08)
    low, high = axes.get_ylim()
    ordered = sorted(points, key=lambda point: (point[1], point[2]))
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
    count = len(places)
    gap = min(gap, 1 / max(1, count - 1))
    steps = gap * np.arange(count)
    free = np.clip(np.asarray(places) - steps, 0, 1 - gap * (count - 1) if count else 1)
    # The least-squares ascending sequence: neighbours out of order share their mean.
    blocks: list[list[float]] = []
    for one in free:
        blocks.append([float(one)])
        while len(blocks) > 1 and np.mean(blocks[-2]) > np.mean(blocks[-1]):
            last = blocks.pop()
            blocks[-1] += last
    level = [float(np.mean(block)) for block in blocks for _ in block]
    return [one + step for one, step in zip(level, steps, strict=True)]
