"""`lcr bench`: the speed of this machine at the main work of the studies. Heavy modules are imported on use."""

import platform
import re
from collections.abc import Sequence
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lcr.commands.options import Device
from lcr.config.study import MOST_JOBS
from lcr.util.errors import InputError

if TYPE_CHECKING:
    from lcr.wkv.bench import Timing

app = typer.Typer(help="Measures speed on this machine.", no_args_is_help=True)
MOST_TOKENS = 1_000_000  # a length of 4 GB a call
COLUMNS = (
    *("device", "threads", "batch", "heads", "width", "tokens", "passes", "contender", "rounds", "median_ms", "min_ms"),
    *("times_operator", "gflops", "share_of_sgemm", "gb_per_s"),
)
SHOWN = {
    **{"tokens": "N", "passes": "passes", "contender": "contender", "median_ms": "ms", "times_operator": "× operator"},
    **{"gflops": "GFLOP/s", "share_of_sgemm": "share of sgemm", "gb_per_s": "GB/s"},
}  # column -> its head on the screen


@app.callback()
def bench() -> None:
    """Measures speed on this machine."""


@app.command()
def wkv(
    tokens: Annotated[str, typer.Option(help="Lengths N, with commas between.")] = "49,197,784,3136,12544",
    rounds: Annotated[
        int,
        typer.Option(
            min=5, max=1_000_000, help="Rounds at up to 400 tokens; longer calls get fewer, never less than 5."
        ),
    ] = 200,
    threads: Annotated[
        int, typer.Option(min=1, max=MOST_JOBS, help="Threads of torch; more than one is unsteady.")
    ] = 1,
    device: Annotated[Device, typer.Option(help="cuda: B·H = 96 on the GPU, and fla where it is installed.")] = "cpu",
    out: Annotated[Path, typer.Option(help="Folder of bench_wkv_DEVICE.csv, .png and .svg.")] = Path("results/bench"),
) -> None:
    """Times the Bi-WKV operator against attention, its torch form, the recurrence, and this machine's sgemm and copy.

    Example: lcr bench wkv --tokens 197,3136

    Rounds are interleaved, each in an order of its own, numbers are medians, ratios are taken within a round; the whole
    takes three to four minutes on one core. Prints what was asked for beside what was measured. With one thread that
    thread's own time is counted, not the wall's; other work on the machine still takes cache and memory away from it.
    GFLOP/s of every form of Bi-WKV count the operator's own multiply-adds, 4D² + 2LD a token and head. The recurrence,
    one token after another in float64, is timed forward alone, and in five rounds where there are more than 197 tokens.
    """
    import torch
    from rich.console import Console
    from rich.progress import track

    from lcr.report.figures.bench import write_figure
    from lcr.study.tables.frame import Table, write_frame
    from lcr.util.files import check_writable
    from lcr.wkv import bench as wkv_bench
    from lcr.wkv.operator import selection

    if not all(re.fullmatch(r" *[0-9]{1,7} *", n) and 1 <= int(n) <= MOST_TOKENS for n in tokens.split(",")):
        raise InputError(
            f"--tokens '{tokens:.80}': give lengths of 1 to {MOST_TOKENS} with commas between, as in 197,3136"
        )
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("--device cuda: torch sees no CUDA device here")
    check_writable(out)
    torch.set_num_threads(threads)
    lengths = tuple(sorted({int(n) for n in tokens.split(",")}))
    shape = {"batch": 1 if device == "cpu" else 32, "heads": 3, "width": 64}
    backend, why = selection(device, torch.float32, shape["width"])
    print(f"auto takes '{backend}': {why}")
    bar = partial(track, description="rounds", console=Console(stderr=True))
    timings = wkv_bench.measure(lengths, rounds, device=device, track=bar, **shape)

    machine = torch.cuda.get_device_name() if device == "cuda" else _cpu_name()
    setting = {"device": machine, "threads": str(threads), **{name: str(size) for name, size in shape.items()}}
    name = f"bench_wkv_{device}"
    table = Table(name, COLUMNS, command="bench wkv")
    write_frame(out / f"{name}.csv", table, table.frame([setting | row for row in _rows(timings)]))
    of_threads = f"{threads} thread{'s' * (threads > 1)}"
    paths = write_figure(timings, f"{machine}, {of_threads}", shape, out / name)
    _show(timings)
    print(out / f"{name}.csv", *paths, sep="\n")
    if device == "cuda" and all(t.contender != wkv_bench.FLA for t in timings):
        print("fla is not installed: pip install flash-linear-attention, to compare with it")
    if device == "cpu":
        print(
            f"Asked for on one core with AVX-512; here: {why}, {of_threads}.\nMedians over rounds; in brackets the "
            "same of the least times, which neighbours on this machine spoil less:"
        )
        for target in wkv_bench.targets(timings):
            bound, verdict = "at least" if target.at_least else "at most", "met" if target.met else "NOT MET"
            print(f"  {target.name}: {target.measured:.2f} ({target.quiet:.2f}), {bound} {target.wanted:g}: {verdict}")


