"""A small part of a real dataset, with annotation files to match, to try a pipeline on before the long run."""

import shutil
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from lcr.config.datasets import FORMATS
from lcr.data.decode import is_video, probe
from lcr.data.formats.annotations import Annotation, Annotations
from lcr.data.manifest import first_few, read_annotations, reader
from lcr.data.sampling import generator
from lcr.util.errors import InputError, unknown
from lcr.util.files import atomic_folder
from lcr.util.progress import counting_bar


def choose(annotations: Annotations, root: Path, per_class: int, seed: int, *, progress: bool = True) -> Annotations:
    """Random usable clips of each class of the train and the validation split.

    Args:
        per_class: clips of each class and split; where there are fewer, all of them.

    Returns:
        the chosen rows in the order of `annotations`; the test split, which has no labels, is left out.
    """
    groups: dict[tuple[str, str], list[Annotation]] = {}
    for row in annotations.rows:
        if row.split != "test" and row.label is not None:
            groups.setdefault((row.split, row.label), []).append(row)
    chosen: set[str] = set()
    with counting_bar(len(groups), "choosing", shown=progress) as advance:
        for group, rows in groups.items():
            order = (rows[at] for at in generator("subset", seed, *group).permutation(len(rows)))
            usable = (row.id for row in order if probe(root / row.path).status == "ok")
            chosen.update(islice(usable, per_class))
            advance()
    return Annotations(annotations.classes, [row for row in annotations.rows if row.id in chosen])


def subset(
    dataset: str,
    root: Path,
    out: Path,
    *,
    per_class: int,
    seed: int,
    progress: bool = True,
    warn: Callable[[str], None] = lambda text: None,
) -> Annotations:
    """Copies a random part of a real dataset to `out`, which becomes a root in the same format; an earlier one goes.

    Args:
        per_class: clips of each class in the train split, and as many in the validation split.
        seed: decides which; the clips of a seed are the same for every machine.
        warn: told which classes have fewer clips.

    Raises:
        InputError: the dataset is none of the real formats, or no clip can be used.
    """
    if dataset not in FORMATS:
        raise unknown("real dataset", dataset, FORMATS)
    annotations = read_annotations(dataset, root)
    part = choose(annotations, root, per_class, seed, progress=progress)
    for split in ("train", "validation"):
        count = Counter(row.label for row in part.rows if row.split == split)
        if not count:
            raise InputError(f"{root}: not one usable clip in the {split} split")
        if fewer := [f"{label} ({count[label]})" for label in part.classes if count[label] < per_class]:
            warn(f"{split}: fewer than {per_class} usable clips of {first_few(fewer)}")
    with atomic_folder(out) as aside:
        for row in part.rows:
            (aside / row.path).parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copyfile if is_video(Path(row.path)) else shutil.copytree
            copy(root / row.path, aside / row.path)
        reader(dataset).write(aside, part)
    return part
