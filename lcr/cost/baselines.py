"""Parameters and multiply-adds of Table 2's systems, from the closed forms of `lcr.methods`.

TimeSformer-L is a published model by that name (Bertasius et al. 2021: a ViT-B with a second attention a layer, 96
frames of 224 × 224), which the method `timesformer` is not: that is the small network whose parameters are printed.
"""

from typing import NamedTuple

from lcr.methods import METHODS, SYSTEMS

CLASSES = 27  # Jester
FRAMES, SIZE = 32, 112
# Systems whose architecture the row's name and its printed parameters leave no doubt of. The rows of ConvLSTM and of
# the two MobileNets are not described; the row "TimeSformer-L" is that model by name.
IDENTIFIED = ("tsn", "resnet3d-10", "resnet3d-18", "resnet3d-50", "se-resnet3d-50", "r2plus1d", "rvit")


class Count(NamedTuple):
    """Parameters, and multiply-adds of one clip (0: not known)."""

    params: int
    macs: int


def system(name: str, *, classes: int = CLASSES, size: int = SIZE, frames: int = FRAMES) -> Count:
    """The counts of a system of Table 2 on RGB clips of frames × size × size."""
    method, one = SYSTEMS[name]
    config = METHODS[method].config(frame_size=size, classes=classes, inputs="rgb", **one.settings)
    return Count(config.parameters, config.multiply_adds(frames))


def timesformer(*, frames: int = 96, size: int = 224, classes: int = CLASSES) -> int:
    """Parameters of TimeSformer with divided space-time attention (Bertasius et al. 2021); -L has 96 frames."""
    width, layers, patches = 768, 12, (size // 16) ** 2
    attention = 4 * width**2 + 4 * width
    layer = 2 * attention + (width**2 + width) + (8 * width**2 + 5 * width) + 3 * 2 * width
    embedding = 16**2 * 3 * width + width + width + (patches + 1) * width + frames * width
    return embedding + layers * layer + 2 * width + width * classes + classes


# Rows of Table 2 whose model is known.
BASELINES: dict[str, Count] = {"TimeSformer-L": Count(timesformer(), 0)} | {
    SYSTEMS[name][1].row: system(name) for name in IDENTIFIED
}
