"""`lcr cost`. Heavy modules are imported when the command runs."""

from pathlib import Path
from typing import Annotated

import typer

from lcr.commands.options import DataRoot, Device, Results, Root, refuse, study_source
from lcr.config.files import load_variant
from lcr.config.keys import record_key
from lcr.config.study_keys import cost_key
from lcr.cost import Cost
from lcr.cost import cost as count
from lcr.model.models import model_by_name
from lcr.study.tables.frame import Source
from lcr.study.tables.registry import TABLES
from lcr.util.errors import InputError
from lcr.util.gpus import gpu_lease
from lcr.util.progress import counting_bar, status


def cost(
    context: typer.Context,
    model: Annotated[str | None, typer.Argument(help="A model by name, as in lcr-base-112.")] = None,
    frames: Annotated[
        int, typer.Option(min=1, max=4096, help="Frames of one view; the paper does not say how many it counted.")
    ] = 32,
    views: Annotated[int, typer.Option(min=1, max=3000, help="Views that one prediction takes: crops × clips.")] = 1,
    ablation: Annotated[
        str, typer.Option(help="The variant of the model: an ablation or a reading by name, or the path of its YAML.")
    ] = "full",
    device: Annotated[Device, typer.Option(help="Where memory is measured; a study says so itself.")] = "cpu",
    study: Annotated[
        str | None, typer.Option(help="Instead of one model: all models and variants of a study, as a table.")
    ] = None,
    data_root: DataRoot = None,
    root: Root = None,
    results: Results = Path("results"),
) -> None:
    """Parameters, multiply-adds, FLOPs and memory of one view, by component.

    Counted on the model as the paper describes it, with nothing left out that no classifier reads. With --study it
    writes results/STUDY/cost.csv: every ablation of the study's models and of Table 1's.

    Example: lcr cost lcr-base-112 --frames 32

    Example: lcr cost --study tiny
    """
    if (model is None) == (study is None):
        raise InputError("give a model, as in `lcr cost lcr-base-112`, or a study, as in `lcr cost --study tiny`")
    if study is not None:
        refuse(context, "with --study, which says itself", "frames", "views", "ablation", "device")
        _write_table(study_source(study, data_root, root, results))
        return
    refuse(context, "without --study", "data_root", "results")
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("no CUDA device is found to measure memory on; leave out --device cuda")
    variant = load_variant(ablation, root)
    with status(f"counting {model}, then one inference and one training step to measure memory"):
        found = count(variant.apply(model_by_name(model)), frames, memory=device)
    _show(f"{model}, {variant.title}, {frames} frames, one view", found, views, device)


def _show(title: str, found: Cost, views: int, device: str) -> None:
    from rich.console import Console
    from rich.table import Column, Table

    numbers = (Column(head, justify="right", no_wrap=True) for head in ("parameters", "multiply-adds", "elementwise"))
    shown = Table(Column("component", no_wrap=True), *numbers, title=title)
    for name, counts in (*((name, found.component(name)) for name in found.components), ("all", found.totals)):
        shown.add_row(name, *(f"{number:,}" for number in counts), end_section=name == found.components[-1])
    lines = [
        f"{found.gmacs:.6g} GMACs = {found.gflops:.6g} GFLOPs a view; "
        f"{views * found.gmacs:.6g} GMACs = {views * found.gflops:.6g} GFLOPs a prediction of {views} view(s)",
        f"peak memory ({device}): {found.peak_mem_gb:.4g} GB for one view's inference, "
        f"{found.train_mem_gb:.4g} GB for a training step on one clip",
    ]
    Console().print(shown, *lines, sep="\n", highlight=False, soft_wrap=True)


def _write_table(source: Source) -> None:
    from lcr.run.train import set_machine
    from lcr.study.tables.cost_rows import jobs, rows

    with gpu_lease(source.study.device), counting_bar(len(jobs(source)), "counting") as advance:
        set_machine(source.study)
        path = source.write(TABLES["cost"], rows(source, advance))
    record_key(source.folder / "cost.json", cost_key(source.study))
    print(path)
