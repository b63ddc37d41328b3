"""tuning and convergence: accuracy by learning rate, and what half as many steps again gain, a panel or row an arm."""

import pandas as pd
from matplotlib.figure import Figure

from lcr.report.figures.style import COLOURS, GREY, data_titles, estimate, page, row_axis, seed_points
from lcr.study.stats.verdict import DELTA

COLUMNS = 4
TUNING_NOTE = (
    "Mean over the seeds (small points) on clips of performers that no training has seen. Filled: the best rate. Ring: "
    "the rate of the main study."
)
CONVERGENCE_NOTE = (
    "Lines: 95% intervals over seeds and clips. Small points: single seeds.\n"
    "Filled: the upper end is below {:g} points, so the arm stands at its plateau."
)


def tuning_figure(rows: pd.DataFrame) -> Figure:
    """A panel an arm: top-1 at every learning rate.

    Args:
        rows: tuning.csv of a study.
    """
    arms = {name: part.sort_values("learning_rate") for name, part in rows.groupby(["dataset", "variant"], sort=False)}
    lines = -(-len(arms) // COLUMNS)
    rates = sorted(rows.learning_rate.unique())
    heading = f"Every arm at each learning rate. {data_titles(rows.dataset)}"
    with page(2.6 * COLUMNS, 1.1 + 2.3 * lines, heading, TUNING_NOTE) as figure:
        panels = figure.subplots(lines, COLUMNS, sharey=True, squeeze=False)
        for axes, ((_, name), here) in zip(panels.flat, arms.items(), strict=False):
            here = here.reset_index(drop=True)
            places = [rates.index(rate) for rate in here.learning_rate]
            axes.plot(places, here.top1, color="0.75", linewidth=1, zorder=1)
            for place, row in zip(places, here.itertuples(), strict=True):
                axes.plot([place] * len(row.top1_by_seed), row.top1_by_seed, ".", color=GREY, markersize=4, alpha=0.7)
                axes.plot(
                    place, row.top1, "o", color=COLOURS[0], mfc=COLOURS[0] if row.chosen else "white", markersize=6
                )
                if row.frozen:
                    axes.plot(place, row.top1, "o", color=COLOURS[3], mfc="none", markersize=12)
            axes.set_title(name, fontsize=9)
            axes.set_xticks(range(len(rates)), [_short(rate) for rate in rates])
            axes.set(xlabel="Learning rate (1)", xlim=(-0.5, len(rates) - 0.5))
        for axes in panels.flat[len(arms) :]:
            figure.delaxes(axes)
        for axes in panels[:, 0]:
            axes.set_ylabel("Top-1 (%)")
    return figure


def _short(rate: float) -> str:
    """A rate in few letters: 0.0003 as 3e-4."""
    return f"{rate:.2g}" if rate >= 0.01 else f"{rate:.0e}".replace("e-0", "e-")


def convergence_figure(rows: pd.DataFrame) -> Figure:
    """A row an arm: the gain of top-1 from half as many steps again.

    Args:
        rows: convergence.csv of a study.
    """
    rows = rows.reset_index(drop=True)
    heading = f"What half as many steps again gain. {data_titles(rows.dataset)}"
    with page(7.2, 1.8 + 0.34 * len(rows), heading, CONVERGENCE_NOTE.format(DELTA)) as figure:
        axes = figure.subplots()
        axes.axvspan(-DELTA, DELTA, color="0.93", zorder=0)
        axes.axvline(0, color="0.3", linewidth=1)
        seed_points(axes, rows, "gain_by_seed")
        for plateau, part in rows.groupby("plateau"):
            estimate(axes, part, "gain", "gain", COLOURS[0] if plateau else GREY, filled=plateau)
        row_axis(axes, list(rows.variant), xlabel="Gain in top-1 (percentage points)")
    return figure
