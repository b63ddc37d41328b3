"""The full model's predictions by class, and each variant's accuracy on time-reversed pairs."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from lcr.report.answer import CONDITIONS
from lcr.report.figures.style import COLOURS, data_title, estimate, page, row_axis
from lcr.report.finished import ClassPredictions
from lcr.study.stats.intervals import crossed_interval

NAMED, LONG = 40, 44  # the most classes that are named, and the most letters of a name
MARKS = {"as_is": (COLOURS[0], "o"), "last_frame": (COLOURS[7], "s"), "reversed": (COLOURS[3], "v")}
NOTE = (
    "Matrices: % of a class's predictions, over {} seeds and the validation clips. Lines: 95% intervals over seeds and "
    "clips. Dashed: chance."
)


def shares(found: ClassPredictions) -> np.ndarray:
    """(classes, classes): the share of a class's predictions (row: label) that name each class, over seeds and clips.

    The row of a class without a clip is NaN.
    """
    counts = np.zeros((len(found.classes), len(found.classes)), int)
    np.add.at(counts, (found.labels, found.predictions), 1)
    with np.errstate(invalid="ignore"):
        return counts / counts.sum(1, keepdims=True)


def recalls(found: ClassPredictions) -> pd.DataFrame:
    """Each class's recall in percent with its interval, by class number; a class without a clip has no row."""
    numbers = np.unique(found.labels)
    rows = [crossed_interval(found.predictions[:, found.labels == number] == number) for number in numbers]
    return 100 * pd.DataFrame(rows, numbers).set_axis(["recall", "recall_ci_low", "recall_ci_high"], axis=1)


def confusion_figure(found: Sequence[ClassPredictions], temporal: pd.DataFrame, study: str) -> Figure:
    """A matrix and the recall of each class for each dataset, and below them the time-reversed pairs.

    Args:
        found: the full model's predictions on each dataset.
        temporal: temporal.csv.
    """
    paired = temporal[temporal.condition != ""]
    heights = [0.9 + 0.22 * min(len(one.classes), NAMED) for one in found]
    if len(paired):
        heights.append(1.0 + 0.4 * paired.groupby("dataset").variant.nunique().max())
    with page(
        9.0,
        0.8 + sum(heights),
        f"Which classes are confused? Study '{study}', the full model",
        NOTE.format(len(found[0].predictions)),
        grid="white",
    ) as figure:
        parts = np.atleast_1d(figure.subfigures(len(heights), 1, height_ratios=heights, hspace=0.02))
        for part, one in zip(parts, found, strict=False):
            _classes(part, one)
        if len(paired):
            panels = parts[-1].subplots(1, paired.dataset.nunique(), squeeze=False, sharey=True)[0]
            for axes, (dataset, rows) in zip(panels, paired.groupby("dataset", sort=False), strict=True):
                _pairs(axes, dataset, rows)
            handles = panels[0].get_legend_handles_labels()
            parts[-1].legend(*handles, loc="outside lower center", ncols=3, frameon=False)
    return figure


def _classes(part: SubFigure, one: ClassPredictions) -> None:
    count = len(one.classes)
    named, numbered = count <= NAMED, count <= 15
    found = 100 * shares(one)
    names = [f"{name if len(name) <= LONG else name[: LONG - 1] + '…'}  {n}" for n, name in enumerate(one.classes)]
    left, right = part.subplots(1, 2, gridspec_kw={"width_ratios": (1.15, 1)})
    sns.heatmap(
        found,
        ax=left,
        vmin=0,
        vmax=100,
        cmap="Greys",
        annot=np.vectorize(lambda share: f"{share:.0f}" if share >= 0.5 else "")(found) if numbered else None,
        fmt="",
        annot_kws={"fontsize": 8},
        linewidths=0.4 if named else 0,
        linecolor="0.85",
        cbar=not numbered,
        cbar_kws={"label": "% of the class's predictions"},
        xticklabels=(1 if numbered else 3) if named else False,  # every third of many: they would run together
        yticklabels=names if named else False,
    )
    left.tick_params(rotation=0)
    left.set(
        title=data_title(one.dataset),
        xlabel="Prediction (number of the class)" if named else f"Prediction (one of {count} classes)",
        ylabel="" if named else "Label",
    )
    rows = recalls(one)
    estimate(right, rows, "recall", "recall", COLOURS[0], "o" if named else ",", places=rows.index + 0.5)
    right.axvline(100 / count, color="0.4", linestyle="--", linewidth=1)
    right.set_yticks(np.arange(count) + 0.5 if named else [], range(count) if named else [])
    right.set(xlabel="Recall of the class (%)", xlim=(-2, 102), ylim=(count, 0))
    right.set_title(f"{one.predictions.shape[1]} clips", loc="right")
    right.grid(axis="x")
    sns.despine(ax=right, left=True)


def _pairs(axes: Axes, dataset: str, rows: pd.DataFrame) -> None:
    variants = list(rows.variant.unique())
    for shift, (condition, (colour, marker)) in zip((-0.25, 0, 0.25), MARKS.items(), strict=True):
        here, filled = rows[rows.condition == condition], condition != "last_frame"
        places = shift + here.variant.map(variants.index)
        estimate(axes, here, "pair_accuracy", "pair_accuracy", colour, marker, places=places, filled=filled)
        axes.plot([], [], f"{marker}-", color=colour, mfc=colour if filled else "white", label=CONDITIONS[condition])
    axes.axvline(50, color="0.4", linestyle="--", linewidth=1)
    axes.grid(axis="x")
    row_axis(
        axes,
        list(rows.method.unique()),
        title=f"Time-reversed pairs: {rows.clips.iloc[0]} clips of\n{dataset}",
        xlabel="Own class above its reverse\n(% of clips)",
        xlim=(-2, 102),
    )
