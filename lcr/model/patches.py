"""P×P patches of images: a convolution whose stride is its kernel, as one matrix product on the patches kept."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class PatchConv(nn.Conv2d):
    """A convolution with stride P that is only computed at the patches kept.

    Parameters and their initialisation are those of `nn.Conv2d`. A kernel wider than the stride (the overlapping
    reading of §3.1) is centred on its patch by padding, with zeros after normalisation. Images are normalised by `mean`
    and `std` of each channel, if given, which is folded into the weights: they are far fewer than the pixels.
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
        """(T, B, c, S, S) images and (B, K) kept raster positions -> tokens (T, B, K, C)."""
        times, batch, channels, size, _ = images.shape
        kernel, stride = self.kernel_size[0], self.stride[0]
        before, bias = (kernel - stride) // 2, self.bias
        if self.normalises and kernel > stride:
            images = images - self.mean
        elif self.normalises:
            bias = bias - (self.weight / self.std * self.mean).sum((1, 2, 3))
        padded = F.pad(images, (before, kernel - stride - before) * 2)
        # One gather by element: many times faster than permuting the images into patches and dropping some after.
        side, grid, device = padded.shape[-1], size // stride, images.device
        corner = (keep // grid * side + keep % grid) * stride  # (B, K)
        steps = torch.arange(kernel, device=device)
        pixels = torch.arange(channels, device=device)[:, None, None] * side**2 + steps[:, None] * side + steps
        clips = torch.arange(batch, device=device)[:, None, None] * channels * side**2
        index = (clips + corner[..., None] + pixels.flatten()).flatten()  # (B·K·c·P·P,)
        patches = padded.reshape(times, batch * channels * side**2).index_select(1, index)
        weight = self.weight / self.std if self.normalises else self.weight
        return F.linear(patches.view(times, *keep.shape, -1), weight.flatten(1), bias)
