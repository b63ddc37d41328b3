"""Synthetic datasets on the disk, in the very files and folders of the three real ones.

A dataset is first planned, which takes no time; then its clips are drawn and written, several at once. Each format is a
module of its name, with LABELS (that can be drawn), `names`, `annotate`, `draw` and `write`.
"""

from collections.abc import Iterable
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType

from lcr.config.datasets import FORMATS, official_labels
from lcr.config.study import MOST_CLIPS
from lcr.synthetic.plan import plan
from lcr.util.errors import InputError, unknown
from lcr.util.files import atomic_folder
from lcr.util.parallel import parallel_map


def format_module(dataset: str) -> ModuleType:
    """The module that draws and writes a format.

    Raises:
        InputError: the dataset is none of jester, something, kinetics.
    """
    if dataset not in FORMATS:
        raise unknown("dataset", dataset, FORMATS)
    return import_module(f"lcr.synthetic.{dataset}")


def labels(dataset: str) -> list[str]:
    """The labels that can be drawn, in the dataset's official order.

    Raises:
        InputError: the dataset is none of jester, something, kinetics.
    """
    drawable = set(format_module(dataset).LABELS)
    return [label for label in official_labels(dataset) if label in drawable]


def write(
    dataset: str,
    out: str | Path,
    *,
    train: int,
    validation: int,
    test: int = 0,
    classes: Iterable[str] | None = None,
    seed: int = 0,
    workers: int | None = None,
    progress: bool = True,
) -> None:
    """Draws a dataset into the folder `out`, which appears complete or not at all (an earlier one is replaced).

    Args:
        dataset: jester, something or kinetics: the format and its labels.
        out: becomes the dataset's root, with annotations and media as distributed.
        train, validation, test: clips per class; the annotations of test clips carry no labels.
        classes: label names, a part of those that can be drawn; None for all.
        seed: decides every byte.
        workers: processes; None for one a core. No byte depends on it.
        progress: show a bar.

    Raises:
        InputError: unknown dataset or class, a negative count, no clip at all, or a folder that cannot be written.
        RunFailed: a process that draws died.
    """
    known = labels(dataset)
    wanted = set(known if classes is None else classes)
    for label in wanted.difference(known):
        raise unknown("class", label, known)
    counts = {"train": train, "validation": validation, "test": test}
    if not wanted or min(counts.values()) < 0 or not any(counts.values()):
        raise InputError(f"no clip to draw of {len(wanted)} classes with {counts} clips each; counts are 0 or more")
    if len(wanted) * sum(counts.values()) > MOST_CLIPS:
        raise InputError(f"{len(wanted)} classes with {counts} clips each are more than {MOST_CLIPS} clips in all")
    chosen, form = [label for label in known if label in wanted], format_module(dataset)
    clips = plan(chosen, counts, seed, form.names)
    with atomic_folder(out) as folder:
        form.annotate(folder, chosen, clips)
        people = "".join(f"{clip.name},{clip.performer}\n" for clip in clips)
        (folder / "performers.csv").write_text(people, encoding="utf-8")
        work = partial(form.write, folder)
        list(parallel_map(work, clips, label=f"drawing {dataset}", workers=workers, progress=progress))
