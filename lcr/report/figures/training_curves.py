"""Training loss of each ablation against the full model's: mean and range over the seeds."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lcr.config.datasets import is_synthetic
from lcr.config.study import FULL
from lcr.report.answer import short
from lcr.report.figures.style import COLOURS, SYNTHETIC, page

NOTE = (
    "Solid grey: the full model. Dashed: the ablation. Lines: mean over {} seeds; bands: from the least to the largest "
    "of them. Loss: cross-entropy with label smoothing,\nwith the tube mask where there is one, so a lower line alone "
    "is no better model."
)


def training_curves_figure(curves: pd.DataFrame, study: str) -> Figure:
    """One row of panels a dataset, one panel an ablation; the full model in grey in each.

    Args:
        curves: as `Finished.curves` gives them; each dataset has the variant `full`.
    """
    datasets = list(curves.dataset.unique())
    names = curves[curves.variant != FULL].groupby("variant", sort=False).method.first().map(short).to_dict()
    columns = names or {FULL: ""}
    heading = f"How the runs learned. Study '{study}'{f': {SYNTHETIC}' * any(map(is_synthetic, datasets))}"
    size = (1.1 + 1.75 * max(3, len(columns)), 1.2 + 1.9 * len(datasets))
    with page(*size, heading, NOTE.format(curves.seed.nunique())) as figure:
        panels = figure.subplots(len(datasets), len(columns), squeeze=False, sharex="row", sharey="row")
        for line, (dataset, rows) in zip(panels, curves.groupby("dataset", sort=False), strict=True):
            for axes, variant in zip(line, columns, strict=True):
                _curve(axes, rows[rows.variant == FULL], "0.35", "-")
                if variant != FULL:
                    _curve(axes, rows[rows.variant == variant], COLOURS[3], "--")
                axes.set_xlabel("Training step")
                axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
            line[0].set(ylim=(0, 1.05 * rows.loss.max()), ylabel=f"{dataset}\nTraining loss (nats)")
        for axes, name in zip(panels[0], columns.values(), strict=True):
            axes.set_title(name, loc="center")
    return figure


def _curve(axes: Axes, rows: pd.DataFrame, colour: object, line: str) -> None:
    """Mean and range over the seeds; a line of one or two points would not be seen, so they get marks."""
    loss = rows.groupby("step").loss.agg(["min", "mean", "max"])
    axes.fill_between(loss.index, loss["min"], loss["max"], color=colour, alpha=0.2, linewidth=0)
    axes.plot(loss.index, loss["mean"], line, color=colour, linewidth=1.5, marker="o" if len(loss) < 3 else None)
    if len(loss) < 3:
        axes.vlines(loss.index, loss["min"], loss["max"], color=colour, linestyle=line)
