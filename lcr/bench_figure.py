"""The picture of `lcr bench wkv`: time against length, both logarithmic, and what sgemm's rate would allow."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lcr.files import write_aside
from lcr.study.figure import METADATA, STYLE
from lcr.wkv.bench import BOTH, COPY, FORWARD, OPERATOR, SGEMM, Timing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKERS = "osD^v"


def bench_figure(timings: Sequence[Timing], machine: str, shape: Mapping[str, int]) -> "Figure":
    """Milliseconds a call against N, a panel for each of forward and forward + backward.

    Args:
        timings: what `lcr.wkv.bench.measure` found.
        machine: its name and threads, for the title.
        shape: batch, heads, width.
    """
    import matplotlib

    matplotlib.use("Agg")
    import seaborn as sns
    from matplotlib import pyplot as plt

    contenders = [name for name in dict.fromkeys(t.contender for t in timings) if name not in (SGEMM, COPY)]
    with sns.axes_style("whitegrid"), plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, 2, figsize=(8.2, 4.0), sharex=True, sharey=True, layout="constrained")
        palette = sns.color_palette("colorblind")
        rate = {t.tokens: t.work / t.median for t in timings if t.contender == SGEMM}
        for axis, passes in zip(axes, (FORWARD, BOTH), strict=True):
            for i, name in enumerate(contenders):
                here = [t for t in timings if t.passes == passes and t.contender == name]
                axis.plot(
                    [t.tokens for t in here],
                    [1e3 * t.median for t in here],
                    color=palette[i],
                    marker=MARKERS[i % len(MARKERS)],
                    markersize=5,
                    linewidth=2.2 if name == OPERATOR else 1.3,
                    label=name,
                )
            own = [t for t in timings if t.passes == passes and t.contender == OPERATOR]
            axis.plot(
                [t.tokens for t in own],
                [1e3 * t.work / rate[t.tokens] for t in own],
                color="0.35",
                linestyle="--",
                linewidth=1,
                label="operator's own work at sgemm's rate",
            )
            axis.set(xscale="log", yscale="log", xlabel="tokens N")
            axis.set_title(passes.replace("+", " + "), loc="left")
            ticks = sorted({t.tokens for t in timings})
            axis.set_xticks(ticks, [str(n) for n in ticks], minor=False)
            axis.minorticks_off()
            axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes[0].set_ylabel("milliseconds a call (median)")
        axes[0].legend(frameon=True)
        sizes = f"B = {shape['batch']}, H = {shape['heads']}, D = {shape['width']}, float32"
        figure.suptitle(f"Bi-WKV: {machine}; {sizes}", x=0.01, ha="left", fontsize=11)
    plt.close(figure)
    return figure


def write_figure(timings: Sequence[Timing], machine: str, shape: Mapping[str, int], path: Path) -> list[Path]:
    """Draws `bench_figure` to `path` with .png and with .svg; returns both."""
    figure = bench_figure(timings, machine, shape)
    paths = []
    for kind, metadata in METADATA.items():
        paths.append(path.with_suffix(f".{kind}"))
        with write_aside(paths[-1]) as aside:
            figure.savefig(aside, format=kind, dpi=200, metadata=metadata)
    return paths
