"""Patch convolution (eq. 1 and 9): P×P patches of images at the kept positions only, as one matrix product."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class PatchConv(nn.Conv2d):
    """A convolution with stride P that is computed at the kept patches only.

    Parameters and their initialisation are those of `nn.Conv2d`. A kernel wider than the stride (the overlapping
    reading of §3.1) is centred on its patch, and the border is padded with zeros after normalisation. `mean` and `std`
    of each channel, where given, normalise the images; they are folded into the weights, which are far fewer than the
    pixels.
    """

    def __init__(
        self,
        channels: int,
        hidden: int,
        kernel: int,
        stride: int,
        mean: Sequence[float] = (),
        std: Sequence[float] = (),
    ) -> None:
        super().__init__(channels, hidden, kernel, stride)
        self.normalises = bool(mean)
        self.register_buffer("mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(std)[:, None, None], persistent=False)

    def forward(self, images: Tensor, keep: Tensor) -> Tensor:
        """Tokens (T, B, K, C) of images (T, B, c, S, S) at the raster positions keep (B, K)."""
        times, batch, channels, size, _ = images.shape
        kernel, stride = self.kernel_size[0], self.stride[0]
        before, bias = (kernel - stride) // 2, self.bias
        if self.normalises and kernel > stride:
            images = images - self.mean
        elif self.normalises:
            bias = bias - (self.weight / self.std * self.mean).sum((1, 2, 3))
        padded = F.pad(images, (before, kernel - stride - before) * 2)
        # One gather by element is many times faster than permuting images into patches and dropping some of them.
        side, grid, device = padded.shape[-1], size // stride, images.device
        corner = (keep // grid * side + keep % grid) * stride  # (B, K)
        steps = torch.arange(kernel, device=device)
        pixels = torch.arange(channels, device=device)[:, None, None] * side**2 + steps[:, None] * side + steps
        clips = torch.arange(batch, device=device)[:, None, None] * channels * side**2
        index = (clips + corner[..., None] + pixels.flatten()).flatten()  # (B·K·c·P·P,)
        patches = padded.reshape(times, batch * channels * side**2).index_select(1, index)
        weight = self.weight / self.std if self.normalises else self.weight
        return F.linear(patches.view(times, *keep.shape, -1), weight.flatten(1), bias)
