"""A small part of a real dataset, with annotation files to match: what one tries a pipeline on before the long run."""

import shutil
from collections.abc import Callable
from pathlib import Path

from lcr.config.datasets import FORMATS, dataset_format
from lcr.data.decode import is_video, probe
from lcr.data.formats.annotations import Annotation, Annotations
from lcr.data.manifest import READERS, read_annotations
from lcr.data.sampling import generator
from lcr.util.errors import InputError, unknown
from lcr.util.files import folder_aside
from lcr.util.parallel import parallel_map


def choose(annotations: Annotations, root: Path, per_class: int, seed: int, *, progress: bool = True) -> Annotations:
    """Random clips of each class of the train and the validation split; only such as can be used.

    Args:
        per_class: how many of each class and split; where there are fewer, all of them.

    Returns:
        the chosen rows in the order of `annotations`; the test split, which has no labels, is left out.
    """
    groups: dict[tuple[str, str], list[Annotation]] = {}
    for row in annotations.rows:
        if row.split != "test" and row.label is not None:
            groups.setdefault((row.split, row.label), []).append(row)
    chosen: set[str] = set()

    def take(group: tuple[str, str]) -> None:
        rows, taken = groups[group], 0
        for at in generator("subset", seed, *group).permutation(len(rows)):
            if taken == per_class:
                break
            if probe(root / rows[at].path).status == "ok":
                chosen.add(rows[at].id)
                taken += 1

    for _ in parallel_map(take, list(groups), label="choosing", workers=1, progress=progress):
        pass
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
    """Copies a random part of a real dataset to `out`, which becomes a root in the same format.

    Args:
        per_class: clips of each class in the train split, and as many in the validation split.
        seed: decides which; the clips of a seed are the same for every machine.
        warn: told which classes have fewer clips.

    Raises:
        InputError: the dataset is none of the real formats, `out` is not empty, or no clip can be used.
    """
    if dataset not in FORMATS:
        raise unknown("real dataset", dataset, FORMATS)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is there and not empty; give a new folder")
    annotations = read_annotations(dataset, root)
    part = choose(annotations, root, per_class, seed, progress=progress)
    for split in ("train", "validation"):
        count = dict.fromkeys(part.classes, 0)
        for row in part.rows:
            count[row.label] += row.split == split
        if not any(count.values()):
            raise InputError(f"{root}: not one usable clip in the {split} split")
        fewer = [f"{label} ({found})" for label, found in count.items() if found < per_class]
        if fewer:
            more = f" and {len(fewer) - 5} more classes" if len(fewer) > 5 else ""
            warn(f"{split}: fewer than {per_class} usable clips of {', '.join(fewer[:5])}{more}")
    with folder_aside(out) as aside:
        for row in part.rows:
            (aside / row.path).parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copyfile if is_video(Path(row.path)) else shutil.copytree
            copy(root / row.path, aside / row.path)
        READERS[dataset_format(dataset)].write(aside, part)
    return part
