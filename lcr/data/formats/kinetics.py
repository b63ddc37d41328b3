"""Kinetics-400 as distributed: one MP4 a clip, in folders by label or flat, and CSV files with a header.

A file is named `<youtube_id>_<start>_<end>.mp4`, the times in seconds with six digits. YouTube ids hold `_` and may
begin with `-`, so names are read from the right. No list of labels comes with the data; the official one is in
`labels/`.
"""

import csv
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from lcr.config.datasets import official_labels
from lcr.data.formats.annotations import Annotation, Annotations, Collector, check_root, read_text
from lcr.util.errors import InputError, nearest, unknown

HEADER = ("label", "youtube_id", "time_start", "time_end", "split", "is_cc")
NEEDED = ("youtube_id", "time_start", "time_end", "split")  # test files go without a label, some files without is_cc
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


def parse_name(stem: str) -> tuple[str, int, int] | None:
    """(youtube_id, start, end) of a file name without its suffix, read from the right; None if it is no clip's name."""
    parts = stem.rsplit("_", 2)
    if len(parts) != 3 or not parts[0] or not all(re.fullmatch(r"[0-9]{6}", part) for part in parts[1:]):
        return None
    return parts[0], int(parts[1]), int(parts[2])


def clip_id(youtube_id: str, start: int, end: int) -> str:
    """The id of a clip: its file's name without the suffix."""
    return f"{youtube_id}_{start:06d}_{end:06d}"


def _annotation_files(root: Path) -> dict[str, Path]:
    """The CSV file of each split."""
    found: dict[str, Path] = {}
    for folder in (root, root / "annotations"):
        for file in sorted(folder.glob("*.csv")):
            match = re.search(r"(?:^|[_-])(train|val|validate|validation|test)\.csv$", file.name)
            if match is None:
                continue
            split = SPLIT_NAMES[match.group(1)]
            if split in found:
                raise InputError(f"both {found[split]} and {file} are there; which one is meant? Remove the other")
            found[split] = file
    for split, name in (("train", "train.csv"), ("validation", "validate.csv")):
        if split not in found:
            raise InputError(f"no annotation file {root / name}; {LAYOUT}")
    return found


def _lines(file: Path) -> Iterator[tuple[str, list[str]]]:
    """The fields of each line, with its place for messages."""
    reader = csv.reader(read_text(file, LAYOUT).splitlines())
    try:
        for fields in reader:
            yield f"{file}, line {reader.line_num}", fields
    except csv.Error as error:
        raise InputError(f"{file}, line {reader.line_num}: {error}; is a quotation mark left open before?") from error


def _rows(file: Path, needed: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    lines = _lines(file)
    where, fields = next(lines)
    header = [name.strip() for name in fields]
    lacking = [name for name in needed if name not in header]
    if lacking:
        strange = [name for name in header if name not in HEADER and nearest(name, lacking)]
        hint = "; ".join(str(unknown("column", name, lacking)) for name in strange) or f"it has {','.join(header)}"
        if len(header) == 1:
            hint = "the separator must be ','"
        raise InputError(f"{where}: the header lacks {', '.join(lacking)} of {','.join(HEADER)}; {hint}")
    for where, fields in lines:
        if not any(field.strip() for field in fields):
            raise InputError(f"{where}: blank line; remove it")
        if len(fields) != len(header):
            raise InputError(
                f"{where}: {len(fields)} fields where the header has {len(header)}; the separator must be ','"
            )
        yield where, {name: field.strip() for name, field in zip(header, fields, strict=True)}


def _seconds(text: str, where: str) -> int:
    if not text.isdecimal():
        raise InputError(f"{where}: '{text}' is no time in whole seconds")
    return int(text)


def _media(root: Path) -> dict[tuple[str, int, int], str]:
    """Where each clip lies, relative to the root; the first in alphabetical order where there are two."""
    places: dict[tuple[str, int, int], str] = {}
    for folder, subfolders, names in os.walk(root, followlinks=True):
        subfolders.sort()
        for name in sorted(names):
            clip = parse_name(name[:-4]) if name.endswith(".mp4") else None
            if clip is not None:
                places.setdefault(clip, (Path(folder) / name).relative_to(root).as_posix())
    return places


def read(root: Path) -> Annotations:
    """All clips that the annotation files name; the clips themselves are not looked at, only searched for.

    The classes are those official labels that the files use: all 400 of the whole dataset, fewer of a subset.

    Raises:
        InputError: the root or a file is missing, or a line is malformed: file and line are named.
    """
    check_root(root, LAYOUT)
    files = _annotation_files(root)
    places = _media(root)
    if not places:
        raise InputError(f"no clip below {root}; {LAYOUT}")
    official = official_labels("kinetics")
    collector = Collector(official)
    for split, file in files.items():
        for where, row in _rows(file, NEEDED if split == "test" else (*NEEDED, "label")):
            if row["split"] not in SPLIT_NAMES:
                raise InputError(f"{where}: {unknown('split', row['split'], SPLIT_NAMES)}")
            clip = (row["youtube_id"], _seconds(row["time_start"], where), _seconds(row["time_end"], where))
            id_ = clip_id(*clip)
            path = places.get(clip, f"{id_}.mp4")
            collector.add(Annotation(id_, row.get("label") or None, SPLIT_NAMES[row["split"]], path), where)
    annotations = collector.finish(files)
    used = {row.label for row in annotations.rows}
    annotations.classes = tuple(label for label in official if label in used)
    return annotations


def write(out: Path, annotations: Annotations) -> None:
    """Writes the annotation files of `annotations` to `out`, in the form that `read` takes."""
    for split, name in (("train", "train"), ("validation", "validate"), ("test", "test")):
        rows = [row for row in annotations.rows if row.split == split]
        if not rows:
            continue
        with (out / f"{name}.csv").open("w", encoding="utf-8", newline="") as opened:
            writer = csv.writer(opened, lineterminator="\n")
            writer.writerow(HEADER)
            for row in rows:
                youtube_id, start, end = parse_name(row.id) or (row.id, 0, 0)
                writer.writerow([row.label or "", youtube_id, start, end, name, 0])
