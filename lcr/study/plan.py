"""What a study would take, before anything runs: runs, steps, FLOPs, hours, disk.

FLOPs are twice the multiply-adds in closed form: of a training clip three times the forward pass (forward, and a
backward pass of twice as much) on the patch tokens that the tube mask keeps; of an evaluated clip every view, and the
conditions that ask whether a model sees time. Where an interpretation reads fewer tokens than there are, fewer are
computed: the numbers are upper ends there. Elementwise work, decoding and loading are not counted.
"""

import csv
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

from lcr.config.datasets import official_labels
from lcr.config.run import Data, Run, runs_of
from lcr.config.study import DatasetConfig, StudyConfig
from lcr.cost import counted, multiply_adds
from lcr.data.manifest import read_manifest
from lcr.methods import METHODS, MethodConfig
from lcr.model.config import ModelConfig
from lcr.paper.facts import fact
from lcr.synthetic.dataset import labels
from lcr.util.errors import InputError, unknown

Dtype = Literal["fp32", "tf32", "bf16"]
CONDITIONS = 3  # as it is, last frame repeated, played backward
BACKWARD = 2  # forward passes that a backward pass is worth
PROBE_STEPS, PROBE_SECONDS = 20, 60.0


class Gpu(NamedTuple):
    """A GPU's dense rates in 1e12 FLOP/s by dtype, and its memory. source: where the numbers stand."""

    title: str
    rates: dict[str, float]
    memory_gb: float
    source: str


class Plan(NamedTuple):
    """One arm on one dataset: all its seeds together.

    clips: of one epoch of one seed. train_flops, evaluate_flops: of all seeds. disk_gb: of the dataset's decoded clips,
    where the study packs them.
    """

    dataset: str
    arm: str
    runs: int
    steps: int
    clips: int
    forward_gmacs: float
    train_flops: float
    evaluate_flops: float
    disk_gb: float

    @property
    def flops(self) -> float:
        return self.train_flops + self.evaluate_flops


@cache
def gpus() -> dict[str, Gpu]:
    """The known GPUs by name."""
    text = (Path(__file__).parents[1] / "cost" / "gpus.csv").read_text(encoding="utf-8")
    return {
        row["name"]: Gpu(
            row["title"],
            {dtype: float(row[dtype]) for dtype in ("fp32", "tf32", "bf16")},
            float(row["memory_gb"]),
            row["source"],
        )
        for row in csv.DictReader(text.splitlines())
    }


def rate_of(gpu: str, dtype: Dtype) -> float:
    """FLOP/s of a GPU by name at its peak.

    Raises:
        InputError: there is none of this name.
    """
    if gpu not in gpus():
        raise unknown("GPU", gpu, ["measured", *gpus()])
    return 1e12 * gpus()[gpu].rates[dtype]


def clips_of(study: StudyConfig, dataset: str) -> tuple[int, int, int]:
    """Training clips, evaluated clips and classes: of the index where there is one, else as drawn or published."""
    data = Data.of(study, dataset)
    if (index := data.manifest()).is_file():
        manifest = read_manifest(index)
        return len(manifest.rows("train")), len(manifest.rows("validation")), len(manifest.classes)
    if (drawn := data.config.fixture) is not None:
        classes = len(drawn.classes or labels(data.format))
        return drawn.train * classes, drawn.validation * classes, classes
    classes = len(official_labels(data.format))
    if data.format == "kinetics":
        return fact("kinetics_training"), fact("kinetics_validation"), classes
    return (*fact(f"{data.format}_sizes"), classes)


def plan(study: StudyConfig) -> Iterator[Plan]:
    """Every arm of the study on every dataset, of runs that are trained."""
    for dataset, config in study.datasets.items():
        train, validation, classes = clips_of(study, dataset)
        for arm in study.compared:
            runs = [run for run in runs_of(study, datasets=[dataset], variants=[arm]) if run.acts]
            if runs:
                yield _plan(runs, config, train, validation, classes)


def _plan(runs: list[Run], config: DatasetConfig, train: int, validation: int, classes: int) -> Plan:
    first = runs[0]
    recipe, protocol, frames = first.config.train, first.config.protocol, config.data.frames
    model = first.model(classes)
    drawn = round(train * recipe.draw_share)
    steps = recipe.epochs * max(1, drawn // recipe.batch_size)
    if not METHODS[first.variant.method].trains:
        steps = 1
    forward = counted(model, frames).macs
    passes = validation * (protocol.views * CONDITIONS + _validations(steps, recipe.epochs, recipe.validate_every))
    return Plan(
        **{"dataset": first.dataset, "arm": first.variant.name, "runs": len(runs), "steps": steps, "clips": drawn},
        forward_gmacs=forward / 1e9,
        train_flops=len(runs) * steps * recipe.batch_size * 2.0 * (1 + BACKWARD) * _masked(model, frames, forward),
        evaluate_flops=len(runs) * 2.0 * passes * forward,
        disk_gb=disk_gb(config, first.data.frame_size, train + validation) if config.data.pack else 0.0,
    )


def _validations(steps: int, epochs: int, every: int) -> int:
    return epochs // every if every and steps > 1 else 0


def _masked(model: ModelConfig | MethodConfig, frames: int, forward: int) -> float:
    """Multiply-adds of a training clip's forward pass, without the tokens that the tube mask takes."""
    if isinstance(model, MethodConfig) or not model.tube_ratio:
        return forward
    from lcr.model.tube_mask import kept_patches

    return sum(multiply_adds(model, frames, kept_patches(model.patches, model.tube_ratio)).values())


def disk_gb(config: DatasetConfig, size: int, clips: int) -> float:
    """Decoded clips at training size, in 1e9 bytes: a byte a channel of each pixel, and a bit for its edge."""
    return clips * config.data.frames * size**2 * (3 + 1 / 8) / 1e9


def probe(study: StudyConfig, dataset: str) -> float:
    """FLOP/s that training steps of the full model reach on this machine: 20 steps, or a minute.

    Raises:
        InputError: the study wants a GPU that is not there.
    """
    import torch

    from lcr.methods import build
    from lcr.run.train import clip_loss, make_optimizer, set_machine

    device = set_machine(study)
    _, _, classes = clips_of(study, dataset)
    run = runs_of(study, datasets=[dataset])[0]
    model_config, recipe = run.model(classes), run.config.train
    size, frames = run.data.frame_size, run.config.data.frames
    batch = min(recipe.batch_size, 16 if device.type == "cuda" or size < 100 else 1)
    model = build(model_config).to(device).train()
    optimizer = make_optimizer(model, recipe)
    clip = [torch.zeros(batch, frames, channels, size, size, device=device) for channels in (3, 1)]
    wanted = torch.zeros(batch, dtype=torch.long, device=device)
    done, began = -1, time.perf_counter()
    while done < PROBE_STEPS and time.perf_counter() - began < PROBE_SECONDS:
        optimizer.zero_grad(set_to_none=True)
        clip_loss(model(*clip), wanted, recipe, run.config.protocol).backward()
        optimizer.step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        done += 1
        if done == 0:  # the first step is not counted
            began = time.perf_counter()
    work = done * batch * 2.0 * (1 + BACKWARD) * _masked(model_config, frames, counted(model_config, frames).macs)
    if not done:
        raise InputError(f"one step of {dataset} takes more than {PROBE_SECONDS:g} s here; state a rate with --gpu")
    return work / (time.perf_counter() - began)
