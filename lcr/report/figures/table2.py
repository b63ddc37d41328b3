"""Table 2 as dots: the paper's accuracies as printed, and below them ours with intervals, on their own clips."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from lcr.config.study import FULL
from lcr.report.figures.style import COLOURS, data_title, estimate, heading, note, row_axis, styled
from lcr.study.tables.rows import Row, float_of


def table2_figure(rows: Sequence[Row]) -> Figure:
    """Top-1 of published and measured methods; the two share an axis only where the measured clips are the paper's.

    Args:
        rows: rows of table2.csv, of one study.
    """
    printed = sorted((row for row in rows if row["source"] == "published"), key=lambda row: -float_of(row, "top1"))
    measured = [row for row in rows if row["source"] == "measured"]
    dataset = measured[0]["dataset"]
    with styled():
        figure = Figure((7.2, 1.8 + 0.26 * len(rows)), layout="constrained")
        upper, lower = figure.subplots(
            2, 1, sharex=dataset == "jester", gridspec_kw={"height_ratios": (len(printed), len(measured))}
        )
        for place, row in enumerate(printed):
            own = row["method"].startswith("LCR")
            top1, marker, colour = float_of(row, "top1"), "D" if own else "o", COLOURS[3] if own else "0.3"
            upper.plot(top1, place, marker, color=colour, mfc="white")
            upper.annotate(row["top1"], (top1, place), (7, 0), textcoords="offset points", va="center")
        row_axis(upper, [row["method"] for row in printed])
        upper.margins(x=0.12)
        upper.set_title("Published, on jester, as printed (the paper gives no intervals)", loc="left")
        for place, row in enumerate(measured):
            full = row["variant"] == FULL
            estimate(lower, place, row, "top1", "top1", COLOURS[3 if full else 0], "D" if full else "o")
        row_axis(lower, [row["method"] for row in measured])
        seeds, clips = measured[0]["seeds"], measured[0]["clips"]
        lower.set_title(f"Measured, on {data_title(dataset)}; {seeds} seeds × {clips} clips", loc="left")
        for axes in (upper, lower):
            axes.set_xlabel("Top-1 accuracy (%)")
        heading(figure, f"Table 2. Study '{measured[0]['study']}'")
        apart = (
            "" if dataset == "jester" else " The panels are on different clips: no row above compares with one below."
        )
        note(figure, f"Lines: 95% intervals over seeds and clips.{apart}")
    return figure
