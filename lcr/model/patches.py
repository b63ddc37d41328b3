"""P×P patches of images: a convolution whose stride is its kernel, as one matrix product on the patches kept."""

from torch import Tensor, nn
from torch.nn import functional as F

from lcr.model.tube_mask import keep_tokens


class PatchConv(nn.Conv2d):
    """A convolution with stride P that is only computed at the patches kept.

    Kernel and stride are those of `nn.Conv2d`, and so are parameters and their initialisation; a kernel wider than the
    stride (the overlapping reading of §3.1) is centred on its patch by padding.
    """

    def __init__(self, channels: int, hidden: int, kernel: int, stride: int) -> None:
        super().__init__(channels, hidden, kernel, stride)

    def forward(self, images: Tensor, keep: Tensor) -> Tensor:
        """(T, B, c, S, S) images and (B, K) kept raster positions -> tokens (T, B, K, C)."""
        times, batch, _, size, _ = images.shape
        kernel, stride = self.kernel_size[0], self.stride[0]
        grid = size // stride
        if kernel == stride:
            parts = images.unflatten(-1, (grid, stride)).unflatten(-3, (grid, stride))  # (T, B, c, h, P, w, P)
            patches = parts.permute(0, 1, 3, 5, 2, 4, 6).reshape(times, batch, grid * grid, -1)
        else:
            before = (kernel - stride) // 2
            padded = F.pad(images.flatten(0, 1), (before, kernel - stride - before) * 2)
            columns = F.unfold(padded, kernel, stride=stride)  # (T·B, c·P·P, h·w)
            patches = columns.transpose(1, 2).unflatten(0, (times, batch))
        return F.linear(keep_tokens(patches, keep), self.weight.flatten(1), self.bias)

