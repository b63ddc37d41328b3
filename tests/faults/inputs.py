"""Inputs of the fuzz: mutations of a valid file, and generated ones. Sealed files are sealed again after a mutation.

A seal that is wrong ends the reading at once; a stranger who writes a file can seal it, so the fuzz does so too.
"""

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml
from hypothesis import strategies as st

from lcr.util.parquet import write_sealed_parquet
from lcr.util.seals import MARKER, PLACEHOLDER, seal

Edit = Callable[[bytes], bytes]
SEALED = re.compile(re.escape(MARKER) + b".{64}", re.DOTALL)
HOSTILE = (
    *(None, True, "", "x", "../..", "-x", "\x00", "\ud800", "a" * 5000, -1, 0, 2**31, 2**63, 10**30, 0.5),
    *(math.nan, math.inf, [], {}, [None], [[]], ["x"], {"a": 1}, {"": None}, [[[[[[[[1]]]]]]]], ["x"] * 2000),
)
TOKENS = (
    *(b"", b"\x00", b"\xff", b"\n", b"\r\n", b"\t", b",", b";", b'"', b"'", b"{", b"}", b"[" * 3000, b"{" * 3000),
    *(
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"&a [*a, *a]",
        b"<<: ",
        b"*x",
        b"!!python/object:os.system ",
        b"? ",
        b"- " * 500,
    ),
    *(b"NaN", b"1e999", b"9" * 5000, b"-1", b"null", b"true", b"PAR1", b"\x00" * 64, b"\xff" * 8, b"../", b"/"),
)


def _edit(kind: int, at: float, length: int, token: bytes) -> Edit:
    def apply(data: bytes) -> bytes:
        start = int(at * len(data))
        inside = data[start : start + length]
        new = (token, b"", inside + inside, bytes(255 - one for one in inside), token + inside)[kind]
        return data[:start] + new + data[start + length :] if kind < 4 else data[:start] + new

    return apply


EDITS = st.lists(
    st.builds(
        _edit,
        st.integers(0, 4),
        st.floats(0, 1, exclude_max=True),
        st.integers(0, 40),
        st.sampled_from(TOKENS) | st.binary(max_size=16),
    ),
    min_size=1,
    max_size=4,
)


def mutated(sample: bytes) -> st.SearchStrategy[bytes]:
    """A file with a few parts cut out, doubled, inverted or exchanged; now and then bytes of no form at all."""

    def apply(edits: list[Edit]) -> bytes:
        data = sample
        for edit in edits:
            data = edit(data)
        return data

    return EDITS.map(apply) | st.binary(max_size=200)


def _places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place, *(found for key, one in inner for found in _places(one, (*place, key)))]


