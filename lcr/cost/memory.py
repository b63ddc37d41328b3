"""Peak memory of one inference and of one training step, measured."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

Inputs = Callable[[], tuple["Tensor", ...]]


def _most_allocated(work: Callable[[], None], device: "torch.device") -> int:
    """The most bytes that `work` holds on the device at any moment beyond what was there before.

    CPU: from torch's own record of allocations and frees: no clock, no resident set, so it is the same each time.
    CUDA: the peak of torch's allocator. A kernel that allocates past torch is not seen on either.
    """
    import torch

    if device.type == "cuda":
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        work()
        return torch.cuda.max_memory_allocated(device) - before
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # else the profiler writes two lines to stderr
    # torch.profiler.profile would import the compiler, seconds for nothing.
    recorder = torch.autograd.profiler.profile(profile_memory=True, use_kineto=False)
    with recorder as profiler:
        work()
    records = [event for event in profiler.kineto_results.events() if event.name() == "[memory]"]
    live = peak = 0
    for record in sorted(records, key=lambda event: event.start_ns()):
        live += record.nbytes()
        peak = max(peak, live)
    return peak


def _device(model: "nn.Module") -> "torch.device":
    return next(model.parameters()).device


def _fixed(model: "nn.Module") -> int:
    return sum(tensor.nbytes for tensor in (*model.parameters(), *model.buffers()))


def peak_memory(model: "nn.Module", make_inputs: Inputs) -> int:
    """Bytes of parameters and buffers, and the most that one inference holds beside them, its inputs included.

    On the model's device, where `make_inputs` makes the inputs.
    """
    import torch

    def infer() -> None:
        with torch.inference_mode():
            model(*make_inputs())

    return _fixed(model) + _most_allocated(infer, _device(model))


def training_memory(model: "nn.Module", make_inputs: Inputs) -> int:
    """As `peak_memory`, of a training step: forward, backward and AdamW's first update, gradients and moments included.

    On the CPU not what the native kernel keeps for its backward pass (`lcr.wkv.cpu.room_to_keep`): it keeps nothing
    where a profiler listens, as one does here. The model's parameters are moved by the step.
    """
    import torch

    model.train()

    def step() -> None:
        optimizer = torch.optim.AdamW(model.parameters())
        model(*make_inputs()).square().mean().backward()
        optimizer.step()

    peak = _fixed(model) + _most_allocated(step, _device(model))
    model.zero_grad(set_to_none=True)
    return peak
