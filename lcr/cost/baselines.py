"""Parameters and multiply-adds of Table 2's baselines whose architecture is published, in closed form.

3-D ResNets (Hara et al., "Can spatiotemporal 3D CNNs retrace the history of 2D CNNs and ImageNet?"; squeeze-and-
excitation with ratio 16, Hu et al.): a stem of 7×7×7 with stride (1, 2, 2), a 3×3×3 maximum with stride 2, four stages
of 64, 128, 256 and 512 channels that halve time and space from the second on, projections where the shape changes, and
one linear layer. Convolutions have no bias, batch norms a weight and a bias a channel. TimeSformer: a ViT-B with a
second attention a layer, over time.
"""

from math import prod
from typing import Literal

CLASSES = 27  # Jester
FRAMES, SIZE = 32, 112

Shape = tuple[int, ...]  # frames, height, width


def _halved(shape: Shape) -> Shape:
    return tuple((side + 1) // 2 for side in shape)


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
        blocks: number of blocks in each stage.
        kind: two convolutions a block, or three with four times the channels at the end.
        squeeze: ratio of squeeze-and-excitation's bottleneck in every block; 0 for none.
    """
    shape: Shape = (frames, *_halved((size, size)))
    convolutions, linears = [(7, 3, 64, shape)], []  # kernel, inputs, outputs, output's shape; inputs, outputs
    shape, ins = _halved(shape), 64
    for stage, (repeats, width) in enumerate(zip(blocks, (64, 128, 256, 512), strict=True)):
        for block in range(repeats):
            before, outs = shape, width * (4 if kind == "bottleneck" else 1)
            if stage and block == 0:
                shape = _halved(shape)
            if kind == "bottleneck":
                convolutions += [(1, ins, width, before), (3, width, width, shape), (1, width, outs, shape)]
            else:
                convolutions += [(3, ins, width, shape), (3, width, outs, shape)]
            if squeeze:
                linears += [(outs, outs // squeeze), (outs // squeeze, outs)]
            if ins != outs:
                convolutions.append((1, ins, outs, shape))
            ins = outs
    linears.append((ins, classes))
    params = sum(kernel**3 * i * o + 2 * o for kernel, i, o, _ in convolutions) + sum(i * o + o for i, o in linears)
    macs = sum(kernel**3 * i * o * prod(shape) for kernel, i, o, shape in convolutions)
    return params, macs + sum(i * o for i, o in linears)


def timesformer(*, frames: int = 96, size: int = 224, classes: int = CLASSES) -> int:
    """Parameters of TimeSformer with divided space-time attention (Bertasius et al. 2021); -L has 96 frames."""
    width, layers, patches = 768, 12, (size // 16) ** 2
    attention = 4 * width**2 + 4 * width
    layer = 2 * attention + (width**2 + width) + (8 * width**2 + 5 * width) + 3 * 2 * width
    embedding = 16**2 * 3 * width + width + width + (patches + 1) * width + frames * width
    return embedding + layers * layer + 2 * width + width * classes + classes


# Rows of Table 2 whose model is known: parameters, and multiply-adds where frames and size are known too (else 0).
# The table does not describe R(2+1)D, MobileNet, RViT and the others precisely enough.
BASELINES: dict[str, tuple[int, int]] = {
    "TimeSformer-L": (timesformer(), 0),
    "ResNet3D-10": resnet3d((1, 1, 1, 1), "basic"),
    "ResNet3D-18": resnet3d((2, 2, 2, 2), "basic"),
    "ResNet3D-50": resnet3d((3, 4, 6, 3), "bottleneck"),
    "SE-ResNet3D 32x3": resnet3d((3, 4, 6, 3), "bottleneck", squeeze=16),
}
