"""The ablations figure: each variant's accuracy, and beside it the paired difference from the full model.

Drawn from the rows of ablations.csv, so figure and table cannot disagree. Readable in grey: what colour says (the
interval excludes 0 or not), the marker's filling says too.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lcr.config import dataset_format
from lcr.files import write_aside
from lcr.study.accuracy import FULL
from lcr.study.rows import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# No dates, no random ids: the same rows give the same bytes on the same machine.
STYLE = {
    "svg.hashsalt": "lcr",
    "svg.fonttype": "path",
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 9,
    "legend.fontsize": 8,
}
METADATA = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}


def ablations_figure(rows: Sequence[Row]) -> "Figure":
    """Top-1 and paired differences with 95% intervals, one line of panels for each dataset.

    Args:
        rows: rows of ablations.csv, of one study.
    """
    import matplotlib

    matplotlib.use("Agg")
    import seaborn as sns
    from matplotlib import pyplot as plt

    datasets = list(dict.fromkeys(row["dataset"] for row in rows))
    heights = [sum(row["dataset"] == dataset for row in rows) for dataset in datasets]
    with sns.axes_style("whitegrid"), plt.rc_context(STYLE):
        figure, axes = plt.subplots(
            len(datasets),
            2,
            figsize=(8.2, 0.9 + sum(0.32 * height + 1.05 for height in heights)),
            squeeze=False,
            gridspec_kw={"height_ratios": heights, "width_ratios": (1, 1.15)},
            layout="constrained",
        )
        palette = sns.color_palette("colorblind")
        for (left, right), dataset in zip(axes, datasets, strict=True):
            here = [row for row in rows if row["dataset"] == dataset]
            _accuracies(left, here, palette)
            _differences(right, here, palette)
            left.set_title(_title(dataset, here), loc="left")
        figure.suptitle(f"Which part of LCR matters? Study '{rows[0]['study']}'", x=0.01, ha="left", fontsize=11)
        figure.supxlabel(
            "Lines: 95% intervals over seeds and clips. p: exact sign-flip test over seeds on these clips, after Holm.",
            fontsize=8,
        )
    plt.close(figure)
    return figure


def _title(dataset: str, rows: Sequence[Row]) -> str:
    kind = "" if dataset == dataset_format(dataset) else ": generated clips, not the paper's data"
    return f"{dataset}{kind}\n{rows[0]['seeds']} seeds × {rows[0]['clips']} clips"


def _accuracies(axes: "Axes", rows: Sequence[Row], palette: Sequence[tuple[float, ...]]) -> None:
    for place, row in enumerate(rows):
        marker = "s" if row["variant"] == FULL else "o"
        _line(axes, place, row, "top1", "top1", palette[0], marker, filled=True)
    axes.set_yticks(range(len(rows)), [row["method"] for row in rows])
    axes.set_xlabel("Top-1 accuracy (%)")
    _tidy(axes, len(rows))


def _differences(axes: "Axes", rows: Sequence[Row], palette: Sequence[tuple[float, ...]]) -> None:
    axes.axvline(0, color="0.3", linewidth=1)
    for place, row in enumerate(rows):
        if row["variant"] == FULL:
            axes.plot(0, place, "s", color=palette[0], markersize=6)
            continue
        clear = float(row["delta_ci_low"]) > 0 or float(row["delta_ci_high"]) < 0
        _line(axes, place, row, "delta_top1", "delta", palette[3] if clear else "0.45", "o", filled=clear)
        axes.text(
            1.02,
            place,
            f"p = {float(row['p_holm']):.2g}",
            transform=axes.get_yaxis_transform(),
            va="center",
            fontsize=8,
        )
    axes.set_yticks(range(len(rows)), [""] * len(rows))
    axes.set_xlabel("Difference from full (percentage points)\nfilled: the interval excludes 0")
    floor = next((row["p_floor_holm"] for row in rows if row.get("p_floor_holm")), None)
    if floor is not None:
        axes.set_title(f"least p there can be: {float(floor):.2g}", loc="right", fontsize=8)
    _tidy(axes, len(rows))


def _line(axes: "Axes", place: int, row: Row, value: str, interval: str, color, marker: str, *, filled: bool) -> None:
    low, high = float(row[f"{interval}_ci_low"]), float(row[f"{interval}_ci_high"])
    axes.plot([low, high], [place, place], "-", color=color, linewidth=1.8, solid_capstyle="butt")
    face = color if filled else "white"
    axes.plot(float(row[value]), place, marker, color=color, markerfacecolor=face, markersize=6, markeredgewidth=1.5)


def _tidy(axes: "Axes", rows: int) -> None:
    axes.set_ylim(rows - 0.5, -0.5)  # the first row on top
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def write_figure(rows: Sequence[Row], folder: str | Path) -> list[Path]:
    """Writes ablations.png (200 dpi) and ablations.svg to `folder` and returns their paths.

    Raises:
        InputError: the place cannot be written to.
    """
    from matplotlib import pyplot as plt

    figure = ablations_figure(rows)
    paths = []
    for suffix, metadata in METADATA.items():
        path = Path(folder) / f"ablations.{suffix}"
        with write_aside(path) as aside, plt.rc_context(STYLE):
            figure.savefig(aside, dpi=200, metadata=metadata)
        paths.append(path)
    return paths
