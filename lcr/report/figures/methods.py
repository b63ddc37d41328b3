"""methods: accuracy, pair accuracy and costs of every arm, side by side."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from lcr.config.variant import FULL
from lcr.report.figures.style import COLOURS, GREY, data_title, estimate, page, row_axis, seed_points

VALUES = {"top1": "Top-1 accuracy (%)", "pair_accuracy": "Pair accuracy (%)"}
COSTS = {"params_m": "Parameters (millions)", "gmacs": "Multiply-adds (G)", "peak_mem_gb": "Memory (GB)"}
# Colour and marker by the kind of a row, the full model first.
KINDS = {
    FULL: ("LCR, full", COLOURS[3], "s"),
    "measured": ("LCR, ablations", COLOURS[0], "o"),
    "method": ("systems of Table 2 and own methods", COLOURS[2], "^"),
    "floor": ("floors and ceilings", GREY, "D"),
}
NOTE = (
    "Best first. Lines: 95% intervals over seeds and clips. Small points: single seeds. Pair accuracy: a clip's label "
    "against its time reverse; 50% is chance.\nCosts of one view: counted, and the memory of one inference measured."
)


def methods_figure(rows: pd.DataFrame, temporal: pd.DataFrame) -> Figure:
    """A row an arm, by falling accuracy; a panel each for the two accuracies and the three costs.

    Args:
        rows: table2.csv, of one study.
        temporal: temporal.csv, of the same.
    """
    rows = rows[rows.source != "published"].sort_values("top1", ascending=False, kind="stable")
    own = temporal[(temporal.condition == "as_is") & (temporal.dataset == rows.dataset.iloc[0])]
    columns = ["variant", "pair_accuracy", "pair_accuracy_ci_low", "pair_accuracy_ci_high"]
    found = rows.merge(own[columns], on="variant", how="left").reset_index(drop=True)
    kinds = found.source.where(found.variant != FULL, FULL)
    heading = f"Accuracy and cost, on {data_title(rows.dataset.iloc[0])}. Study '{rows.study.iloc[0]}'"
    with page(11.5, 2.0 + 0.26 * len(found), heading, NOTE) as figure:
        panels = figure.subplots(1, 5, sharey=True, gridspec_kw={"width_ratios": (1.5, 1.5, 1, 1, 1)})
        seed_points(panels[0], found, "top1_by_seed")
        panels[1].axvline(50, color="0.3", linewidth=1)
        for kind, (_, colour, marker) in KINDS.items():
            part = found[kinds == kind]
            for axes, value in zip(panels, VALUES, strict=False):
                estimate(axes, part, value, value, colour, marker)
            for axes, cost in zip(panels[2:], COSTS, strict=True):
                known = part[part[cost] > 0]  # chance has no parameters
                axes.plot(known[cost], known.index, marker, color=colour, markersize=6)
        for axes, cost in zip(panels[2:], COSTS, strict=True):
            known = found[cost][found[cost] > 0]
            axes.set(xscale="log", xlim=(known.min() / 2, known.max() * 2))
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if known.max() < 5 * known.min() else (1,)))
            axes.xaxis.set_major_formatter("{x:g}")
            axes.minorticks_off()
        for axes, label in zip(panels, (*VALUES.values(), *COSTS.values()), strict=True):
            row_axis(axes, list(found.method), xlabel=label)
        handles = [
            panels[0].plot([], [], marker, color=colour, label=label)[0]
            for kind, (label, colour, marker) in KINDS.items()
            if (kinds == kind).any()
        ]
        figure.legend(handles=handles, loc="outside upper right", ncols=len(handles))
    return figure
