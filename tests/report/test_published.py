"""What the README says of the committed reference is what the reference says."""

import json
import re
from collections import Counter
from pathlib import Path
from statistics import mean

import pytest

from lcr.study.tables.registry import markdown
from lcr.study.tables.rows import read_rows

PROJECT = Path(__file__).parents[2]
REFERENCE = PROJECT / "results" / "reference"


@pytest.fixture(scope="module")
def readme() -> str:
    """The project's README, in one line a paragraph."""
    return re.sub(r"\s+", " ", (PROJECT / "README.md").read_text(encoding="utf-8"))


def test_its_table_is_table2(readme):
    lines = markdown("table2", read_rows(REFERENCE / "table2.csv")).splitlines()
    assert sum(line.startswith("| LCR (") for line in lines) == 6
    for line in lines:
        assert re.sub(r"\s+", " ", line.strip()) in readme


def test_how_many_trainings_there_are_and_how_long_they_took(readme):
    seconds = [json.loads(file.read_text())["train_seconds"] for file in REFERENCE.glob("tiny/*/*/*/run.json")]
    assert f"{len(seconds)} trainings of {mean(seconds):.0f} s on average" in readme


def test_verdicts_are_counted(readme):
    rows = [row for row in read_rows(REFERENCE / "claims.csv") if not row["where"].startswith("ablations/")]
    count = Counter(row["verdict"] for row in rows)
    implied = sum(row["verdict"] == "supported" and row["claim"].startswith("(implied)") for row in rows)
    assert (
        f"Of {len(rows)} claims of the paper, {count['supported']} are supported ({implied} of them only implied"
        in readme
    )
    assert (
        f"{count['contradicted']} contradicted (5 by one unit, the T of Table 2's FLOPs), {count['inconclusive']} "
        f"inconclusive and {count['untested']} untested" in readme
    )


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("as_is", "it is right in {}% [{}, {}] of the clips as they are"),
        ("last_frame", "{}% [{}, {}] with the last frame repeated"),
        ("reversed", "{}% [{}, {}] played backward"),
    ],
)
def test_how_the_model_sees_time(readme, condition, words):
    wanted = {"variant": "full", "dataset": "jester-fixture", "condition": condition}
    row = next(row for row in read_rows(REFERENCE / "temporal.csv") if wanted.items() <= row.items())
    cells = (row[f"pair_accuracy{end}"] for end in ("", "_ci_low", "_ci_high"))
    assert words.format(*(f"{float(cell):.1f}" for cell in cells)) in readme


@pytest.mark.parametrize(
    ("variant", "sign", "words"),
    [
        ("no_tube_mask", 1, "by {:.0f}, {:.0f} and {:.0f} points"),
        ("no_edge_prompt", -1, "Without the edge prompt the model is {:.0f}, {:.0f} and {:.0f} points worse"),
        ("lstm_gate", -1, "with plain LSTM gates {:.0f}, {:.0f} and {:.0f}."),
        ("nonzero_init", 1, "({:+.1f}, {:+.1f} and {:+.1f} points)"),
    ],
)
def test_how_far_the_ablations_are_from_the_full_model(readme, variant, sign, words):
    rows = {row["dataset"]: row for row in read_rows(REFERENCE / "ablations.csv") if row["variant"] == variant}
    deltas = [sign * float(rows[f"{name}-fixture"]["delta_top1"]) for name in ("jester", "something", "kinetics")]
    assert words.format(*deltas) in readme


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        ("additive", "two directions reach {}% [{}, {}]"),
        ("additive-unidirectional", "one {}% [{}, {}], over {seeds} seeds"),
    ],
)
def test_what_two_directions_give_where_all_tokens_are_read(readme, reading, words):
    wanted = {"discrepancy": "kv-source", "reading": reading}
    row = next(row for row in read_rows(REFERENCE / "readings.csv") if wanted.items() <= row.items())
    cells = (f"{float(row[f'top1{end}']):.1f}" for end in ("", "_ci_low", "_ci_high"))
    assert words.format(*cells, seeds=row["seeds"]) in readme
