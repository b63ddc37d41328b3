"""pairs: accuracy on each pair of classes that are one another's time reverse, of every arm."""

import pandas as pd
from matplotlib.figure import Figure

from lcr.report.figures.style import COLOURS, GREY, data_titles, estimate, page, row_axis

COLUMNS = 4
NOTE = (
    "Lines: 95% intervals over seeds and clips. Hollow: the last frame repeated, which leaves no order to see. Chance "
    "is 50%."
)


def pairs_figure(rows: pd.DataFrame) -> Figure:
    """A panel a dataset and pair, a row an arm.

    Args:
        rows: pairs.csv of a study.
    """
    rows = rows[rows.pair != ""]
    panels = {key: part.reset_index(drop=True) for key, part in rows.groupby(["dataset", "pair"], sort=False)}
    arms = list(rows.variant.unique())
    across = max(1, min(COLUMNS, len(panels)))
    lines = max(1, -(-len(panels) // across))
    heading = f"Movement or its reverse? {data_titles(rows.dataset)}"
    with page(1.9 + 2.5 * across, 1.4 + lines * (0.8 + 0.26 * len(arms)), heading, NOTE) as figure:
        grid = figure.subplots(lines, across, sharex=True, sharey=True, squeeze=False)
        for axes, ((_, pair), here) in zip(grid.flat, panels.items(), strict=False):
            places = here.variant.map(arms.index)
            axes.axvline(50, color="0.3", linewidth=1)
            estimate(axes, here, "frozen", "frozen", GREY, places=places, filled=False)
            estimate(axes, here, "pair_accuracy", "pair_accuracy", COLOURS[0], places=places)
            axes.set_title(pair.replace(" / ", "\n"), fontsize=9)
            row_axis(axes, arms, xlabel="Pair accuracy (%)")
        for axes in grid.flat[len(panels) :]:
            figure.delaxes(axes)
    return figure
