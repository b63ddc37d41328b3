"""Generated clips on the disk, in the very files and folders of the three datasets.

A dataset is first planned (which clip, of which label, by whom), which takes no time, then drawn clip by clip. A clip's
pixels depend on the seed, its split, label and number alone, so any number of processes writes the same bytes.
"""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np

from lcr.config.datasets import official_labels
from lcr.synthetic.formats import FORMATS, Drawn, Format
from lcr.util.errors import InputError, unknown
from lcr.util.files import folder_aside
from lcr.util.parallel import in_order


def format_of(dataset: str) -> Format:
    """Raises InputError for a dataset that cannot be drawn."""
    if dataset not in FORMATS:
        raise unknown("dataset", dataset, FORMATS)
    return FORMATS[dataset]


def labels(dataset: str) -> list[str]:
    """The labels that can be drawn, in the dataset's official order.

    Raises:
        InputError: the dataset is none of jester, something, kinetics.
    """
    kind = format_of(dataset)
    drawable = set(kind.drawable())
    return [label for label in official_labels(dataset) if label in drawable]


def chosen(dataset: str, classes: Iterable[str] | None) -> list[str]:
    """`classes` in official order, or all that can be drawn."""
    known = labels(dataset)
    if classes is None:
        return known
    wanted = list(classes)
    for label in wanted:
        if label not in known:
            raise unknown("class", label, known)
    if not wanted:
        raise InputError("no class to draw: name at least one, or leave the choice out for all")
    return [label for label in known if label in set(wanted)]


def render(dataset: str, label: str, seed: int) -> np.ndarray:
    """One clip, (F, H, W, 3) uint8 RGB, without encoding; `seed` picks performer and movement.

    Raises:
        InputError: unknown dataset or label.
    """
    kind = format_of(dataset)
    (label,) = chosen(dataset, [label])
    return kind.draw(Drawn("", label, "train", 0, seed))


def write(
    dataset: str,
    out: str | Path,
    *,
    train: int,
    validation: int,
    test: int = 0,
    classes: Iterable[str] | None = None,
    seed: int = 0,
    workers: int = 1,
    progress: bool = True,
) -> None:
    """Draws a dataset into the folder `out`, which appears complete or not at all (an earlier one is replaced).

    Args:
        dataset: jester, something or kinetics: the format and its labels.
        out: becomes the dataset's root, with annotations and media as distributed.
        train, validation, test: clips per class; the annotations of test clips carry no labels.
        classes: label names, a part of those that can be drawn; all by default.
        seed: decides every byte.
        workers: processes that draw, fewer where there are few clips; has no influence on the bytes.
        progress: show a bar.

    Raises:
        InputError: unknown dataset or class, a negative count, no clip at all, or a folder that cannot be written.
        RunFailed: a process that draws died.
    """
    kind, names = format_of(dataset), chosen(dataset, classes)
    counts = {"train": train, "validation": validation, "test": test}
    if min(counts.values()) < 0 or not any(counts.values()):
        raise InputError(f"clips per class must be 0 or more and not all 0, not {counts}")
    if workers < 1:
        raise InputError(f"workers must be at least 1, not {workers}")
    with folder_aside(out) as folder:
        clips = kind.plan(folder, names, counts, seed)
        draw = partial(kind.write, folder)
        for _ in in_order(draw, clips, label=f"drawing {dataset}", workers=workers, progress=progress):
            pass
