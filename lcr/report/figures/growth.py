"""The pictures of `lcr bench growth` and `lcr bench methods`: time and memory over frames and tokens, logarithmic."""

from collections.abc import Sequence
from pathlib import Path

from lcr.cost import methods_bench
from lcr.cost.growth import Point
from lcr.report.figures.style import COLOURS, GREY, page, save

MARKERS = "os^"
MANY = "os^vDP*Xph<>"
AXES = {"frames": "frames T (49 tokens each)", "tokens": "tokens a frame N (8 frames)"}
COLUMNS = {"seconds": "seconds", "peak_bytes": "peak memory (bytes)"}


def write_figure(points: Sequence[Point], machine: str, path: Path) -> list[Path]:
    """Draws a panel for each axis and cost, with a line of slope 1 through LCR's last point.

    Args:
        machine: its name and threads, for the title.
        path: of the two files without suffix.

    Returns:
        The files, .png and .svg.

    Raises:
        InputError: the place cannot be written to.
    """
    with page(
        8.2, 6.4, f"One inference of one clip: {machine}", "Dotted: linear growth through LCR's last point."
    ) as figure:
        panels = figure.subplots(2, 2, sharex="col", sharey="row")
        for row, (column, label) in zip(panels, COLUMNS.items(), strict=True):
            for axes, (axis, name) in zip(row, AXES.items(), strict=True):
                here = [point for point in points if point.axis == axis]
                for i, system in enumerate(dict.fromkeys(point.system for point in here)):
                    found = [(point.value, getattr(point, column)) for point in here if point.system == system]
                    axes.plot(
                        *zip(*found, strict=True), color=COLOURS[i], marker=MARKERS[i], markersize=5, label=system
                    )
                    if i == 0:
                        end, cost = found[-1]
                        values = [value for value, _ in found]
                        line = [cost * value / end for value in values]
                        axes.plot(values, line, ":", color=GREY, linewidth=1)
                        axes.set_xscale("log")
                        axes.set_xticks(values, map(str, values))
                        axes.minorticks_off()
                axes.set_yscale("log")
                if column == "peak_bytes":
                    axes.set_xlabel(name)
            row[0].set_ylabel(label)
        figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return save(figure, path.parent, path.name)


def write_methods(points: Sequence[methods_bench.Point], machine: str, path: Path) -> list[Path]:
    """Draws time and memory of every system over the frames, at inference and in training; LCR in front.

    Args, Returns, Raises: as for `write_figure`.
    """
    small = [point for point in points if point.size == methods_bench.SIZES[0]]
    names = list(dict.fromkeys(point.system for point in small))
    heading = f"One clip of T × 112 × 112 pixels: {machine}"
    with page(9.0, 7.6, heading, "Dotted: linear growth through LCR's last point.") as figure:
        panels = figure.subplots(2, 2, sharex=True)
        for row, (column, label) in zip(panels, COLUMNS.items(), strict=True):
            for axes, work in zip(row, ("inference", "training"), strict=True):
                for i, name in enumerate(names):
                    found = [(p.frames, getattr(p, column)) for p in small if (p.system, p.work) == (name, work)]
                    own = name == "lcr"
                    look = {"color": "black" if own else COLOURS[i % len(COLOURS)], "linewidth": 2.2 if own else 1.2}
                    marker = MANY[i % len(MANY)]
                    axes.plot(
                        *zip(*found, strict=True), marker=marker, markersize=5, label=name, **look, zorder=2 + own
                    )
                    if own:
                        end, cost = found[-1]
                        line = [cost * value / end for value, _ in found]
                        axes.plot([value for value, _ in found], line, ":", color=GREY, linewidth=1)
                axes.set_xscale("log")
                values = sorted({point.frames for point in small})
                axes.set_xticks(values, map(str, values))
                axes.minorticks_off()
                axes.set_yscale("log")
                axes.set_title(f"{'one inference' if work == 'inference' else 'one training step'}, {label}")
        for axes in panels[1]:
            axes.set_xlabel("frames T")
        figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return save(figure, path.parent, path.name)
