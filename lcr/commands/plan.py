"""`lcr plan`. Heavy modules are imported when the command runs."""

from pathlib import Path
from typing import Annotated

import typer

from lcr.commands.options import DataRoot, Root, Study, data_roots
from lcr.config.load import load_study
from lcr.study.plan import Dtype, gpus, probe, rate_of
from lcr.study.plan import plan as plan_of
from lcr.util.files import check_writable

HOUR = 3600.0


def plan(
    study: Study = "paper",
    gpu: Annotated[
        str, typer.Option(help="h200, h100, a100, l40s, 4090; or measured: 20 training steps on this machine.")
    ] = "h100",
    dtype: Annotated[Dtype, typer.Option(help="The rate of the GPU that is taken; studies train in fp32.")] = "fp32",
    share: Annotated[
        float, typer.Option(min=0.001, max=1, help="The share of the peak rate that training reaches: an assumption.")
    ] = 0.3,
    price: Annotated[float | None, typer.Option(min=0, help="Of an hour of the GPU, in any currency.")] = None,
    data_root: DataRoot = None,
    root: Root = None,
    out: Annotated[Path | None, typer.Option(help="Also write the rows to this CSV file.")] = None,
) -> None:
    """What a study would take: runs, steps, FLOPs, hours and disk. Nothing is trained.

    Example: lcr plan --study paper --gpu a100 --dtype bf16 --price 2.5

    FLOPs count the multiply-adds of training (forward and backward, without the tokens that the tube mask takes) and of
    the evaluation with all its views. Hours are FLOPs over the peak rate times --share; decoding and loading clips are
    not in them. GPUs' rates and their sources: lcr/cost/gpus.csv.
    """
    from rich.console import Console
    from rich.table import Column, Table

    from lcr.study.tables.frame import Table as Rows
    from lcr.study.tables.frame import integer, number, write_frame

    if out is not None:
        check_writable(out.parent)
    config = load_study(study, data_roots(data_root), root)
    if gpu == "measured":
        rates = {name: probe(config, name) for name in config.datasets}
        what = "this machine, measured by training steps of the full model"
    else:
        rates = dict.fromkeys(config.datasets, share * rate_of(gpu, dtype))
        what = f"{gpus()[gpu].title}, {share:.0%} of {gpus()[gpu].rates[dtype]:g} TFLOP/s in {dtype}"
    heads = (
        "dataset",
        "arm",
        "runs",
        "steps",
        "forward (G multiply-adds)",
        "training (PFLOP)",
        "test (PFLOP)",
        "hours",
    )
    shown = Table(*(Column(head, justify="left" if at < 2 else "right") for at, head in enumerate(heads)))
    rows, hours, disk = [], 0.0, {}
    for one in plan_of(config):
        took = one.flops / rates[one.dataset] / HOUR
        hours, disk[one.dataset] = hours + took, one.disk_gb
        rows.append(one._asdict() | {"hours": took, "rate": what})
        numbers = (f"{one.forward_gmacs:.4g}", *(f"{n / 1e15:.4g}" for n in (one.train_flops, one.evaluate_flops)))
        shown.add_row(one.dataset, one.arm, str(one.runs), str(one.steps), *numbers, f"{took:.3g}")
    Console().print(shown)
    flops, runs = sum(one["train_flops"] + one["evaluate_flops"] for one in rows), sum(one["runs"] for one in rows)
    cost = "" if price is None else f", {hours * price:,.0f} at {price:g} an hour"
    print(f"{what}:\n{runs} runs, {flops / 1e15:,.4g} PFLOP, {hours:,.3g} hours{cost}")
    print(
        f"decoded clips on disk: {sum(disk.values()):,.3g} GB" if any(disk.values()) else "no clips are packed on disk"
    )
    if out is not None:
        columns = ("dataset", "arm", *integer("runs", "steps", "clips"), *number(".6g", "forward_gmacs"))
        columns += (*number(".6g", "train_flops", "evaluate_flops", "disk_gb", "hours"), "rate")
        table = Rows("plan", columns, command="plan")
        print(write_frame(out, table, table.frame(rows)))
