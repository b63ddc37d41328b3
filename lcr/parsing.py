"""YAML to typed configuration, with errors in the user's words."""

from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from lcr.errors import InputError, nearest, unknown

C = TypeVar("C", bound=BaseModel)


def _explain(error: ValidationError, kind: type[BaseModel], where: str) -> InputError:
    """One problem of a configuration, in the user's words: an unknown key first, with the nearest known one.

    A misspelt key is a missing one too, and that alone would hide why.
    """
    problems = error.errors()
    first = next((one for one in problems if one["type"] == "extra_forbidden"), problems[0])
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return InputError(f"{where}: {unknown('key', place, _perhaps_meant(kind, first['loc']))}")
    return InputError(f"{where}: {place or 'the whole'}: {first['msg']}")


def _perhaps_meant(kind: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """Known keys for an unknown one: the nearest beside it, else those beside it, at the top with all below them."""
    *above, key = place
    for part in above:
        kind = _inside(kind, part)
    near = nearest(str(key), kind.model_fields)
    if near:
        return [".".join(map(str, (*above, near)))]
    return list(kind.model_fields) if above else _keys(kind)


def _inside(kind: Any, part: int | str) -> Any:
    """The type that `part` leads to: of a configuration's field, or of a value in a mapping or sequence."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        inner = kind.model_fields[str(part)].annotation
        return get_args(inner)[0] if isinstance(inner, UnionType) else inner  # as in `Part | None`
    return get_args(kind)[isinstance(part, str)]  # dict[str, Part], or tuple[Part, ...]


def _keys(kind: type[BaseModel], prefix: str = "") -> list[str]:
    keys = []
    for name, field in kind.model_fields.items():
        keys.append(prefix + name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            keys += _keys(field.annotation, f"{prefix}{name}.")
    return keys


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


class _OnceLoader(yaml.SafeLoader):
    """A YAML loader that refuses a key given twice, of which the first would count for nothing."""

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
        InputError: it is no YAML in UTF-8, or gives a key twice; the file and the place are named.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _OnceLoader)
    except (ValueError, RecursionError) as error:  # an encoding, an impossible date, brackets without end
        raise InputError(f"{path}: no valid YAML: {error}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InputError(f"{path}{place}: no valid YAML: {problem}") from error
