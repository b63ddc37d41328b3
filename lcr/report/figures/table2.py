"""Table 2 as dots: the paper's accuracies as printed, and below them the measured ones with intervals."""

import pandas as pd
from matplotlib.figure import Figure

from lcr.report.figures.style import COLOURS, data_title, estimate, full_or_not, page, row_axis

INTERVALS = "Lines: 95% intervals over seeds and clips."


def table2_figure(rows: pd.DataFrame) -> Figure:
    """Top-1 of published and measured methods; the two share an axis only where the measured clips are the paper's.

    Args:
        rows: table2.csv, of one study.
    """
    printed = rows[rows.source == "published"].sort_values("top1", ascending=False, kind="stable").reset_index()
    measured = rows[rows.source == "measured"].reset_index()
    first = measured.iloc[0]
    same = first.dataset == "jester"
    note = (
        INTERVALS if same else f"{INTERVALS} The panels are on different clips: no row above compares with one below."
    )
    with page(7.2, 1.8 + 0.26 * len(rows), f"Table 2. Study '{first.study}'", note) as figure:
        upper, lower = figure.subplots(2, 1, sharex=same, gridspec_kw={"height_ratios": (len(printed), len(measured))})
        for place, row in printed.iterrows():
            marker, colour = ("D", COLOURS[3]) if row.method.startswith("LCR") else ("o", "0.3")
            upper.plot(row.top1, place, marker, color=colour, mfc="white")
            upper.annotate(f"{row.top1:.2f}", (row.top1, place), (7, 0), textcoords="offset points", va="center")
        upper.margins(x=0.12)
        for part, colour, marker in full_or_not(measured):
            estimate(lower, part, "top1", "top1", colour, marker)
        above = "Published, on jester, as printed (the paper gives no intervals)"
        below = f"Measured, on {data_title(first.dataset)}; {first.seeds} seeds × {first.clips} clips"
        for axes, shown, title in ((upper, printed, above), (lower, measured, below)):
            row_axis(axes, list(shown.method), title=title, xlabel="Top-1 accuracy (%)")
    return figure
