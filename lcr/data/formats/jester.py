"""Jester as 20BN distributes it: a folder of JPEG frames a clip, and CSV files `id;label` without a header.

Frames are 100 pixels high and of varying width, twelve a second. The test file has ids alone.
"""

from collections.abc import Iterator
from pathlib import Path

from lcr.data.formats.annotations import SPLITS, Annotation, Annotations, check_root, collect, read_lines
from lcr.util.errors import InputError

MEDIA = "20bn-jester-v1"
LAYOUT = (
    f"a Jester root holds {MEDIA}/<id>/00001.jpg… and jester-v1-train.csv, jester-v1-validation.csv, "
    "jester-v1-labels.csv, and perhaps jester-v1-test.csv"
)


def _file(root: Path, name: str) -> Path:
    return root / f"jester-v1-{name}.csv"


def _classes(root: Path) -> tuple[str, ...]:
    """The labels in their official order, one a line of jester-v1-labels.csv."""
    classes: list[str] = []
    for where, label in read_lines(_file(root, "labels"), LAYOUT):
        if ";" in label or label in classes:
            raise InputError(f"{where}: a label of its own is expected, without ';', not '{label}'")
        classes.append(label)
    return tuple(classes)


def _rows(split: str, file: Path) -> Iterator[tuple[str, Annotation]]:
    for where, line in read_lines(file, LAYOUT):
        id_, semicolon, label = line.partition(";")
        if not semicolon and split != "test":
            raise InputError(f"{where}: no ';' between id and label in '{line}'; the separator must be ';'")
        yield where, Annotation(id_.strip(), label.strip() or None, split, f"{MEDIA}/{id_.strip()}")


def read(root: Path) -> Annotations:
    """All clips that the annotation files name; the clips themselves are not looked at.

    Raises:
        InputError: the root, a file or the folder of clips is missing, or a line is malformed: file and line are named.
    """
    check_root(root, LAYOUT, MEDIA)
    files = {split: _file(root, split) for split in SPLITS}
    if not files["test"].exists() or not files["test"].stat().st_size:  # a dataset may have no test clips
        del files["test"]
    return collect(_classes(root), files, _rows)


def write(out: Path, annotations: Annotations) -> None:
    """Writes the annotation files of `annotations` to `out`, in the form that `read` takes."""
    files = {
        split: [row.id if row.label is None else f"{row.id};{row.label}" for row in rows]
        for split, rows in annotations.by_split().items()
    }
    for name, lines in {"labels": annotations.classes, **files}.items():
        _file(out, name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
