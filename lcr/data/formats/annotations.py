"""Annotations: one row a clip, and the checks that all three readers share.

Annotation files are taken as distributed. Changes by an editor or a spreadsheet (a byte-order mark, another separator,
blank or doubled lines) are refused with the file and the line, since a line that is silently skipped or misread becomes
a clip that silently leaves a study.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lcr.util.errors import InputError, unknown

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Annotation:
    """One clip as annotated.

    Attributes:
        id: the clip's name, unique in the dataset.
        label: None in test files that come without labels.
        split: train, validation or test.
        path: the clip's file or folder, relative to the root, with forward slashes.
    """

    id: str
    label: str | None
    split: str
    path: str


@dataclass
class Annotations:
    """All clips of a dataset and its classes in the official order (position = class number)."""

    classes: tuple[str, ...]
    rows: list[Annotation] = field(default_factory=list)

    def by_split(self) -> dict[str, list[Annotation]]:
        """The rows of each split that has any."""
        return {split: rows for split in SPLITS if (rows := [row for row in self.rows if row.split == split])}


def collect(
    classes: tuple[str, ...],
    files: dict[str, Path],
    rows: Callable[[str, Path], Iterable[tuple[str, Annotation]]],
) -> Annotations:
    """The annotations of all files, checked.

    Args:
        files: the annotation file of each split.
        rows: reads the file of a split: each row after its position ("FILE, line N"), for messages.

    Raises:
        InputError: an id is malformed or given twice, a label is unknown or missing, or the train or validation file
            names no clip.
    """
    known, seen, found = frozenset(classes), dict[str, str](), Annotations(classes)
    for split, file in files.items():
        for where, row in rows(split, file):
            if not re.fullmatch(r"[A-Za-z0-9_-]{1,200}", row.id):  # ids become paths, which must stay below the root
                raise InputError(
                    f"{where}: '{row.id:.80}' is no clip id (at most 200 letters, digits, - and _); is the separator "
                    "right?"
                )
            if row.label is not None and row.label not in known:
                raise InputError(f"{where}: {unknown('label', row.label, classes)}")
            if row.label is None and row.split != "test":
                raise InputError(f"{where}: clip {row.id} has no label; only test clips may go without")
            if row.id in seen:
                raise InputError(f"{where}: clip {row.id} is a duplicate of {seen[row.id]}; remove one of them")
            seen[row.id] = where
            found.rows.append(row)
    if empty := {"train", "validation"}.difference(found.by_split()):
        raise InputError(f"{' and '.join(str(files[split]) for split in sorted(empty))} names no clip")
    return found


def read_text(path: Path, layout: str) -> str:
    """The text of an annotation file.

    Raises:
        InputError: it is missing, empty, not UTF-8, or starts with a byte-order mark.
    """
    if not path.is_file():
        raise InputError(f"no annotation file {path}; {layout}")
    data = path.read_bytes()
    if data.startswith(b"\xef\xbb\xbf"):
        raise InputError(
            f"{path} starts with a byte-order mark (BOM), as spreadsheets write it; save it as plain UTF-8"
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(f"{path}, line {line}: not UTF-8 text; save the file as plain UTF-8") from error
    if not text.strip():
        raise InputError(f"{path} is empty")
    return text


def read_lines(path: Path, layout: str) -> Iterator[tuple[str, str]]:
    """The lines of an annotation file, each after its position ("FILE, line N"), for messages.

    Raises:
        InputError: as `read_text`, or a line is blank.
    """
    for number, line in enumerate(read_text(path, layout).splitlines(), start=1):
        where = f"{path}, line {number}"
        if not line.strip():
            raise InputError(f"{where}: blank line; remove it")
        yield where, line.strip()


def check_root(root: Path, layout: str, media: str = "") -> None:
    """Refuses a root that is not there, or that lacks its folder of clips.

    Raises:
        InputError: `root` is no folder, or has no folder `media`.
    """
    for folder in (root, root / media):
        if not folder.is_dir():
            raise InputError(f"no folder {folder}; {layout}")
