"""Something-Something-V2 as distributed: one WebM a clip, and JSON files.

labels.json maps each label to its number; the clips carry a template, which is the label with its objects bracketed:
"Holding [something] next to [something]" is the label "Holding something next to something".
"""

import json
from pathlib import Path
from typing import Any

from lcr.data.formats.annotations import Annotation, Annotations, Collector, check_root, read_text
from lcr.util.errors import InputError

MEDIA = "20bn-something-something-v2"
PREFIX = "something-something-v2-"
LAYOUT = (
    f"a Something-Something-V2 root holds {MEDIA}/<id>.webm and {PREFIX}labels.json, {PREFIX}train.json, "
    f"{PREFIX}validation.json and perhaps {PREFIX}test.json (or the same names without '{PREFIX}')"
)


def _file(root: Path, name: str) -> Path:
    """The annotation file of this name, with the long prefix or without; the long name when neither is there."""
    long, short = root / f"{PREFIX}{name}.json", root / f"{name}.json"
    if long.exists() and short.exists():
        raise InputError(f"both {long} and {short} are there; which one is meant? Remove the other")
    return short if short.exists() else long


def _read_json(file: Path) -> Any:
    try:
        return json.loads(read_text(file, LAYOUT), object_pairs_hook=lambda pairs: _no_duplicates(pairs, file))
    except json.JSONDecodeError as error:
        raise InputError(f"{file}, line {error.lineno}: no valid JSON: {error.msg}") from error
    except RecursionError as error:
        raise InputError(f"{file}: brackets are nested too deep; {LAYOUT}") from error


def _no_duplicates(pairs: list[tuple[str, Any]], file: Path) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InputError(f"{file}: duplicate key '{twice}'")
    return found


def read_classes(root: Path) -> tuple[str, ...]:
    """The labels in the order of their numbers in labels.json.

    Raises:
        InputError: the file is missing or malformed, or two labels have one number.
    """
    file = _file(root, "labels")
    content = _read_json(file)
    if not isinstance(content, dict) or not content:
        raise InputError(f"{file}: an object of label and number is expected")
    numbers: dict[int, str] = {}
    for label, number in content.items():
        if not str(number).isdecimal():
            raise InputError(f"{file}: label '{label}' has no number but '{number}'")
        if int(number) in numbers:
            raise InputError(f"{file}: labels '{numbers[int(number)]}' and '{label}' have the same number {number}")
        numbers[int(number)] = label
    return tuple(numbers[number] for number in sorted(numbers))


def label_of(template: str) -> str:
    """The label of a template: its brackets go, its words stay."""
    return template.replace("[", "").replace("]", "")


def read(root: Path) -> Annotations:
    """All clips that the annotation files name; the clips themselves are not looked at.

    Raises:
        InputError: the root, a file or the folder of clips is missing, or an entry is malformed (it is named).
    """
    check_root(root, LAYOUT, MEDIA)
    collector = Collector(read_classes(root))
    files = {split: _file(root, split) for split in ("train", "validation", "test")}
    if not files["test"].exists():
        del files["test"]
    for split, file in files.items():
        content = _read_json(file)
        if not isinstance(content, list):
            raise InputError(f"{file}: a list of clips is expected")
        for number, entry in enumerate(content, start=1):
            where = f"{file}, entry {number}"
            if not isinstance(entry, dict) or not isinstance(entry.get("id"), str | int):
                raise InputError(f"{where}: an object with an 'id' is expected")
            template = entry.get("template")
            if template is not None and not isinstance(template, str):
                raise InputError(f"{where}: 'template' must be text")
            id_ = str(entry["id"])
            label = label_of(template) if template else None
            collector.add(Annotation(id_, label, split, f"{MEDIA}/{id_}.webm"), where)
    return collector.finish(files)


def write(out: Path, annotations: Annotations) -> None:
    """Writes the annotation files of `annotations` to `out`, in the form that `read` takes."""

    def dump(name: str, content: Any) -> None:
        (out / f"{PREFIX}{name}.json").write_text(json.dumps(content, indent=0, ensure_ascii=False), encoding="utf-8")

    dump("labels", {label: str(number) for number, label in enumerate(annotations.classes)})
    for split in ("train", "validation", "test"):
        rows = [row for row in annotations.rows if row.split == split]
        if rows:
            dump(split, [{"id": row.id} | ({"template": row.label} if row.label else {}) for row in rows])
