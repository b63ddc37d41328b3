"""`lcr verify` of hostile or damaged results ends with the list of all findings."""

import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lcr.commands.evidence import checked
from lcr.config.keys import record_key
from lcr.config.study_keys import cost_key
from lcr.evidence.hashes import NAME
from lcr.util.reading import MOST_TEXT
from tests.evidence.conftest import DATASET, OWN, RESULTS, RUN, STUDY

pytestmark = pytest.mark.slow

LAST = OWN / "table2.csv"  # a finding at it shows that nothing before it ended the list


def gone(path: Path) -> None:
    path.unlink()


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def huge(path: Path) -> None:
    """A sparse file that claims more than any text has."""
    with path.open("r+b") as opened:
        opened.truncate(MOST_TEXT + 1)


def content(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def many_rows(path: Path) -> None:
    """A valid parquet file of few bytes that unfolds to 10⁷ values."""
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 10**6, pa.int32()), pa.array(["x"]))
    table = pa.table({f"c{number}": column for number in range(10)})
    pq.write_table(table, path, compression="zstd")


def strange_types(path: Path) -> None:
    pq.write_table(pa.table({"id": [[1], None], "label": ["a", "b"], "prediction": [None, None]}), path)


RECORD, MANIFEST = RUN / "run.json", Path(f".lcr/data/made-up/{DATASET}/manifest.parquet")
PREDICTIONS, TEMPORAL, METRICS = (RUN / name for name in ("predictions.parquet", "temporal.parquet", "metrics.jsonl"))
JSON, PARQUET = [RECORD, RESULTS / NAME, OWN / "cost.json"], [PREDICTIONS, TEMPORAL, MANIFEST]
ALL = [*JSON, *PARQUET, METRICS, OWN / "ablations.csv"]
DAMAGE = {
    **{one.__name__: (one, ALL) for one in (folder, fifo, loop, device, cut)},
    "gone": (gone, [path for path in ALL if path.name not in ("cost.json", "ablations.csv")]),
    "huge": (huge, JSON),
    "deep": (content(b"[" * 100_000), [*JSON, METRICS]),
    "nested": (content(b'{"a":' * 100_000), [*JSON, METRICS]),
    **{str(text): (content(text), JSON) for text in (b"", b'"x"', b"[]", b"null", b"NaN", b"\xff\xfe{", b'{"key": 5}')},
    "digits": (content(b'{"seed": ' + b"9" * 5000 + b"}"), JSON),
    "twice": (content(b'{"study": "made-up", "study": "made-up"}'), JSON),
    "many rows": (many_rows, PARQUET),
    "types": (strange_types, PARQUET),
    "bytes": (content(b"PAR1" + bytes(range(256)) + b"PAR1"), ALL),
    "quote": (content(b'"' * 300_000), ALL),
}


@pytest.fixture
def edited(finished) -> None:
    """Finished results with one wrong cell in the table that is checked last."""
    record_key(OWN / "cost.json", cost_key(finished.study))
    head, row, *rows = LAST.read_text().splitlines(keepends=True)
    LAST.write_text("".join([head, "x" + row, *rows]))


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_to_many_files_at_once_is_named_for_each(edited, kind):
    damage, paths = DAMAGE[kind]
    for path in paths:
        damage(path)
    problems = checked(str(RESULTS), STUDY).problems
    for path in [*paths, LAST]:
        assert any(str(path) in problem for problem in problems), path
    assert not any("\n" in problem for problem in problems)
