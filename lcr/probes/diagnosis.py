"""Diagnosis of a reading before any long training: which parameters learn, what the logits depend on, how cells grow.

Each reading starts from one seed and takes the first steps of a training on the study's clips. Gradients are those of
the loss before clipping. An element of a parameter counts as never trained if its gradient was exactly 0 at every step;
weight decay may still move it. Sensitivity is the Frobenius norm of the Jacobian of a clip's logits with respect to its
frames and to its edge maps, after those steps, since at Z = 0 no edge map reaches the logits.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from lcr.config.run import Data, Run
from lcr.config.study import DatasetConfig, StudyConfig
from lcr.config.variant import VariantConfig
from lcr.data.clips import Batch, Clips, train_batches
from lcr.data.prepare import prepare
from lcr.model.config import ModelConfig
from lcr.model.lcr import LCR
from lcr.run.train import clip_loss, inputs, learning_rate, make_optimizer, seed_mask, set_machine
from lcr.util.errors import RunFailed

SEED = 0
STEPS = 50
WHOLE_TRAINING = 10 * STEPS  # steps of the schedule whose first steps, within its warm-up, are taken
BATCH = 8  # clips a step
PROBES = 4  # random directions of the logits for the estimate of a Jacobian's norm
SEEN = 4  # clips of the measurement of sensitivity and growth
LONG = 64  # frames of the measurement of growth

Norms = dict[str, float]  # by parameter, layers taken together


@dataclass
class Diagnosis:
    """Diagnosis of one reading. Norms are by parameter name with layers taken together ("units.*.gate.…").

    sizes: number of elements. first_step, later_step: gradient norms at the first step and after the last.
    never_trained: elements whose gradient was 0 at every step. d_rgb, d_edges: Frobenius norms of a clip's Jacobian.
    cell_growth: the largest ratio over layers of the cell state's norm at frame 64 to that at frame 1; 0 where the
        cell is exactly 0 at both. note: the reason why the later numbers are missing, if they are.
    """

    sizes: dict[str, int]
    first_step: Norms
    later_step: Norms = field(default_factory=dict)
    never_trained: dict[str, int] = field(default_factory=dict)
    d_rgb: float | None = None
    d_edges: float | None = None
    cell_growth: float | None = None
    note: str = ""


def total(norms: Norms) -> float:
    """Norm of all parameters' gradients together."""
    return math.sqrt(sum(norm**2 for norm in norms.values()))


def _by_kind(model: LCR, measure: Callable[[nn.Parameter], float]) -> dict[str, Any]:
    """Sums of `measure` over the parameters that differ only in their layer, by name."""
    sums: dict[str, Any] = {}
    for name, parameter in model.named_parameters():
        kind = re.sub(r"\.\d+\.", ".*.", name)
        sums[kind] = sums.get(kind, 0) + measure(parameter)
    return sums


def _gradient(model: LCR, batch: Batch, config: DatasetConfig, step: int) -> Norms:
    """Norms of the loss's gradient on one batch, which stays in the model.

    Raises:
        RunFailed: the loss or a gradient is not finite.
    """
    seed_mask(SEED, step)
    model.zero_grad(set_to_none=True)
    loss = clip_loss(model(*inputs(batch, torch.device("cpu"))), batch.labels, config.train, config.protocol)
    loss.backward()
    squares = _by_kind(model, lambda one: 0.0 if one.grad is None else float(one.grad.double().square().sum()))
    norms = {name: math.sqrt(square) for name, square in squares.items()}
    if not (math.isfinite(loss.item()) and math.isfinite(total(norms))):
        raise RunFailed(f"loss or gradient not finite at step {step}")
    return norms


