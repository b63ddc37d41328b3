"""P×P patches of images: a convolution whose stride is its kernel, as one matrix product on the patches kept."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class PatchConv(nn.Conv2d):
    """A convolution with stride P that is only computed at the patches kept.

    Parameters and their initialisation are those of `nn.Conv2d`. A kernel wider than the stride (the overlapping
    reading of §3.1) is centred on its patch by padding.
    """

    def __init__(self, channels: int, hidden: int, kernel: int, stride: int) -> None:
        super().__init__(channels, hidden, kernel, stride)

    def forward(self, images: Tensor, keep: Tensor) -> Tensor:
        """(T, B, c, S, S) images and (B, K) kept raster positions -> tokens (T, B, K, C)."""
        times, batch, channels, size, _ = images.shape
        kernel, stride = self.kernel_size[0], self.stride[0]
        before = (kernel - stride) // 2
        padded = F.pad(images, (before, kernel - stride - before) * 2)
        # One gather by element: many times faster than permuting the images into patches and dropping some after.
        side, grid, device = padded.shape[-1], size // stride, images.device
        corner = (keep // grid * side + keep % grid) * stride  # (B, K)
        steps = torch.arange(kernel, device=device)
        pixels = torch.arange(channels, device=device)[:, None, None] * side**2 + steps[:, None] * side + steps
        clips = torch.arange(batch, device=device)[:, None, None] * channels * side**2
        index = (clips + corner[..., None] + pixels.flatten()).flatten()  # (B·K·c·P·P,)
        patches = padded.reshape(times, batch * channels * side**2).index_select(1, index)
        return F.linear(patches.view(times, *keep.shape, -1), self.weight.flatten(1), self.bias)