@app.command()
def growth(
    rounds: Annotated[int, typer.Option(min=1, max=10_000, help="Inferences of each system at each size.")] = 15,
    threads: Annotated[
        int, typer.Option(min=1, max=MOST_JOBS, help="Threads of torch; more than one is unsteady.")
    ] = 1,
    out: Annotated[Path, typer.Option(help="Folder of bench_growth.csv, .png and .svg.")] = Path("results/bench"),
) -> None:
    """Times LCR beside attention and a 3-D CNN over 8 to 128 frames and 49 to 784 tokens a frame, and their memory.

    Example: lcr bench growth --rounds 5

    One inference of one clip on the CPU. Seconds are the least of all rounds, in which the systems take turns; memory
    is the most that is allocated at any moment. The whole takes about two minutes on one core. The ledger of claims
    reads the copy in lcr/study/claims/growth.csv.
    """
    import torch
    from rich.console import Console
    from rich.progress import track

    from lcr.cost import growth as bench_growth
    from lcr.report.figures.growth import write_figure
    from lcr.study.tables.frame import Table, integer, number, write_frame
    from lcr.util.files import check_writable

    check_writable(out)
    torch.set_num_threads(threads)
    points = bench_growth.measure(rounds, partial(track, description="sizes", console=Console(stderr=True)))
    columns = ("machine", "system", "axis", *integer("value"), *number(".6f", "seconds"), *integer("peak_bytes"))
    table = Table("bench_growth", columns, command="bench growth")
    machine = f"{_cpu_name()}, {threads} thread{'s' * (threads > 1)}"
    rows = [{"machine": machine} | point._asdict() for point in points]
    print(write_frame(out / "bench_growth.csv", table, table.frame(rows)))
    print(*write_figure(points, machine, out / "bench_growth"), sep="\n")


@app.command()
def methods(
    systems: Annotated[str, typer.Option(help="Names with commas between: lcr, resnet3d-18, …; all.")] = "all",
    frames: Annotated[str, typer.Option(help="Lengths T with commas between.")] = "8,16,32,64,128",
    rounds: Annotated[int, typer.Option(min=1, max=10_000, help="Runs of each system at each length.")] = 2,
    threads: Annotated[
        int, typer.Option(min=1, max=MOST_JOBS, help="Threads of torch; more than one is unsteady.")
    ] = 1,
    out: Annotated[Path, typer.Option(help="Folder of bench_methods.csv, .png and .svg.")] = Path("results/bench"),
) -> None:
    """Times Table 2's systems and LCR at the paper's size: inference, a training step, and the memory of both.

    Example: lcr bench methods --systems lcr,rvit,resnet3d-18 --frames 8,32

    One clip on the CPU, frames of 112 × 112, and for T = 32 also of 224 × 224. Seconds are the least of all rounds.
    All systems take about a quarter of an hour on one core, half of it R(2+1)D.
    """
    import torch
    from rich.console import Console
    from rich.progress import track

    from lcr.cost import methods_bench
    from lcr.report.figures.growth import write_methods
    from lcr.study.tables.frame import Table, integer, number, write_frame
    from lcr.util.files import check_writable

    if not all(re.fullmatch(r" *[0-9]{1,4} *", n) and int(n) for n in frames.split(",")):
        raise InputError(f"--frames '{frames:.80}': give lengths with commas between, as in 8,32")
    check_writable(out)
    torch.set_num_threads(threads)
    lengths = sorted({int(n) for n in frames.split(",")})
    names = methods_bench.NAMES if systems == "all" else tuple(dict.fromkeys(map(str.strip, systems.split(","))))
    bar = partial(track, description="systems", console=Console(stderr=True))
    points = methods_bench.measure(names, lengths, rounds, bar)
    columns = ("machine", "system", *integer("frames", "size"), "work", *number(".6f", "seconds"))
    columns += (*number(".4g", "clips_per_s"), *integer("peak_bytes"))
    table = Table("bench_methods", columns, command="bench methods")
    machine = f"{_cpu_name()}, {threads} thread{'s' * (threads > 1)}"
    rows = [{"machine": machine} | point._asdict() for point in points]
    print(write_frame(out / "bench_methods.csv", table, table.frame(rows)))
    print(*write_methods(points, machine, out / "bench_methods"), sep="\n")


def _cpu_name() -> str:
    found = Path("/proc/cpuinfo")  # Linux has it, and on Arm it has no name
    names = re.findall(r"^model name\s*: (.*)$", found.read_text() if found.exists() else "", re.MULTILINE)
    return names[0] if names else platform.processor() or platform.machine()


def _rows(timings: "Sequence[Timing]") -> list[dict[str, str]]:
    from lcr.wkv.bench import COPY, IN_TURN, OPERATOR, SGEMM

    found = {(t.tokens, t.passes, t.contender): t for t in timings}
    sgemm = {t.tokens: t for t in timings if t.contender == SGEMM}
    apart = (COPY, IN_TURN)  # no product, or no round in common with the others
    return [
        {
            "tokens": str(t.tokens),
            "passes": t.passes,
            "contender": t.contender,
            "rounds": str(len(t.seconds)),
            "median_ms": f"{1e3 * t.median:.4f}",
            "min_ms": f"{1e3 * t.least:.4f}",
            "gb_per_s" if t.contender == COPY else "gflops": f"{t.work / t.median / 1e9:.1f}",
            "share_of_sgemm": ""
            if t.contender in apart
            else f"{sgemm[t.tokens].times(t) * t.work / sgemm[t.tokens].work:.3f}",
            "times_operator": ""
            if t.contender in (*apart, SGEMM)
            else f"{t.times(found[t.tokens, t.passes, OPERATOR]):.2f}",
        }
        for t in timings
    ]


def _show(timings: "Sequence[Timing]") -> None:
    from rich.console import Console
    from rich.table import Column, Table

    heads = (Column(head, justify="left" if head in ("passes", "contender") else "right") for head in SHOWN.values())
    shown = Table(*heads, title="Bi-WKV: medians over interleaved rounds")
    for _, rows in groupby(_rows(timings), key=itemgetter("tokens")):
        for row in rows:
            shown.add_row(*(row.get(column, "") for column in SHOWN))
        shown.add_section()
    Console().print(shown)
