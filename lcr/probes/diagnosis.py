"""How a reading behaves before any long training: which parameters learn, what the logits see, how the cell grows.

Each reading is built from one seed and takes the first steps of a training on the study's clips. Gradients are those of
the loss, before they are clipped. A parameter's element counts as never trained if its gradient was exactly 0 at every
step: weight decay may still move it. What the logits see is measured after those steps, since at Z = 0 no edge map can
be seen yet: the Frobenius norm of the Jacobian of a clip's logits with respect to its frames and to its edge maps.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

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
WHOLE_TRAINING = 10 * STEPS  # of which these are the first steps: they lie in its warm-up
BATCH = 8  # clips a step
PROBES = 4  # random directions of the logits that a Jacobian's norm is estimated from
SEEN = 4  # clips that sensitivity and growth are measured on
LONG = 64  # frames over which the cell may grow

Norms = dict[str, float]  # by parameter, layers taken together


@dataclass
class Diagnosis:
    """One reading. Norms are by parameter name with layers taken together ("units.*.gate.…").

    never_trained: elements whose gradient was 0 at every step. d_rgb, d_edges: Frobenius norm of a clip's Jacobian.
    cell_growth: the largest ratio over layers of the cell state's norm at frame 64 to that at frame 1; 0 where the
        cell is exactly 0 at both. note: why the later numbers are missing, if they are.
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
    """The norm of all parameters' gradients together."""
    return math.sqrt(sum(norm**2 for norm in norms.values()))


def _kind(name: str) -> str:
    return re.sub(r"\.\d+\.", ".*.", name)


def _gradient(model: LCR, batch: Batch, config: DatasetConfig, step: int) -> Norms:
    """Leaves the loss's gradient of one batch in the model and returns its norms.

    Raises:
        RunFailed: the loss or a gradient is not finite.
    """
    seed_mask(SEED, step)
    model.zero_grad(set_to_none=True)
    loss = clip_loss(model(*inputs(batch, torch.device("cpu"))), batch.labels, config.train, config.protocol)
    loss.backward()
    squares: Norms = {}
    for name, parameter in model.named_parameters():
        square = 0.0 if parameter.grad is None else float(parameter.grad.double().square().sum())
        squares[_kind(name)] = squares.get(_kind(name), 0.0) + square
    norms = {name: math.sqrt(square) for name, square in squares.items()}
    if not (math.isfinite(loss.item()) and math.isfinite(total(norms))):
        raise RunFailed(f"loss or gradient not finite at step {step}")
    return norms


def diagnose(model_config: ModelConfig, config: DatasetConfig, batches: Sequence[Batch]) -> Diagnosis:
    """The diagnosis of one model on `STEPS` + 1 batches; the last one is not trained on."""
    torch.manual_seed(SEED)
    model = LCR(model_config).train()
    sizes: dict[str, int] = {}
    for name, parameter in model.named_parameters():
        sizes[_kind(name)] = sizes.get(_kind(name), 0) + parameter.numel()
    optimizer = make_optimizer(model, config.train)
    trained = {name: torch.zeros_like(parameter, dtype=torch.bool) for name, parameter in model.named_parameters()}
    first: Norms | None = None
    norms: Norms = {}
    for step, batch in enumerate(batches):
        try:
            norms = _gradient(model, batch, config, step)
        except RunFailed as failure:
            return Diagnosis(sizes, first or {}, note=str(failure))
        first = first or norms
        for name, parameter in model.named_parameters():
            if parameter.grad is not None:
                trained[name] |= parameter.grad != 0
        if step < len(batches) - 1:
            nn.utils.clip_grad_norm_(model.parameters(), config.train.clip_norm)
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(config.train, step, WHOLE_TRAINING)
            optimizer.step()
    never: dict[str, int] = {}
    for name, touched in trained.items():
        never[_kind(name)] = never.get(_kind(name), 0) + int((~touched).sum())
    model.eval()
    frames, edges = (part[:SEEN] for part in inputs(batches[-1], torch.device("cpu")))
    d_rgb, d_edges = sensitivity(model, frames, edges)
    growth = cell_growth(model, frames, edges)
    return Diagnosis(sizes, first or {}, norms, never, d_rgb, d_edges, growth)


def sensitivity(model: LCR, frames: Tensor, edges: Tensor) -> tuple[float, float]:
    """Frobenius norms of a clip's Jacobian of all logits, by frames (B, T, 3, S, S) and by edges (B, T, 1, S, S).

    Estimated from random probes v: E‖Jᵀv‖² = ‖J‖². Exactly 0 where the logits do not depend on the input at all.
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

    The clip plays forward and backward until 64 frames have passed.
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
    """The number of classes, and every variant's diagnosis by its name, on the same clips of one of the datasets.

    Raises:
        InputError: the data are not there, or the study has no such dataset.
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
