"""Parameters and multiply-adds of baselines in the paper's Table 2 whose architecture is published, in closed form.

3-D ResNets (Hara et al., "Can spatiotemporal 3D CNNs retrace the history of 2D CNNs and ImageNet?"; squeeze-and-
excitation with ratio 16, Hu et al.): a stem of 7×7×7 with stride (1, 2, 2), a 3×3×3 maximum with stride 2, four stages
of 64, 128, 256 and 512 channels that halve time and space from the second on, projections where the shape changes, and
one linear layer. TimeSformer: a ViT-B with a second attention a layer, over time.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

CLASSES = 27  # Jester
FRAMES, SIZE = 32, 112

Shape = tuple[int, int, int]  # frames, height, width


@dataclass
class _Count:
    """Running totals over the layers; batch norms have a weight and a bias a channel, convolutions no bias."""

    params: int = 0
    macs: int = 0

    def conv(self, kernel: int, ins: int, outs: int, shape: Shape) -> None:
        weights = kernel**3 * ins * outs
        self.params += weights + 2 * outs
        self.macs += weights * shape[0] * shape[1] * shape[2]

    def linear(self, ins: int, outs: int) -> None:
        self.params += ins * outs + outs
        self.macs += ins * outs


def _halved(shape: Shape) -> Shape:
    return tuple((side + 1) // 2 for side in shape)  # type: ignore[return-value]


def resnet3d(
    blocks: tuple[int, int, int, int],
    kind: Literal["basic", "bottleneck"],
    *,
    squeeze: int = 0,
    classes: int = CLASSES,
    frames: int = FRAMES,
    size: int = SIZE,
) -> tuple[int, int]:
    """Parameters, and multiply-adds of one clip of frames × size × size.

    Args:
        blocks: how many blocks each stage has.
        squeeze: the ratio of squeeze-and-excitation's bottleneck in every block; 0 for none.
    """
    count = _Count()
    shape: Shape = (frames, (size + 1) // 2, (size + 1) // 2)
    count.conv(7, 3, 64, shape)
    shape = _halved(shape)
    expansion = 4 if kind == "bottleneck" else 1
    ins = 64
    for stage, (repeats, width) in enumerate(zip(blocks, (64, 128, 256, 512), strict=True)):
        for block in range(repeats):
            before, outs = shape, width * expansion
            if stage and block == 0:
                shape = _halved(shape)
            if kind == "bottleneck":
                layers = [(1, ins, width, before), (3, width, width, shape), (1, width, outs, shape)]
            else:
                layers = [(3, ins, width, shape), (3, width, outs, shape)]
            for layer in layers:
                count.conv(*layer)
            if squeeze:
                for one, other in pairwise((outs, outs // squeeze, outs)):
                    count.linear(one, other)
            if ins != outs:
                count.conv(1, ins, outs, shape)
            ins = outs
    count.linear(ins, classes)
    return count.params, count.macs


def timesformer(*, frames: int = 96, size: int = 224, classes: int = CLASSES) -> int:
    """Parameters of TimeSformer with divided space-time attention (Bertasius et al. 2021); -L has 96 frames."""
    width, layers, patches = 768, 12, (size // 16) ** 2
    attention = 4 * width**2 + 4 * width
    layer = 2 * attention + (width**2 + width) + (8 * width**2 + 5 * width) + 3 * 2 * width
    embedding = 16**2 * 3 * width + width + width + (patches + 1) * width + frames * width
    return embedding + layers * layer + 2 * width + width * classes + classes


# Rows of Table 2 whose model is known: parameters, and multiply-adds where frames and size are known too (else 0).
# R(2+1)D, MobileNet, RViT and the others are not said precisely enough.
BASELINES: dict[str, tuple[int, int]] = {
    "TimeSformer-L": (timesformer(), 0),
    "ResNet3D-10": resnet3d((1, 1, 1, 1), "basic"),
    "ResNet3D-18": resnet3d((2, 2, 2, 2), "basic"),
    "ResNet3D-50": resnet3d((3, 4, 6, 3), "bottleneck"),
    "SE-ResNet3D 32x3": resnet3d((3, 4, 6, 3), "bottleneck", squeeze=16),
}
