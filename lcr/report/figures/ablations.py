"""Each variant against the full model: a forest plot of accuracies and differences, and the training curves."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lcr.config.datasets import is_synthetic
from lcr.config.variant import FULL, METHOD_ARMS
from lcr.report.answer import short
from lcr.report.figures.style import COLOURS, SYNTHETIC, data_title, differences, estimate, page, row_axis, seed_points

NOTE = (
    "Lines: 95% intervals over seeds and clips. Small points: single seeds.\n"
    "p: joint sign flips of the seeds over a dataset's ablations."
)
DIFFERENCE = "Difference from full (percentage points)\nfilled: the interval excludes 0"
CURVES_NOTE = (
    "Solid grey: the full model. Dashed: the ablation. Lines: mean over {} seeds; bands: from the least to the largest "
    "of them. Loss: cross-entropy with label smoothing,\nwith the tube mask where there is one, so a lower line alone "
    "is no better model."
)


def ablations_figure(rows: pd.DataFrame) -> Figure:
    """Top-1 and paired differences with 95% intervals, one line of panels for each dataset.

    Args:
        rows: ablations.csv, of one study.
    """
    datasets = {name: here.reset_index() for name, here in rows.groupby("dataset", sort=False)}
    heights = [len(here) for here in datasets.values()]
    with page(
        8.2,
        0.9 + sum(0.32 * one + 1.05 for one in heights),
        f"Which part of LCR matters? Study '{rows.study.iloc[0]}'",
        NOTE,
    ) as figure:
        panels = figure.subplots(
            len(datasets), 2, squeeze=False, gridspec_kw={"height_ratios": heights, "width_ratios": (1, 1.15)}
        )
        for (left, right), (dataset, here) in zip(panels, datasets.items(), strict=True):
            seed_points(left, here, "top1_by_seed")
            for full, part in here.groupby(here.variant == FULL):
                estimate(left, part, "top1", "top1", COLOURS[0], "s" if full else "o")
            title = f"{data_title(dataset)}\n{here.seeds[0]} seeds × {here.clips[0]} clips"
            row_axis(left, list(here.method), title=title, xlabel="Top-1 accuracy (%)")
            without = here[here.variant.isin([FULL, *METHOD_ARMS])]
            reference = without[without.variant == FULL]
            right.plot([0] * len(reference), reference.index, "s", color=COLOURS[0], markersize=6)
            seed_points(right, here, "delta_by_seed")
            differences(right, here.drop(without.index))
            for place, p in here.p_family.dropna().items():
                right.text(1.02, place, f"p = {p:.2g}", transform=right.get_yaxis_transform(), va="center", fontsize=8)
            row_axis(right, [""] * len(here), xlabel=DIFFERENCE)
            if here.p_floor.notna().any():
                right.set_title(f"least possible p: {here.p_floor.max():.2g}", loc="right", fontsize=8)
    return figure


def training_curves_figure(curves: pd.DataFrame, study: str) -> Figure:
    """One row of panels a dataset, one panel an ablation; the full model in grey in each; no method beside LCR.

    Args:
        curves: as `Finished.curves` gives them; each dataset has the variant `full`.
    """
    curves = curves[~curves.variant.isin(METHOD_ARMS)]
    datasets = list(curves.dataset.unique())
    names = curves[curves.variant != FULL].groupby("variant", sort=False).method.first().map(short).to_dict()
    columns = names or {FULL: ""}
    heading = f"How the runs learned. Study '{study}'{f': {SYNTHETIC}' * any(map(is_synthetic, datasets))}"
    size = (1.1 + 1.75 * max(3, len(columns)), 1.2 + 1.9 * len(datasets))
    with page(*size, heading, CURVES_NOTE.format(curves.seed.nunique())) as figure:
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
    width, marker = (3, "o") if len(loss) < 3 else (0, None)
    axes.fill_between(loss.index, loss["min"], loss["max"], color=colour, alpha=0.2, linewidth=width)
    axes.plot(loss.index, loss["mean"], line, color=colour, linewidth=1.5, marker=marker)
