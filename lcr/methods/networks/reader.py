"""What a method reads of a clip."""

import torch
from torch import Tensor, nn

from lcr.methods.base import MethodConfig


class Reader(nn.Module):
    """A clip's channels that a method reads, normalised: (B, T, 3, S, S) and (B, T, 1, S, S) to (B, T, C, S, S).

    Raises:
        ValueError: in a call, the frames are not of the configuration's size.
    """

    def __init__(self, config: MethodConfig) -> None:
        super().__init__()
        self.size, self.inputs = config.frame_size, config.inputs
        for name, values in (("mean", config.mean), ("std", config.std)):
            chosen = torch.tensor(values)[list(config.channels)].view(-1, 1, 1)
            self.register_buffer(name, chosen, persistent=False)  # stands in the configuration

    def raw(self, frames: Tensor, edges: Tensor) -> Tensor:
        """The channels as they are."""
        size = self.size
        if frames.ndim != 5 or frames.shape[2:] != (3, size, size):
            raise ValueError(f"frames: expected (B, T, 3, {size}, {size}), got {tuple(frames.shape)}")
        return torch.cat({"rgb": (frames,), "edges": (edges,), "both": (frames, edges)}[self.inputs], dim=2)

    def normalised(self, x: Tensor) -> Tensor:
        """(…, C, H, W) by the mean and standard deviation of each channel."""
        return (x - self.mean) / self.std

    def forward(self, frames: Tensor, edges: Tensor) -> Tensor:
        return self.normalised(self.raw(frames, edges))
