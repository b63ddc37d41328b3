"""The blocks of a 3-D residual network, which its closed form and its module both follow. Free of torch."""

from collections.abc import Iterator
from typing import NamedTuple


class Block(NamedTuple):
    """A residual block: channels before, within and behind it, and the stride of its output against its input.

    time, space: strides of the block's output against the clip. projects: whether its shortcut is a 1×1×1 convolution.
    """

    inputs: int
    planes: int
    outputs: int
    stride: int
    time: int
    space: int
    projects: bool


def blocks(stages: tuple[int, ...], width: int, expansion: int, time: int, space: int) -> Iterator[Block]:
    """The blocks of stages of `width`, 2 `width`, … planes, whose first halves time and space from the second on.

    Args:
        stages: number of blocks in each stage.
        expansion: channels behind a block over its planes.
        time, space: strides of the stem's output against the clip.
    """
    inputs = width
    for stage, repeats in enumerate(stages):
        planes = width * 2**stage
        for block in range(repeats):
            stride = 2 if stage and not block else 1
            time, space, outputs = time * stride, space * stride, planes * expansion
            yield Block(inputs, planes, outputs, stride, time, space, stride > 1 or inputs != outputs)
            inputs = outputs
