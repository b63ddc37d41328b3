"""Peak memory of one inference and of one training step, measured."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn

Inputs = Callable[[], tuple["Tensor", ...]]


def _peak(model: "nn.Module", work: Callable[[], None]) -> int:
    """Bytes of parameters and buffers, and the most that `work` allocates at any moment beyond them.

    CPU: from torch's own record of allocations and frees, which holds no clock and is the same each time. CUDA: the
    peak of torch's allocator. Neither sees memory that a kernel allocates past torch.
    """
    import torch

    fixed = sum(tensor.nbytes for tensor in (*model.parameters(), *model.buffers()))
    device = next(model.parameters()).device
    if device.type == "cuda":
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        work()
        return fixed + torch.cuda.max_memory_allocated(device) - before
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # else the profiler writes two lines to stderr
    # torch.profiler.profile would import the compiler, which takes seconds.
    with torch.autograd.profiler.profile(profile_memory=True, use_kineto=False) as profiler:
        work()
    records = [event for event in profiler.kineto_results.events() if event.name() == "[memory]"]
    live = peak = 0
    for record in sorted(records, key=lambda event: event.start_ns()):
        live += record.nbytes()
        peak = max(peak, live)
    return fixed + peak


def peak_memory(model: "nn.Module", make_inputs: Inputs) -> int:
    """Peak bytes of one inference on the model's device, where `make_inputs` makes the inputs (counted too)."""
    import torch

    def infer() -> None:
        with torch.inference_mode():
            model(*make_inputs())

    return _peak(model, infer)


def training_memory(model: "nn.Module", make_inputs: Inputs) -> int:
    """Peak bytes of a training step: forward, backward and AdamW's first update, gradients and moments included.

    The step moves the model's parameters. On the CPU the native kernel's saved states (`lcr.wkv.cpu`) do not count: it
    saves none while a profiler is on, as here.
    """
    import torch

    def step() -> None:
        optimizer = torch.optim.AdamW(model.train().parameters())
        model(*make_inputs()).square().mean().backward()
        optimizer.step()

    peak = _peak(model, step)
    model.zero_grad(set_to_none=True)
    return peak
