"""Jester as 20BN distributes it: a folder of JPEG frames a clip, and CSV files `id;label` without a header.

Frames are 100 pixels high and of varying width, twelve a second. The test file has ids alone.
"""

from pathlib import Path

from lcr.data.formats.annotations import Annotation, Annotations, Collector, check_root, read_lines
from lcr.util.errors import InputError

MEDIA = "20bn-jester-v1"
LAYOUT = (
    f"a Jester root holds {MEDIA}/<id>/00001.jpg… and jester-v1-train.csv, jester-v1-validation.csv, "
    "jester-v1-labels.csv, and perhaps jester-v1-test.csv"
)


def _file(root: Path, name: str) -> Path:
    return root / f"jester-v1-{name}.csv"


def read_classes(root: Path) -> tuple[str, ...]:
    """The labels in their official order, one a line of jester-v1-labels.csv.

    Raises:
        InputError: the file is missing or malformed, or a label stands there twice.
    """
    classes: list[str] = []
    for where, label in read_lines(_file(root, "labels"), LAYOUT):
        if ";" in label:
            raise InputError(f"{where}: a label alone is expected, without ';'")
        if label in classes:
            raise InputError(f"{where}: duplicate label '{label}'")
        classes.append(label)
    return tuple(classes)


def read(root: Path) -> Annotations:
    """All clips that the annotation files name; the clips themselves are not looked at.

    Raises:
        InputError: the root, a file or the folder of clips is missing, or a line is malformed: file and line are named.
    """
    check_root(root, LAYOUT, MEDIA)
    collector = Collector(read_classes(root))
    files = {split: _file(root, split) for split in ("train", "validation", "test")}
    if not files["test"].exists() or not files["test"].stat().st_size:  # generated data may have no test clips
        del files["test"]
    for split, file in files.items():
        for where, line in read_lines(file, LAYOUT):
            id_, semicolon, label = line.partition(";")
            if not semicolon and split != "test":
                raise InputError(f"{where}: no ';' between id and label in '{line}'; the separator must be ';'")
            row = Annotation(id_.strip(), label.strip() or None, split, f"{MEDIA}/{id_.strip()}")
            collector.add(row, where)
    return collector.finish(files)


def write(out: Path, annotations: Annotations) -> None:
    """Writes the annotation files of `annotations` to `out`, in the form that `read` takes."""
    _file(out, "labels").write_text("".join(f"{label}\n" for label in annotations.classes), encoding="utf-8")
    for split in ("train", "validation", "test"):
        rows = [row for row in annotations.rows if row.split == split]
        lines = [f"{row.id};{row.label}\n" if row.label is not None else f"{row.id}\n" for row in rows]
        if lines:
            _file(out, split).write_text("".join(lines), encoding="utf-8")