def diagnose(model_config: ModelConfig, config: DatasetConfig, batches: Sequence[Batch]) -> Diagnosis:
    """Diagnosis of one model: a training step on each batch but the last, which is measured only."""
    torch.manual_seed(SEED)
    model = LCR(model_config).train()
    optimizer = make_optimizer(model, config.train)
    trained = {parameter: torch.zeros_like(parameter, dtype=torch.bool) for parameter in model.parameters()}
    found = Diagnosis(_by_kind(model, nn.Parameter.numel), {})
    for step, batch in enumerate(batches):
        try:
            found.later_step = _gradient(model, batch, config, step)
        except RunFailed as failure:
            return Diagnosis(found.sizes, found.first_step, note=str(failure))
        found.first_step = found.first_step or found.later_step
        for parameter, touched in trained.items():
            if parameter.grad is not None:
                touched |= parameter.grad != 0
        if step < len(batches) - 1:
            nn.utils.clip_grad_norm_(model.parameters(), config.train.clip_norm)
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(config.train, step, WHOLE_TRAINING)
            optimizer.step()
    found.never_trained = _by_kind(model, lambda parameter: int((~trained[parameter]).sum()))
    model.eval()
    frames, edges = (part[:SEEN] for part in inputs(batches[-1], torch.device("cpu")))
    found.d_rgb, found.d_edges = sensitivity(model, frames, edges)
    found.cell_growth = cell_growth(model, frames, edges)
    return found


def sensitivity(model: LCR, frames: Tensor, edges: Tensor) -> tuple[float, float]:
    """Frobenius norms of the Jacobian of a clip's logits, by frames (B, T, 3, S, S) and by edges (B, T, 1, S, S).

    The estimate is from random probes v: E‖Jᵀv‖² = ‖J‖². It is exactly 0 where the logits do not depend on the input.
    """
    generator = torch.Generator().manual_seed(SEED)
    squares = [0.0, 0.0]
    for _ in range(PROBES):
        given = [frames.clone().requires_grad_(), edges.clone().requires_grad_()]
        logits = model(*given)
        probe = torch.randn(logits.shape, generator=generator)
        gradients = torch.autograd.grad((logits * probe).sum(), given, allow_unused=True)
        for number, gradient in enumerate(gradients):
            squares[number] += 0.0 if gradient is None else float(gradient.double().square().sum())
    rgb, edge = (math.sqrt(square / PROBES / len(frames)) for square in squares)
    return rgb, edge


def cell_growth(model: LCR, frames: Tensor, edges: Tensor) -> float:
    """The largest ratio over layers of the cell state's norm after 64 frames to that after one; 0 for 0/0.

    frames (B, T, 3, S, S) and edges (B, T, 1, S, S) play forward and backward until 64 frames have passed.
    """
    times = frames.shape[1]
    there_and_back = [*range(times), *range(times - 2, 0, -1)]
    state, norms = None, []
    with torch.no_grad():
        for t in range(LONG):
            now = there_and_back[t % len(there_and_back)]
            _, state = model.step(frames[:, now], state, edges[:, now])
            if t in (0, LONG - 1):
                norms.append([float(c.double().norm()) for _, c in state.layers])
    ratios = [late / early if early else math.inf if late else 0.0 for early, late in zip(*norms, strict=True)]
    return max(ratios)


def diagnose_study(
    study: StudyConfig, dataset: str, variants: Sequence[VariantConfig], progress: Callable[[str], None]
) -> tuple[int, dict[str, Diagnosis]]:
    """Number of classes, and each variant's diagnosis by its name, on the same clips of one of the study's datasets.

    Args:
        progress: told of each variant's name before its diagnosis.

    Raises:
        InputError: the data are missing, or the study has no such dataset.
    """
    set_machine(study.model_copy(update={"device": "cpu"}))
    data = Data.of(study, dataset)
    clips = Clips(prepare(data), "train", data.config.data, data.frame_size)
    batches = list(train_batches(clips, batch_size=BATCH, seed=SEED, first_step=0, steps=STEPS + 1, workers=0))
    found = {}
    for variant in variants:
        progress(variant.name)
        run = Run(study=study, dataset=dataset, variant=variant, seed=SEED)
        found[variant.name] = diagnose(run.model(len(clips.classes)), run.config, batches)
    return len(clips.classes), found
