"""Datasets by name: the three of the paper, their synthetic twins, and their official labels."""

from functools import cache
from importlib.resources import files

from lcr.util.errors import unknown

FORMATS = ("jester", "something", "kinetics")
DATASETS = (*FORMATS, *(f"{name}-fixture" for name in FORMATS))


def dataset_format(dataset: str) -> str:
    """The on-disk format of a dataset: `jester` for both `jester` and `jester-fixture`.

    Raises:
        InputError: the dataset is unknown.
    """
    if dataset not in DATASETS:
        raise unknown("dataset", dataset, DATASETS)
    return dataset.removesuffix("-fixture")


@cache
def official_labels(kind: str) -> tuple[str, ...]:
    """The labels of one of `FORMATS` in their official order (position = class number)."""
    return tuple((files("lcr.config") / "labels" / f"{kind}.txt").read_text(encoding="utf-8").splitlines())


def is_synthetic(dataset: str) -> bool:
    """Whether the dataset's clips are synthetic, as those of `jester-fixture`, and so not the paper's.

    Raises:
        InputError: the dataset is unknown.
    """
    return dataset_format(dataset) != dataset
