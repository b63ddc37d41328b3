"""What is taken for what: the full model's answers by class, and whether variants tell a clip from its time reverse."""

from collections.abc import Sequence

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from lcr.report.figures.style import COLOURS, data_title, datasets_of, estimate, heading, note, row_axis, styled
from lcr.report.finished import ClassAnswers
from lcr.study.stats.intervals import crossed_interval
from lcr.study.tables.rows import Row, percent

NAMED = 40  # classes up to which each has its name
CONDITIONS = {"as_is": ("as they are", "o"), "last_frame": ("last frame repeated", "s"), "reversed": ("backward", "v")}


def shares(answers: ClassAnswers) -> np.ndarray:
    """(classes, classes): the share of a class's answers (row: label) that name each class, over seeds and clips.

    The row of a class without a clip is NaN.
    """
    count = len(answers.classes)
    labels = np.broadcast_to(answers.labels, answers.predictions.shape)
    counts = np.bincount((labels * count + answers.predictions).ravel(), minlength=count**2).reshape(count, count)
    with np.errstate(invalid="ignore"):
        return counts / counts.sum(1, keepdims=True)


def recalls(answers: ClassAnswers) -> list[Row]:
    """Each class's share of right answers in percent, with its interval; a class without a clip has empty cells."""
    rows = []
    for number, name in enumerate(answers.classes):
        here = answers.labels == number
        row = {"class": name, "clips": str(int(here.sum()))}
        if here.any():
            found = crossed_interval(answers.predictions[:, here] == number)
            row |= {"recall": percent(found.mean), "recall_ci_low": percent(found.low)}
            row |= {"recall_ci_high": percent(found.high)}
        rows.append(row)
    return rows


def confusion_figure(answers: Sequence[ClassAnswers], temporal: Sequence[Row], study: str) -> Figure:
    """A matrix and the recall of each class for each dataset, and below them the time-reversed pairs.

    Args:
        answers: the full model's, of each dataset.
        temporal: rows of temporal.csv.
    """
    pairs = {name: rows for name, rows in datasets_of(temporal).items() if any(row.get("condition") for row in rows)}
    heights = [0.9 + 0.22 * min(len(one.classes), NAMED) for one in answers]
    variants = max((len({row["variant"] for row in rows}) for rows in pairs.values()), default=0)
    if pairs:
        heights.append(1.0 + 0.4 * variants)
    with styled("white"):
        figure = Figure((9.0, 0.8 + sum(heights)), layout="constrained")
        parts = np.atleast_1d(figure.subfigures(len(heights), 1, height_ratios=heights, hspace=0.02))
        for part, one in zip(parts, answers, strict=False):
            _classes(part, one)
        if pairs:
            panels = parts[-1].subplots(1, len(pairs), squeeze=False, sharey=True)[0]
            for axes, (dataset, rows) in zip(panels, pairs.items(), strict=True):
                _pairs(axes, dataset, rows)
            handles, names = panels[0].get_legend_handles_labels()
            parts[-1].legend(handles, names, loc="outside lower center", ncols=3, frameon=False)
        heading(figure, f"What is taken for what. Study '{study}', the full model")
        seeds = len(answers[0].predictions)
        note(
            figure,
            f"Matrices: % of a class's answers, over {seeds} seeds and the validation clips. Lines: 95% intervals over "
            "seeds and clips. Dashed: chance.",
        )
    return figure


def _classes(part: SubFigure, one: ClassAnswers) -> None:
    count = len(one.classes)
    named, numbered = count <= NAMED, count <= 15
    found = 100 * shares(one)
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
        cbar_kws={"label": "% of the class's answers"},
        xticklabels=(1 if numbered else 3) if named else False,  # every third of many: they would run together
        yticklabels=[f"{_short(name)}  {number}" for number, name in enumerate(one.classes)] if named else False,
    )
    left.tick_params(axis="y", rotation=0)
    left.tick_params(axis="x", rotation=0)
    left.set_xlabel("Answer (number of the class)" if named else f"Answer (one of {count} classes)")
    left.set_ylabel("" if named else "Label")
    left.set_title(data_title(one.dataset), loc="left")
    rows = recalls(one)
    places = range(count)
    for place, row in zip(places, rows, strict=True):
        if row.get("recall"):
            estimate(right, place + 0.5, row, "recall", "recall", COLOURS[0], "o" if named else ",")
    right.axvline(100 / count, color="0.4", linestyle="--", linewidth=1)
    right.set_xlim(-2, 102)
    right.set_ylim(count, 0)
    right.set_yticks([place + 0.5 for place in places] if named else [], list(places) if named else [])
    right.set_xlabel("Right answers of the class (%)")
    right.set_title(f"{one.predictions.shape[1]} clips", loc="right")
    right.grid(axis="x")
    sns.despine(ax=right, left=True)


def _short(name: str, most: int = 44) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _pairs(axes: Axes, dataset: str, rows: Sequence[Row]) -> None:
    variants = {row["variant"]: row["method"] for row in rows}
    for place, variant in enumerate(variants):
        for shift, (condition, (_, marker)) in zip((-0.25, 0, 0.25), CONDITIONS.items(), strict=True):
            for row in rows:
                if row["variant"] == variant and row["condition"] == condition:
                    number = list(CONDITIONS).index(condition)
                    colour = COLOURS[(0, 7, 3)[number]]
                    filled = condition != "last_frame"
                    estimate(axes, place + shift, row, "pair_accuracy", "pair_accuracy", colour, marker, filled=filled)
    for number, (text, marker) in enumerate(CONDITIONS.values()):
        colour = COLOURS[(0, 7, 3)[number]]
        axes.plot([], [], f"{marker}-", color=colour, mfc="white" if number == 1 else colour, label=text)
    axes.axvline(50, color="0.4", linestyle="--", linewidth=1)
    axes.set_xlim(-2, 102)
    axes.grid(axis="x")
    row_axis(axes, list(variants.values()))
    axes.set_xlabel("Own class above its reverse\n(% of clips)")
    axes.set_title(f"Time-reversed pairs: {rows[0]['clips']} clips of\n{data_title(dataset).split(':')[0]}", loc="left")
