"""YAML to typed configuration, with errors in the user's words."""

from collections.abc import Iterable
from math import inf
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from lcr.util.errors import InputError, nearest, printable, unknown_meant

C = TypeVar("C", bound=BaseModel)
MOST_BYTES = 128 * 1024  # of a YAML file; the longest of ours has 11 KiB
MOST_DEPTH = 50  # of lists and mappings in each other
MOST_VALUES = 20_000  # of a YAML file, each counted as often as aliases and merges repeat it


class Frozen(BaseModel):
    """A configuration: immutable, typed, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


def _explain(error: ValidationError, kind: type[BaseModel], where: str) -> InputError:
    """One problem of a configuration, in the user's words: an unknown key first, with the nearest known one.

    A misspelt key is a missing one too, and that alone would hide why.
    """
    problems = error.errors()
    first = next((one for one in problems if one["type"] == "extra_forbidden"), problems[0])
    if first["type"] == "extra_forbidden":
        return InputError(f"{where}: {_unknown(kind, first['loc'])}")
    return InputError(f"{where}: {_dotted(first['loc']) or 'the whole'}: {first['msg']}")


def _unknown(kind: type[BaseModel], place: tuple[int | str, ...]) -> InputError:
    """The error for the key at `place`: the nearest beside it or below is named, else all beside it."""
    *above, key = place
    for part in above:
        kind = _inside(kind, part)
    # by their last parts; of two that are equal, the one nearer the top, then the earlier field
    known = sorted(enumerate(_keys(kind)), key=lambda one: (-one[1].count("."), -one[0]))
    there = {one.split(".")[-1]: one for _, one in known}
    near = nearest(str(key), there)
    return unknown_meant("key", _dotted(place), near and _dotted([*above, there[near]]), kind.model_fields)


def _inside(kind: Any, part: int | str) -> Any:
    """The type that `part` leads to: of a configuration's field, or of a value in a mapping or sequence."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _not_none(kind.model_fields[str(part)].annotation)
    return get_args(kind)[get_origin(kind) is dict]  # dict[str, Part], or tuple[Part, ...]


def _not_none(kind: Any) -> Any:
    return get_args(kind)[0] if isinstance(kind, UnionType) else kind  # as in `Part | None`


def _keys(kind: type[BaseModel], prefix: str = "") -> list[str]:
    """All keys of a configuration and of its parts, as in `model.readings.decay`."""
    keys = []
    for name, field in kind.model_fields.items():
        keys.append(prefix + name)
        part = _not_none(field.annotation)
        if isinstance(part, type) and issubclass(part, BaseModel):
            keys += _keys(part, f"{prefix}{name}.")
    return keys


def _dotted(place: Iterable[int | str]) -> str:
    return printable(".".join(map(str, place)))


def parse(kind: type[C], data: Any, where: str) -> C:
    """`data` as a configuration of `kind`.

    Raises:
        InputError: a key is unknown, missing or of the wrong type, or there are none; `where` is named.
    """
    if not isinstance(data, dict):
        found = "nothing" if data is None else f"{type(data).__name__} {data!r:.60}"
        raise InputError(
            f"{where}: expected keys with values (such as `{next(iter(kind.model_fields))}: …`), found {found}"
        )
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise _explain(error, kind, where) from error


def _expanded(node: yaml.Node, sizes: dict[int, float]) -> float:
    """Values below a node, with those of an alias counted at each use; infinite where a node holds itself."""
    if id(node) not in sizes:
        sizes[id(node)] = inf
        below = node.value if isinstance(node, yaml.CollectionNode) else ()
        parts = (part for one in below for part in (one if isinstance(one, tuple) else (one,)))
        sizes[id(node)] = 1 + sum(_expanded(part, sizes) for part in parts)
    return sizes[id(node)]


def _too_much(why: str, mark: yaml.Mark) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, f"{why}; write fewer", mark)


class _OnceLoader(yaml.SafeLoader):
    """A YAML loader that refuses duplicate keys and alias bombs."""

    depth = composed = 0

    def get_single_node(self) -> yaml.Node | None:
        node = super().get_single_node()
        if node is not None and _expanded(node, {}) > MOST_VALUES:
            raise _too_much(f"aliases and merges make more than {MOST_VALUES} values of it", node.start_mark)
        return node

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node:
        self.depth, self.composed = self.depth + 1, self.composed + 1
        if self.depth > MOST_DEPTH or self.composed > MOST_VALUES:
            mark = self.peek_event().start_mark
            raise _too_much(f"more than {MOST_VALUES} values, or {MOST_DEPTH} of them in each other", mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        lines: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                continue
            if (key.tag, key.value) in lines:
                first = lines[key.tag, key.value]
                raise yaml.constructor.ConstructorError(
                    None, None, f"'{key.value}' is given twice, first in line {first}; leave one out", key.start_mark
                )
            lines[key.tag, key.value] = key.start_mark.line + 1
        return node


def read_yaml(path: Path) -> Any:
    """The content of a YAML file.

    Raises:
        InputError: it is no YAML in UTF-8, gives a key twice, or is too large; the file and the place are named.
    """
    try:
        with path.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise InputError(f"{path} has more than {MOST_BYTES // 1024} KiB, the limit of a YAML file")
        return yaml.load(content.decode("utf-8"), _OnceLoader)
    except (ValueError, RecursionError, LookupError, AttributeError, TypeError) as error:  # what its tags cannot hold
        raise InputError(f"{path}: no valid YAML: {error}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InputError(f"{path}{place}: no valid YAML: {problem}") from error


def yaml_value(text: str, where: str) -> Any:
    """The value of a piece of YAML in one line.

    Raises:
        InputError: it is no YAML; `where` is named.
    """
    try:
        return yaml.load(text, _OnceLoader)
    except (yaml.YAMLError, ValueError, RecursionError, LookupError, AttributeError, TypeError) as error:
        raise InputError(f"{where}: the value is no valid YAML") from error
