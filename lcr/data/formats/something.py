"""Something-Something-V2 as distributed: one WebM a clip, and JSON files.

labels.json maps each label to its number; the clips carry a template, which is the label with its objects bracketed:
"Holding [something] next to [something]" is the label "Holding something next to something".
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lcr.data.formats.annotations import SPLITS, Annotation, Annotations, check_root, collect, read_text
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


def _read_json(file: Path, kind: type[list] | type[dict]) -> Any:
    """A JSON file of a list of clips, or of an object of labels and numbers."""

    def no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        if len(set(keys)) < len(keys):
            raise InputError(f"{file}: duplicate key '{max(keys, key=keys.count)}'")
        return dict(pairs)

    try:
        content = json.loads(read_text(file, LAYOUT), object_pairs_hook=no_duplicates)
    except json.JSONDecodeError as error:
        raise InputError(f"{file}, line {error.lineno}: no valid JSON: {error.msg}") from error
    except ValueError as error:
        raise InputError(f"{file}: a number in it has thousands of digits") from error
    except RecursionError as error:
        raise InputError(f"{file}: brackets are nested too deep; {LAYOUT}") from error
    if not isinstance(content, kind):
        raise InputError(f"{file}: {'a list of clips' if kind is list else 'an object of label and number'} is needed")
    return content


def _classes(root: Path) -> tuple[str, ...]:
    """The labels in the order of their numbers in labels.json."""
    file = _file(root, "labels")
    numbers: dict[int, str] = {}
    for label, number in _read_json(file, dict).items():
        if not re.fullmatch(r"[0-9]{1,9}", str(number)) or int(number) in numbers:
            raise InputError(f"{file}: label '{label:.80}' needs a number of its own, not '{number!s:.80}'")
        numbers[int(number)] = label
    return tuple(numbers[number] for number in sorted(numbers))


def _rows(split: str, file: Path) -> Iterator[tuple[str, Annotation]]:
    for number, entry in enumerate(_read_json(file, list), start=1):
        where = f"{file}, entry {number}"
        if not isinstance(entry, dict) or type(entry.get("id")) not in (str, int):  # `true` is an int as well
            raise InputError(f"{where}: an object with an 'id' is expected")
        id_, template = str(entry["id"]), entry.get("template") or ""
        if not isinstance(template, str):
            raise InputError(f"{where}: 'template' must be text")
        label = template.replace("[", "").replace("]", "")  # the brackets go, the words stay
        yield where, Annotation(id_, label or None, split, f"{MEDIA}/{id_}.webm")


def read(root: Path) -> Annotations:
    """All clips that the annotation files name; the clips themselves are not looked at.

    Raises:
        InputError: the root, a file or the folder of clips is missing, or an entry is malformed (it is named).
    """
    check_root(root, LAYOUT, MEDIA)
    files = {split: file for split in SPLITS if (file := _file(root, split)).exists() or split != "test"}
    return collect(_classes(root), files, _rows)


def write(out: Path, annotations: Annotations) -> None:
    """Writes the annotation files of `annotations` to `out`, in the form that `read` takes."""
    files = {
        split: [{"id": row.id} | ({"template": row.label} if row.label else {}) for row in rows]
        for split, rows in annotations.by_split().items()
    }
    for name, content in {"labels": {label: str(at) for at, label in enumerate(annotations.classes)}, **files}.items():
        text = json.dumps(content, indent=0, ensure_ascii=False)
        (out / f"{PREFIX}{name}.json").write_text(text, encoding="utf-8")
