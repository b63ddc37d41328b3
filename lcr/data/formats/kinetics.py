"""Kinetics-400 as distributed: one MP4 a clip, in folders by label or flat, and CSV files with a header.

A file is named `<youtube_id>_<start>_<end>.mp4`, the times in seconds with six digits; YouTube ids may hold `_` and
begin with `-`. No list of labels comes with the data; the official list is in lcr/config/labels/.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from lcr.config.datasets import official_labels
from lcr.data.formats.annotations import Annotation, Annotations, check_root, collect, read_text
from lcr.util.errors import InputError, nearest, unknown
from lcr.util.files import folders_below

HEADER = ("label", "youtube_id", "time_start", "time_end", "split", "is_cc")
NEEDED = ("youtube_id", "time_start", "time_end", "split")  # test files go without a label, some files without is_cc
NAME = re.compile(r".+_[0-9]{6}_[0-9]{6}\.mp4")
SPLIT_NAMES = {
    "train": "train",
    "val": "validation",
    "validate": "validation",
    "validation": "validation",
    "test": "test",
}
LAYOUT = (
    "a Kinetics-400 root holds the clips <youtube_id>_<start 6 digits>_<end 6 digits>.mp4, in label folders or flat, "
    "and train.csv, validate.csv (or val.csv) and perhaps test.csv, also named as in kinetics_train.csv or lying in "
    f"annotations/, with the header {','.join(HEADER)}"
)


def _annotation_files(root: Path) -> dict[str, Path]:
    """The CSV file of each split."""
    found: dict[str, Path] = {}
    for file in sorted([*root.glob("*.csv"), *root.glob("annotations/*.csv")]):
        match = re.search(rf"(?:^|[_-])({'|'.join(SPLIT_NAMES)})\.csv$", file.name)
        if match and (other := found.setdefault(SPLIT_NAMES[match[1]], file)) != file:
            raise InputError(f"both {other} and {file} are there; which one is meant? Remove the other")
    for split, name in (("train", "train.csv"), ("validation", "validate.csv")):
        if split not in found:
            raise InputError(f"no annotation file {root / name}; {LAYOUT}")
    return found


def _table(file: Path, needed: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The lines of a CSV file by column, each after its position, for messages."""
    reader, header = csv.reader(read_text(file, LAYOUT).splitlines()), list[str]()
    try:
        for line in reader:
            where, fields = f"{file}, line {reader.line_num}", [text.strip() for text in line]
            if not header:
                header = fields
                _check_header(header, needed, where)
                continue
            if not any(fields):
                raise InputError(f"{where}: blank line; remove it")
            if len(fields) != len(header):
                raise InputError(
                    f"{where}: {len(fields)} fields where the header has {len(header)}; the separator must be ','"
                )
            yield where, dict(zip(header, fields, strict=True))
    except csv.Error as error:
        raise InputError(f"{file}, line {reader.line_num}: {error}; is a quotation mark left open before?") from error


def _check_header(header: list[str], needed: Sequence[str], where: str) -> None:
    if lacking := [name for name in needed if name not in header]:
        strange = [name for name in header if name not in HEADER and nearest(name, lacking)]
        hint = "; ".join(str(unknown("column", name, lacking)) for name in strange) or f"it has {','.join(header)}"
        raise InputError(
            f"{where}: the header lacks {', '.join(lacking)} of {','.join(HEADER)}, separated by ','; {hint}"
        )


def _media(root: Path) -> dict[str, str]:
    """The path of each clip by its id, relative to the root; the first in alphabetical order where there are two."""
    paths: dict[str, str] = {}
    for folder, names in folders_below(root):
        for name in names:
            if NAME.fullmatch(name):
                paths.setdefault(name[:-4], (Path(folder) / name).relative_to(root).as_posix())
    return paths


def read(root: Path) -> Annotations:
    """All clips that the annotation files name; the clips themselves are not looked at, only searched for.

    The classes are those official labels that the files use: all 400 of the whole dataset, fewer of a subset.

    Raises:
        InputError: the root or a file is missing, or a line is malformed: file and line are named.
    """
    check_root(root, LAYOUT)
    files, paths, official = _annotation_files(root), _media(root), official_labels("kinetics")
    if not paths:
        raise InputError(f"no clip below {root}; {LAYOUT}")

    def rows(split: str, file: Path) -> Iterator[tuple[str, Annotation]]:
        for where, row in _table(file, NEEDED if split == "test" else (*NEEDED, "label")):
            if row["split"] not in SPLIT_NAMES:
                raise InputError(f"{where}: {unknown('split', row['split'], SPLIT_NAMES)}")
            times = row["time_start"], row["time_end"]
            if not all(re.fullmatch(r"[0-9]{1,9}", time) for time in times):
                raise InputError(
                    f"{where}: {' to '.join(f'{time:.20}' for time in times)} are no times in whole seconds"
                )
            if not row["youtube_id"]:
                raise InputError(f"{where}: the youtube_id is empty")
            if int(times[1]) <= int(times[0]):
                raise InputError(f"{where}: the clip ends at {times[1]} s, and does not begin before ({times[0]} s)")
            id_, label = "_".join([row["youtube_id"], *(f"{int(time):06d}" for time in times)]), row.get("label")
            yield where, Annotation(id_, label or None, SPLIT_NAMES[row["split"]], paths.get(id_, f"{id_}.mp4"))

    annotations = collect(official, files, rows)
    used = {row.label for row in annotations.rows}
    annotations.classes = tuple(label for label in official if label in used)
    return annotations


def write(out: Path, annotations: Annotations) -> None:
    """Writes the annotation files of `annotations` to `out`, in the form that `read` takes."""
    for split, rows in annotations.by_split().items():
        name = "validate" if split == "validation" else split
        ids = (row.id.rsplit("_", 2) for row in rows)
        lines = [
            (row.label or "", id_, int(start), int(end), name, 0)
            for row, (id_, start, end) in zip(rows, ids, strict=True)
        ]
        with (out / f"{name}.csv").open("w", encoding="utf-8", newline="") as opened:
            csv.writer(opened, lineterminator="\n").writerows([HEADER, *lines])
