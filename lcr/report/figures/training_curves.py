"""Training loss of each ablation against the full model's: mean and range over the seeds."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lcr.config.datasets import is_synthetic
from lcr.config.study import FULL
from lcr.report.answer import short
from lcr.report.figures.style import COLOURS, SYNTHETIC, page
from lcr.report.finished import Curves

NOTE = (
    "Solid grey: the full model. Dashed: the ablation. Lines: mean over {} seeds; bands: from the least to the largest "
    "of them. Loss: cross-entropy with label smoothing,\nwith the tube mask where there is one, so a lower line alone "
    "is no better model."
)


def training_curves_figure(curves: Sequence[Curves], study: str) -> Figure:
    """One row of panels a dataset, one panel an ablation; the full model in grey in each.

    Args:
        curves: of one study; each dataset has the variant `full`.
    """
    datasets = list(dict.fromkeys(one.dataset for one in curves))
    ablations = list(dict.fromkeys(one.variant for one in curves if one.variant != FULL))
    found = {(one.dataset, one.variant): one for one in curves}
    heading = f"How the runs learned. Study '{study}'{f': {SYNTHETIC}' * any(map(is_synthetic, datasets))}"
    size = (1.1 + 1.75 * max(3, len(ablations)), 1.2 + 1.9 * len(datasets))
    with page(*size, heading, NOTE.format(len(curves[0].loss))) as figure:
        panels = figure.subplots(len(datasets), max(1, len(ablations)), squeeze=False, sharex="row", sharey="row")
        for line, dataset in zip(panels, datasets, strict=True):
            for axes, name in zip(line, ablations or [FULL], strict=True):
                _curve(axes, found[dataset, FULL], "0.35", "-")
                if name != FULL:
                    _curve(axes, found[dataset, name], COLOURS[3], "--")
                axes.set_xlabel("Training step")
                axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
            most = max(one.loss.max() for one in curves if one.dataset == dataset)
            line[0].set(ylim=(0, 1.05 * most), ylabel=f"{dataset}\nTraining loss (nats)")
        for axes, name in zip(panels[0], ablations, strict=False):
            axes.set_title(short(found[datasets[0], name].title), loc="center")
    return figure


def _curve(axes: Axes, curves: Curves, colour: object, line: str) -> None:
    low, high = curves.loss.min(0), curves.loss.max(0)
    dot = "o" if len(curves.steps) < 3 else None  # a line of one point would not be seen, nor would a band
    axes.fill_between(curves.steps, low, high, color=colour, alpha=0.2, linewidth=0)
    if dot:
        axes.vlines(curves.steps, low, high, color=colour, linestyle=line)
    axes.plot(curves.steps, curves.loss.mean(0), line, color=colour, linewidth=1.5, marker=dot)
