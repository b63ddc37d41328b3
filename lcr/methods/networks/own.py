"""A user's own module."""

from typing import Any

import torch
from torch import Tensor, nn

from lcr.methods.own import Config
from lcr.util.errors import InputError


class Own(nn.Module):
    """What a user's `build` returned, with its configuration.

    Raises:
        InputError: it is no torch module.
    """

    def __init__(self, config: Config, network: Any) -> None:
        super().__init__()
        self.config = config
        if not isinstance(network, nn.Module):
            given = type(network).__name__
            raise InputError(f"method '{config.source}': it has to return a torch.nn.Module, and returned a {given}")
        self.network = network

    def forward(self, frames: Tensor, edges: Tensor) -> Tensor:
        return self.network(frames, edges)


@torch.no_grad()
def trial(model: nn.Module, clips: int, frames: int) -> None:
    """Asks a module for the logits of clips of zeros.

    Raises:
        InputError: it fails, or gives logits of a wrong shape or that are not finite.
    """
    config = model.config
    size, where = config.frame_size, f"method '{config.source}'"
    given = torch.zeros(clips, frames, 3, size, size), torch.zeros(clips, frames, 1, size, size)
    shapes = " and ".join(str(tuple(one.shape)) for one in given)
    try:
        logits = model.eval()(*given)
    except Exception as error:  # the user's code may raise anything
        raise InputError(f"{where}: its call with {shapes} fails: {type(error).__name__}: {error}") from error
    allowed = [(clips, times, config.classes) for times in (frames, 1)]
    found = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
    if found not in allowed:
        raise InputError(
            f"{where}: of frames and edges {shapes} it gave {found}; logits are {allowed[0]}, of each frame, or "
            f"{allowed[1]}, of the clip"
        )
    if not logits.isfinite().all():
        raise InputError(f"{where}: the logits of clips of zeros are not finite")