def _with(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    """A copy of a JSON value with another one at a place; the place goes where `new` is Ellipsis."""
    if not place:
        return None if new is ... else new
    key, *rest = place
    if isinstance(value, dict):
        found = value | {key: _with(value.get(key), tuple(rest), new)}
        return {name: one for name, one in found.items() if not (not rest and new is ... and name == key)}
    if not isinstance(value, list):  # an earlier change took the place away
        return value
    return [_with(one, tuple(rest), new) if number == key else one for number, one in enumerate(value)]


def restructured(value: Any, write: Callable[[Any], bytes]) -> st.SearchStrategy[bytes]:
    """A JSON value with up to three of its parts of another type, absurd, missing or added."""
    places = _places(value)
    change = st.tuples(st.sampled_from(places), st.sampled_from((..., *HOSTILE)))
    added = st.builds(lambda place, new: ((*place, "added"), new), st.sampled_from(places), st.sampled_from(HOSTILE))

    def apply(changes: list[tuple[tuple[Any, ...], Any]]) -> bytes:
        found = value
        for place, new in changes:
            found = _with(found, place, new)
        return write(found)

    return st.lists(change | added, min_size=1, max_size=3).map(apply)


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def as_yaml(value: Any) -> bytes:
    return yaml.dump(value, allow_unicode=True).encode("utf-8", "surrogatepass")


def json_files(sample: bytes) -> st.SearchStrategy[bytes]:
    return mutated(sample) | restructured(json.loads(sample), as_json)


def json_lines(sample: bytes) -> st.SearchStrategy[bytes]:
    lines = [json.loads(line) for line in sample.splitlines()]
    return mutated(sample) | restructured(lines, lambda value: b"\n".join(map(as_json, _listed(value))) + b"\n")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def yaml_files(sample: bytes) -> st.SearchStrategy[bytes]:
    return mutated(sample) | restructured(yaml.safe_load(sample), as_yaml)


def put(path: Path, data: bytes) -> None:
    """Writes a file; where it holds one seal, that is made right."""
    path.write_bytes(SEALED.sub(PLACEHOLDER.encode(), data))
    try:
        seal(path)
    except ValueError:
        path.write_bytes(data)


COLUMNS: dict[str, Callable[[pa.ChunkedArray], pa.Array | pa.ChunkedArray]] = {
    "null": lambda column: pa.nulls(len(column), column.type),
    "untyped": lambda column: pa.nulls(len(column)),
    "text": lambda column: pa.array(["x"] * len(column)),
    "empty": lambda column: pa.array([""] * len(column)),
    "bytes": lambda column: pa.array([b"\xff"] * len(column)),
    "number": lambda column: pa.array([2**62] * len(column)),
    "negative": lambda column: pa.array([-(2**31)] * len(column), pa.int32()),
    "nan": lambda column: pa.array([math.nan] * len(column)),
    "list": lambda column: pa.array([[1, None]] * len(column)),
    "struct": lambda column: pa.array([{"a": 1}] * len(column)),
    "same": lambda column: pa.array([column[0].as_py()] * len(column), column.type),
    "first null": lambda column: pa.array([None, *column.to_pylist()[1:]], column.type),
}


def tables(sample: pa.Table) -> st.SearchStrategy[pa.Table]:
    """A table with columns of other types and values, lost, renamed or doubled, or with other metadata or rows."""
    names = st.sampled_from(sample.column_names)
    column = st.tuples(names, st.sampled_from(list(COLUMNS))).map(lambda chosen: ("column", *chosen))
    renamed = st.tuples(names, st.sampled_from(["", "x", *sample.column_names])).map(lambda two: ("name", *two))
    lost = names.map(lambda name: ("drop", name, ""))
    rows = st.sampled_from(["none", "twice", "reversed", "first"]).map(lambda kind: ("rows", kind, ""))
    keys = st.sampled_from([b"none", *(sample.schema.metadata or {})])
    about = st.tuples(keys, st.sampled_from(TOKENS) | st.sampled_from(HOSTILE).map(as_json))
    change = column | renamed | lost | rows | about.map(lambda two: ("about", *two))

    def apply(changes: list[tuple[str, Any, Any]]) -> pa.Table:
        table = sample
        for what, name, how in changes:
            table = _changed(table, what, name, how)
        return table

    return st.lists(change, min_size=1, max_size=3).map(apply)


def _changed(table: pa.Table, what: str, name: Any, how: Any) -> pa.Table:
    if what == "rows":
        parts = {"none": table[:0], "twice": pa.concat_tables([table] * 2), "first": table[:1]}
        return parts.get(name, table.take(pa.array(range(len(table) - 1, -1, -1), pa.int64())))
    if what == "about":
        return table.replace_schema_metadata({} if name == b"none" else (table.schema.metadata or {}) | {name: how})
    if name not in table.column_names or not len(table):
        return table
    at = table.column_names.index(name)
    if what == "drop":
        return table.remove_column(at)
    if what == "name":
        return table.rename_columns([how if number == at else one for number, one in enumerate(table.column_names)])
    return table.set_column(at, name, COLUMNS[how](table.column(at)))


def put_table(path: Path, table: pa.Table | bytes) -> None:
    """Writes a sealed parquet file: of a table, or of bytes."""
    put(path, table) if isinstance(table, bytes) else write_sealed_parquet(path, table)


def safetensors(sample: bytes) -> st.SearchStrategy[bytes]:
    """A file of weights with another header, or with other bytes."""
    length = int.from_bytes(sample[:8], "little")
    header = json.loads(sample[8 : 8 + length])
    about = json.loads(header["__metadata__"]["about"])

    def with_header(data: bytes) -> bytes:
        return len(data).to_bytes(8, "little") + data + sample[8 + length :]

    def with_about(data: bytes) -> bytes:
        described = {"about": data.decode("utf-8", "replace")}
        return with_header(as_json(header | {"__metadata__": described}))

    described = restructured(about, as_json).map(with_about)
    return mutated(sample) | restructured(header, as_json).map(with_header) | described
