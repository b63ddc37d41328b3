"""Shared parts of all figures: page, colours, estimates with their intervals, files.

Figures are made without pyplot: no window system, no global state, nothing to close. A figure is readable in grey,
since each colour comes with a marker, a line style or a hatching of its own.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np
import pandas as pd
import seaborn as sns
from IPython.display import SVG
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lcr.config.datasets import is_synthetic
from lcr.report.finished import Finished
from lcr.report.notebooks import EVERY
from lcr.util.files import atomic_write

# Without dates and random ids, the same rows give the same bytes on the same machine.
STYLE = {
    "svg.hashsalt": "lcr",
    "svg.fonttype": "path",
    "figure.dpi": 100,
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
}
METADATA = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}
COLOURS = sns.color_palette("colorblind")
GREY = "0.45"
BELOW = 0.28  # of a row's height: from the interval down to the points of its seeds
HATCHES = ("", "///", "...", "\\\\\\", "xxx", "---", "ooo", "+++", "|||", "**")
SYNTHETIC = "synthetic clips, not the paper's data"


def styled(grid: str = "whitegrid") -> AbstractContextManager[None]:
    """Figures made in the block have this style, whatever the user's matplotlibrc says."""
    return matplotlib.style.context(["default", sns.axes_style(grid), STYLE])


@contextmanager
def page(width: float, height: float, heading: str, note: str = "", grid: str = "whitegrid") -> Iterator[Figure]:
    """A figure of this size in inches for the block to draw in, with a heading above and a note below."""
    with styled(grid):
        figure = Figure((width, height), layout="constrained")
        yield figure
        figure.suptitle(heading, x=0.01, ha="left", fontsize=11)
        figure.supxlabel(note, fontsize=8, x=0.01, ha="left")


def save(figure: Figure, folder: str | Path, name: str) -> list[Path]:
    """Writes FOLDER/NAME.png (200 dpi) and FOLDER/NAME.svg, an atomic write each, and returns their paths.

    Raises:
        InputError: the place cannot be written to.
    """
    paths = []
    for suffix, metadata in METADATA.items():
        path = Path(folder) / f"{name}.{suffix}"
        with atomic_write(path) as aside, styled():
            figure.savefig(aside, dpi=200, metadata=metadata)
            if suffix == "svg":
                aside.write_text(_numbered(aside.read_text(encoding="utf-8")), encoding="utf-8")
        paths.append(path)
    return paths


def _numbered(svg: str) -> str:
    """An SVG with its clip paths counted.

    matplotlib names a clip path by a hash of all digits of its position. The last digits, to which a layout is solved,
    differ from run to run; no coordinate in the file shows so many.
    """
    for number, name in enumerate(re.findall(r'<clipPath id="(\w+)"', svg)):
        svg = svg.replace(name, f"clip{number}")
    return svg


def show(figure: Figure, finished: Finished, name: str) -> SVG:
    """Saves a notebook's figure beside the study's tables, and shows the saved file."""
    _, picture = save(figure, finished.folder / "figures", name)
    return SVG(filename=str(picture), metadata={"alt": EVERY[name].title})


def data_title(dataset: str) -> str:
    """A dataset's name; synthetic clips are never shown under the real one."""
    return f"{dataset}: {SYNTHETIC}" if is_synthetic(dataset) else dataset


def data_titles(datasets: Iterable[str]) -> str:
    """The names of several datasets, and once what all of them are if any is synthetic."""
    names = list(dict.fromkeys(datasets))
    return ", ".join(names) + (f": {SYNTHETIC}" if any(map(is_synthetic, names)) else "")


def estimate(
    axes: Axes,
    rows: pd.DataFrame,
    value: str,
    stem: str,
    colour: Any,
    marker: str = "o",
    *,
    places: Any = None,
    filled: bool = True,
    vertical: bool = False,
) -> None:
    """A point at each row's `value` with a line over its interval (`stem`_ci_low, `stem`_ci_high).

    Args:
        places: where each row stands on the other axis; the rows' index if not given.
    """
    places = rows.index if places is None else places
    lines, points = (axes.vlines, (places, rows[value])) if vertical else (axes.hlines, (rows[value], places))
    lines(places, rows[f"{stem}_ci_low"], rows[f"{stem}_ci_high"], color=colour, linewidth=1.8, capstyle="butt")
    axes.plot(*points, marker, color=colour, mfc=colour if filled else "white", markersize=6, markeredgewidth=1.5)


def seed_points(axes: Axes, rows: pd.DataFrame, column: str) -> None:
    """A small point for each seed, below the row's interval.

    Args:
        column: of lists, one value a seed; a row with an empty list has no points.
    """
    values = rows[column].explode().dropna()
    axes.plot(values, values.index + BELOW, ".", color=GREY, markersize=4, alpha=0.7, zorder=1.5)


def differences(axes: Axes, rows: pd.DataFrame) -> None:
    """Differences from the reference with their intervals; filled and coloured where the interval excludes 0.

    A row without an interval has words in its place: it was not trained, or its variant cannot act.
    """
    axes.axvline(0, color="0.3", linewidth=1)
    known = rows[rows.delta_ci_low.notna()]
    for clear, part in known.groupby((known.delta_ci_low > 0) | (known.delta_ci_high < 0)):
        estimate(axes, part, "delta_top1", "delta", COLOURS[3] if clear else GREY, filled=clear)
    for place in rows.index.difference(known.index):
        without = "not trained" if np.isnan(rows.top1[place]) else "identical by construction"
        axes.text(0, place, f" {without}", va="center", fontsize=8, color="0.4")


def pairs(axes: Axes, hollow: tuple[pd.Series, str, str, Any], filled: tuple[pd.Series, str, str, Any]) -> None:
    """Two numbers a row on one line: values, name for the legend, marker and colour of the one and of the other."""
    places = range(len(hollow[0]))
    axes.hlines(places, hollow[0], filled[0], color="0.65", linewidth=1)
    for (values, name, marker, colour), face in ((filled, filled[3]), (hollow, "none")):
        axes.plot(values, places, marker, color=colour, mfc=face, markersize=5.5, label=name)


def row_axis(axes: Axes, labels: Sequence[str], **settings: Any) -> None:
    """One row a label, the first on top, no line but the values' own; settings: as of `Axes.set`."""
    axes.set_yticks(range(len(labels)), labels)
    axes.set(ylim=(len(labels) - 0.5, -0.5), **settings)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    sns.despine(ax=axes, left=True)
