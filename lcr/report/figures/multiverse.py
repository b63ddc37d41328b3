"""Specification curves: one ablation's effect under every interpretation, sorted, with the choices marked below."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lcr.report.figures.style import COLOURS, GREY, data_title, estimate, page
from lcr.study.stats.verdict import DELTA
from lcr.study.tables.multiverse import DEAD, IDENTICAL, TESTED

# A row below each curve: its label, and the cell of the table that marks it.
CHOICES = {
    "K, V: edges alone": ("kv", "edges"),
    "K, V: x + edges": ("kv", "additive"),
    "class token: learned": ("class_token", "learned"),
    "class token: mean": ("class_token", "mean"),
    "CauConv over time": ("convolution", "time"),
    "CauConv along tokens": ("convolution", "tokens"),
    "sigmoid gate": ("cell_gate", "sigmoid"),
    "residual": ("residual", True),
    "norm on the edges": ("edge_norm", True),
}
# An estimate by its verdict: marker, colour, whether it is filled. The part helps where the variant loses accuracy.
VERDICTS = {
    "helps": ("o", COLOURS[0], True),
    "harms": ("D", COLOURS[3], True),
    "no difference": ("s", GREY, True),
    "undecided": ("o", GREY, False),
    "": ("^", "0.65", False),
}
NAMES = {
    "helps": "the part helps",
    "harms": "the part harms",
    "no difference": f"no difference beyond {DELTA:g} points",
    "undecided": "undecided",
    "": "trained, but without a plateau\nor not above the floor",
}
UNTRAINED = {IDENTICAL: ("=", "identical by construction: not trained"), DEAD: ("×", "dead start: not trained")}
NOTE = (
    "Each column is one interpretation of the paper; the columns are sorted by the difference. Vertical lines: 95% "
    "intervals over seeds and clips of the paired difference.\nA part helps or harms where joint sign flips of the "
    "seeds over all ablations and interpretations give p < 0.05. Shaded: ±{:g} points. Clips: {}."
)
COLUMNS = 3
BLANK = {"facecolor": "white", "edgecolor": "none", "pad": 1}


def multiverse_figure(rows: pd.DataFrame, verdicts: pd.DataFrame) -> Figure:
    """One panel an ablation: differences from the full model, and below them the choices of each interpretation.

    Args:
        rows: multiverse.csv. verdicts: multiverse_verdicts.csv.
    """
    ablations = dict(iter(rows.groupby("variant", sort=False)))
    lines = -(-(len(ablations) + 1) // COLUMNS)  # the last place holds the legend
    heading = f"Each ablation under every interpretation of the paper. Study '{rows.study.iloc[0]}'"
    note = NOTE.format(DELTA, data_title(rows.dataset.iloc[0]))
    with page(3.6 * COLUMNS, 1.1 + 4.1 * lines, heading, note) as figure:
        panels = figure.subplots(2 * lines, COLUMNS, sharex="col", gridspec_kw={"height_ratios": (1.15, 1) * lines})
        told = verdicts.set_index("variant")
        for number, (name, here) in enumerate(ablations.items()):
            line, column = divmod(number, COLUMNS)
            curve, choices = panels[2 * line : 2 * line + 2, column]
            here = here.sort_values("delta_top1", kind="stable", na_position="last").reset_index(drop=True)
            _curve(curve, here)
            _choices(choices, here, labelled=column == 0)
            curve.set_title(f"{name}\n{_words(told.loc[name])}")
            if column == 0:
                curve.set_ylabel("Difference in top-1 (points)")
        for number in range(len(ablations), lines * COLUMNS):
            line, column = divmod(number, COLUMNS)
            for axes in panels[2 * line : 2 * line + 2, column]:
                axes.axis("off")
        panels[-2, -1].legend(handles=_keys(), loc="upper left", frameon=False, borderaxespad=0)
    return figure


def _words(row: pd.Series) -> str:
    """The verdict over all interpretations, for a title."""
    depends = f" on {row.depends_on.replace('_', ' ')}" if row.depends_on else ""
    return f"{NAMES.get(row.verdict, row.verdict)}{depends} ({row.tested} tested)"


def _curve(axes: Axes, here: pd.DataFrame) -> None:
    axes.axhspan(-DELTA, DELTA, color="0.93", zorder=0)
    axes.axhline(0, color="0.3", linewidth=1)
    for verdict, part in here[here.delta_top1.notna()].groupby("verdict"):
        marker, colour, filled = VERDICTS[verdict]
        estimate(axes, part, "delta_top1", "delta", colour, marker, filled=filled, vertical=True)
    for place, state in here.state[here.delta_top1.isna()].items():
        axes.text(place, 0, UNTRAINED[state][0], ha="center", va="center", fontsize=11, color="0.3", bbox=BLANK)
    axes.set(xlim=(-0.6, len(here) - 0.4), xticks=[])


def _choices(axes: Axes, here: pd.DataFrame, *, labelled: bool) -> None:
    """A dot where an interpretation makes a choice; black where it was tested, else grey."""
    for height, (column, value) in enumerate(CHOICES.values()):
        for tested, part in here[here[column] == value].groupby(here.state == TESTED):
            axes.plot(part.index, [height] * len(part), "o", color="0.15" if tested else "0.65", markersize=4.5)
    axes.set_yticks(range(len(CHOICES)), list(CHOICES) if labelled else [""] * len(CHOICES))
    axes.set(ylim=(len(CHOICES) - 0.5, -0.5), xticks=[])
    axes.tick_params(axis="y", length=0)


def _keys() -> list[Line2D]:
    """The legend: each verdict, and the marks of cells that were not trained."""
    made = [
        Line2D([], [], linestyle="", marker=marker, color=colour, mfc=colour if filled else "white", label=NAMES[name])
        for name, (marker, colour, filled) in VERDICTS.items()
    ]
    signs = [
        Line2D([], [], linestyle="", marker=f"${sign}$", color="0.3", markersize=7, label=text)
        for sign, text in (("=", UNTRAINED[IDENTICAL][1]), (r"\times", UNTRAINED[DEAD][1]))
    ]
    return [*made, *signs]
