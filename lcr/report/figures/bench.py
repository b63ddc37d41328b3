"""The picture of `lcr bench wkv`: time against length, both logarithmic, and the bound that sgemm's rate gives."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lcr.report.figures.style import COLOURS, GREY, page, save
from lcr.wkv.bench import BOTH, COPY, FORWARD, IN_TURN, OPERATOR, SGEMM, Timing

MARKERS = "osD^v"


def write_figure(timings: Sequence[Timing], machine: str, shape: Mapping[str, int], path: Path) -> list[Path]:
    """Draws milliseconds a call against N, a panel for each of forward and forward + backward.

    Args:
        timings: from `lcr.wkv.bench.measure`.
        machine: its name and threads, for the title.
        shape: batch, heads, width.
        path: of the two files without suffix.

    Returns:
        The files, .png and .svg.

    Raises:
        InputError: the place cannot be written to.
    """
    contenders = [name for name in dict.fromkeys(t.contender for t in timings) if name not in (SGEMM, COPY, IN_TURN)]
    rate = {t.tokens: t.work / t.median for t in timings if t.contender == SGEMM}
    ticks = sorted({t.tokens for t in timings})
    with page(
        8.2, 4.2, f"Bi-WKV: {machine}; B = {shape['batch']}, H = {shape['heads']}, D = {shape['width']}, float32"
    ) as figure:
        axes = figure.subplots(1, 2, sharex=True, sharey=True)
        for axis, passes in zip(axes, (FORWARD, BOTH), strict=True):
            here = {name: [t for t in timings if (t.passes, t.contender) == (passes, name)] for name in contenders}
            for i, (name, found) in enumerate(here.items()):
                axis.plot(
                    [t.tokens for t in found],
                    [1e3 * t.median for t in found],
                    color=COLOURS[i],
                    marker=MARKERS[i % len(MARKERS)],
                    markersize=5,
                    linewidth=2.2 if name == OPERATOR else 1.3,
                    label=name,
                )
            own = here.get(OPERATOR, [])
            axis.plot(
                [t.tokens for t in own],
                [1e3 * t.work / rate[t.tokens] for t in own],
                color=GREY,
                linestyle="--",
                linewidth=1,
                label="operator's own work at sgemm's rate",
            )
            axis.set(xscale="log", yscale="log", xlabel="tokens N", title=passes.replace("+", " + "))
            axis.set_xticks(ticks, map(str, ticks))
            axis.minorticks_off()
            axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes[0].set_ylabel("milliseconds a call (median)")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=6, columnspacing=1.2)
    return save(figure, path.parent, path.name)
