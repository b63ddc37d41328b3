"""What all figures share: sizes, colours, how an estimate with its interval is drawn, and how a figure becomes a file.

Figures are made without pyplot, so no window system, no global state, and nothing to close. Readable in grey: what a
colour says, a marker, a line style or a hatching says too.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
import seaborn as sns
from IPython.display import SVG
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lcr.config.datasets import is_synthetic
from lcr.report.finished import Finished
from lcr.report.notebooks import NOTEBOOKS
from lcr.study.tables.rows import Row, float_of
from lcr.util.files import write_aside

# No dates, no random ids: the same rows give the same bytes on the same machine.
STYLE = {
    "svg.hashsalt": "lcr",
    "svg.fonttype": "path",
    "figure.dpi": 100,
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
}
METADATA = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}
COLOURS = sns.color_palette("colorblind")
GREY = "0.45"
HATCHES = ("", "///", "...", "\\\\\\", "xxx", "---", "ooo", "+++", "|||", "**")


@contextmanager
def styled(grid: str = "whitegrid") -> Iterator[None]:
    """Figures made in the block have this style; matplotlib's own settings come back after it."""
    with sns.axes_style(grid), matplotlib.rc_context(STYLE):
        yield


def save(figure: Figure, folder: str | Path, name: str) -> list[Path]:
    """Writes FOLDER/NAME.png (200 dpi) and FOLDER/NAME.svg, each whole or not at all, and returns their paths.

    Raises:
        InputError: the place cannot be written to.
    """
    paths = []
    for suffix, metadata in METADATA.items():
        path = Path(folder) / f"{name}.{suffix}"
        with write_aside(path) as aside, matplotlib.rc_context(STYLE):
            figure.savefig(aside, dpi=200, metadata=metadata)
            if suffix == "svg":
                aside.write_text(_numbered(aside.read_text(encoding="utf-8")), encoding="utf-8")
        paths.append(path)
    return paths


def _numbered(svg: str) -> str:
    """An SVG with its clip paths counted.

    matplotlib names them by a hash of all digits of their place, and the last ones, which a layout is solved to, differ
    from run to run; no coordinate in the file shows so many.
    """
    for number, name in enumerate(re.findall(r'<clipPath id="(\w+)"', svg)):
        svg = svg.replace(name, f"clip{number}")
    return svg


def show(figure: Figure, finished: Finished, name: str) -> SVG:
    """Saves a notebook's figure beside the study's tables, and shows the very file that was saved."""
    picture = next(path for path in save(figure, finished.folder / "figures", name) if path.suffix == ".svg")
    return SVG(filename=str(picture), metadata={"alt": NOTEBOOKS[name].title})


def datasets_of(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows by dataset, in their order."""
    names = dict.fromkeys(row["dataset"] for row in rows)
    return {name: [row for row in rows if row["dataset"] == name] for name in names}


def data_title(dataset: str) -> str:
    """A dataset's name; generated clips are never shown under the real one."""
    return dataset if not is_synthetic(dataset) else f"{dataset}: generated clips, not the paper's data"


def estimate(
    axes: Axes,
    place: float,
    row: Row,
    value: str,
    interval: str,
    colour: Any,
    marker: str = "o",
    *,
    filled: bool = True,
    vertical: bool = False,
) -> None:
    """A point at row[value] with a line from row[`interval`_ci_low] to row[`interval`_ci_high], at `place`."""
    ends = [float_of(row, f"{interval}_ci_low"), float_of(row, f"{interval}_ci_high")]
    line, point = (ends, [place, place]), ([float_of(row, value)], [place])
    if vertical:
        line, point = line[::-1], point[::-1]
    axes.plot(*line, "-", color=colour, linewidth=1.8, solid_capstyle="butt")
    axes.plot(*point, marker, color=colour, mfc=colour if filled else "white", markersize=6, markeredgewidth=1.5)


def difference(axes: Axes, place: float, row: Row) -> None:
    """A row's difference from full with its interval, at `place`; filled and coloured where the interval excludes 0."""
    clear = float_of(row, "delta_ci_low") > 0 or float_of(row, "delta_ci_high") < 0
    estimate(axes, place, row, "delta_top1", "delta", COLOURS[3] if clear else GREY, filled=clear)


def row_axis(axes: Axes, labels: Sequence[str]) -> None:
    """One row a label, the first on top, no line but the values' own."""
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def note(figure: Figure, text: str) -> None:
    """What a reader must know, below the panels."""
    figure.supxlabel(text, fontsize=8, x=0.01, ha="left")


def heading(figure: Figure, text: str) -> None:
    figure.suptitle(text, x=0.01, ha="left", fontsize=11)
