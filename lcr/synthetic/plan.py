"""The plan of a synthetic dataset: its clips by name, label, split and performer.

A clip's pixels depend on the seed, its split, label and number alone, so any number of processes writes the same bytes.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lcr.synthetic.scene import Performer, performer

SPLITS = ("train", "validation", "test")
CAST = {"train": (0, 400), "validation": (400, 150), "test": (550, 150)}  # first performer, how many: never shared


@dataclass(frozen=True)
class Clip:
    """One synthetic clip; all but its name decides its pixels.

    Attributes:
        name: its file's or folder's name, without a suffix.
        number: among the clips of its split and label.
    """

    name: str
    label: str
    split: str
    number: int
    seed: int

    @property
    def performer(self) -> int:
        """The performer's number, the first draw of the clip's random source."""
        return self._start()[1]

    def _start(self) -> tuple[np.random.Generator, int]:
        draw = np.random.default_rng(
            [self.seed, SPLITS.index(self.split), zlib.crc32(self.label.encode()), self.number]
        )
        first, many = CAST[self.split]
        return draw, first + int(draw.integers(many))

    def start(self) -> tuple[np.random.Generator, Performer]:
        """The clip's own random source, and the performer of its split who was drawn from it first."""
        draw, number = self._start()
        return draw, performer(number, self.seed)


def plan(
    labels: Sequence[str], counts: dict[str, int], seed: int, names: Callable[[int, int], Sequence[str]]
) -> list[Clip]:
    """The clips of a dataset, split by split, shuffled within a split.

    Args:
        counts: clips of each label, by split.
        names: makes so many names from a seed.
    """
    mix = np.random.default_rng([seed, 5])
    ordered = [[(label, split, number) for label in labels for number in range(counts[split])] for split in SPLITS]
    clips = [clips[at] for clips in ordered for at in mix.permutation(len(clips))]
    return [Clip(name, *clip, seed) for name, clip in zip(names(len(clips), seed), clips, strict=True)]


def by_split(clips: Sequence[Clip]) -> dict[str, list[Clip]]:
    """The clips of each split that has any."""
    return {split: found for split in SPLITS if (found := [clip for clip in clips if clip.split == split])}


def numbered(count: int, seed: int) -> list[str]:
    """Names 1 to `count` in random order, so that a name tells nothing of the label."""
    return list(map(str, (1 + np.random.default_rng([seed, 6]).permutation(count)).tolist()))
