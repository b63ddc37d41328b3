"""Time and memory of Table 2's systems and LCR at the paper's size, over frames and at two frame sizes.

One clip on the CPU, inference and a training step (forward, backward and AdamW), 27 classes; LCR with the readings of
the base, on RGB and edges, the others on RGB. The paper claims linear time and less memory than the others (§1, §4.2).
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lcr.cost.memory import peak_memory, training_memory
from lcr.methods import METHODS, SYSTEMS, build
from lcr.model.config import Readings
from lcr.model.models import MODELS
from lcr.util.errors import unknown

FRAMES = (8, 16, 32, 64, 128)
SIZES = (112, 224)
AT_224 = 32  # frames at the second size
CLASSES = 27
LCR = {112: "lcr-base-112", 224: "lcr-base-224"}
NAMES = ("lcr", *SYSTEMS)


class Point(NamedTuple):
    """One system at one length and frame size. seconds: the least of all rounds, of one clip."""

    system: str
    frames: int
    size: int
    work: str
    seconds: float
    clips_per_s: float
    peak_bytes: int


def model_of(name: str, size: int) -> nn.Module:
    """A system, or LCR's base model, for frames of size × size.

    Raises:
        InputError: there is no system of this name.
    """
    if name not in NAMES:
        raise unknown("system", name, NAMES)
    torch.manual_seed(0)
    if name == "lcr":
        base = MODELS[LCR[size]]
        return build(base.model_copy(update={"classes": CLASSES, "readings": Readings(kv_source="additive")}))
    method, system = SYSTEMS[name]
    return build(METHODS[method].config(frame_size=size, classes=CLASSES, inputs="rgb", **system.settings))


def clip_of(frames: int, size: int) -> tuple[Tensor, Tensor]:
    """Frames and edges of one clip."""
    return torch.rand(1, frames, 3, size, size), (torch.rand(1, frames, 1, size, size) < 0.1).float()


def jobs(names: Sequence[str], frames: Sequence[int]) -> list[tuple[str, int, int]]:
    """System, frames and size of every point: all lengths at 112, then one at 224, where it is among them."""
    lengths = [(times, SIZES[0]) for times in frames] + [(AT_224, SIZES[1])] * (AT_224 in frames)
    return [(name, times, size) for times, size in lengths for name in names]


def measure(
    names: Sequence[str], frames: Sequence[int], rounds: int, track: Callable[[list], Iterator] = iter
) -> list[Point]:
    """All points: inference, then training, of each system at each size.

    Args:
        rounds: of each, after one that is not counted.
        track: goes through the list of jobs, and may show how far it is.
    """
    points = []
    for name, times, size in track(jobs(names, frames)):
        model, clip = model_of(name, size).train(), clip_of(times, size)
        optimizer = torch.optim.AdamW(model.parameters())
        for work, run, memory in (("inference", _infer, peak_memory), ("training", _step, training_memory)):
            model.train(work == "training")
            run(model, clip, optimizer)
            seconds = min(_seconds(run, model, clip, optimizer) for _ in range(rounds))
            peak = memory(model, lambda clip=clip: clip)
            points.append(Point(name, times, size, work, seconds, 1 / seconds, peak))
    return points


def _infer(model: nn.Module, clip: tuple[Tensor, Tensor], optimizer: torch.optim.Optimizer) -> None:
    with torch.inference_mode():
        model(*clip)


def _step(model: nn.Module, clip: tuple[Tensor, Tensor], optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad(set_to_none=True)
    model(*clip).square().mean().backward()
    optimizer.step()


def _seconds(run: Callable[..., None], *given: object) -> float:
    began = time.perf_counter()
    run(*given)
    return time.perf_counter() - began
