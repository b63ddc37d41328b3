"""Rows that different backends, versions or instruction sets made say so, each its own, and are refused on demand."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from lcr.cli import app
from lcr.config.run import runs_of
from lcr.config.study import StudyConfig
from lcr.study.tables.frame import Source
from lcr.study.tables.registry import TABLES
from lcr.util.errors import InputError, Mismatch
from tests.sealed import edit_record
from tests.study.conftest import made_up_study, write_runs

TABLES_OF_RUNS = ("table2", "ablations", "temporal", "statistics")


@pytest.fixture
def study() -> StudyConfig:
    return made_up_study(seeds=2, variants=["full", "lstm_gate"])


@pytest.fixture
def results(study: StudyConfig, tmp_path: Path) -> Path:
    """The runs of `study`, each with a trainer and an evaluator that are alike in all."""
    write_runs(study, tmp_path / "results")
    for run in runs_of(study, tmp_path / "results"):
        record = json.loads((run.folder / "run.json").read_text())
        made = {"backend": record["wkv_backend"], "versions": record["versions"], "hardware": {"simd": "AVX2"}}
        edit_record(run.folder, training=made, evaluation=made)
    return tmp_path / "results"


def remake(study: StudyConfig, results: Path, variant: str, seed: int, part: str, **values: object) -> None:
    """Changes who trained or evaluated a run."""
    (run,) = (one for one in runs_of(study, results) if (one.variant.name, one.seed) == (variant, seed))
    record = json.loads((run.folder / "run.json").read_text())
    made = record[part] | values if values else None
    edit_record(run.folder, **{part: made})


def notes(study: StudyConfig, results: Path, table: str) -> dict[str, set[str]]:
    """The parts of the notes that are about makers, by variant."""
    rows = TABLES[table].make(Source(study, results, measure=False)).to_dict("records")
    return {
        row["variant"]: {part for part in row["note"].split("; ") if part.startswith("MIXED")}
        for row in rows
        if row["variant"]
    }


CHANGES = [
    ("training", {"hardware": {"simd": "AVX512"}}, "instruction set"),
    ("evaluation", {"hardware": {"simd": "AVX512"}}, "instruction set"),
    ("evaluation", {"hardware": {"simd": "AVX2", "gpu": "a GPU"}}, None),  # one alone tells of none to differ from
    ("training", {"hardware": {"simd": "AVX2"}, "threads": 1}, None),  # in the key, and not a difference of machines
    ("training", {}, "record of the training"),
]


@pytest.mark.parametrize("table", TABLES_OF_RUNS)
@pytest.mark.parametrize(("part", "values", "named"), CHANGES)
def test_seeds_that_were_not_made_alike_are_named_in_every_row(study, results, table, part, values, named):
    assert not any(notes(study, results, table).values())
    remake(study, results, "full", 1, part, **values)
    found = notes(study, results, table)
    if named is None:
        assert not any(found.values())
        return
    (own,), (other,) = found["full"], found["lstm_gate"]
    assert f"MIXED {named}" in own
    assert "(seeds 0) | " in own
    assert "(seeds 1)" in own
    assert other.startswith(f"MIXED {named}")
    assert "seeds" not in other


@pytest.mark.parametrize("part", ["training", "evaluation"])
def test_rows_that_differ_each_say_their_own_version_and_backend(study, results, part, monkeypatch):
    monkeypatch.setattr("lcr.config.run.Run.is_stale", lambda run, record: False)
    for seed in study.seeds:
        remake(study, results, "full", seed, part, versions={"torch": "1.0"}, backend="cpu")
        remake(study, results, "lstm_gate", seed, part, versions={"torch": "1.1"}, backend="torch")
    found = notes(study, results, "ablations")
    assert found["full"] == {
        f"MIXED torch in {part}: 1.0 (other rows: 1.1)",
        f"MIXED WKV backend in {part}: cpu (other rows: torch)",
    }
    assert found["lstm_gate"] == {
        f"MIXED torch in {part}: 1.1 (other rows: 1.0)",
        f"MIXED WKV backend in {part}: torch (other rows: cpu)",
    }


def test_a_training_resumed_elsewhere_mixes_in_itself(study, results):
    remake(study, results, "full", 0, "training", earlier=[{"hardware": {"simd": "AVX512"}}])
    (own,) = notes(study, results, "ablations")["full"]
    assert "AVX512 (seeds 0)" in own
    assert "AVX2 (seeds 0, 1)" in own


def command(study: StudyConfig, results: Path, *words: str):
    file = results.parent / "made-up.yaml"
    file.write_text(yaml.safe_dump(study.model_dump(mode="json")))
    return CliRunner().invoke(app, ["table", *words, "--study", str(file), "--results", str(results)])


@pytest.mark.parametrize("table", [*TABLES_OF_RUNS, "claims"])
def test_strict_refuses_a_table_of_mixed_runs_names_the_rows_and_writes_nothing(study, results, table):
    if table != "claims":  # which is made from other tables
        assert command(study, results, table, "--strict").exit_code == 0
        (results / "made-up" / f"{table}.csv").unlink()
    remake(study, results, "full", 1, "training", hardware={"simd": "AVX512"})
    done = command(study, results, table, "--strict")
    assert isinstance(done.exception, Mismatch)
    assert done.exception.exit_code == 1
    for row in ("jester-fixture/full", "jester-fixture/lstm_gate"):
        assert row in str(done.exception)
    assert not (results / "made-up" / f"{table}.csv").exists()


def test_strict_is_refused_for_a_table_that_no_run_is_behind(study, results):
    done = command(study, results, "table1", "--strict")
    assert isinstance(done.exception, InputError)
    assert "--strict" in str(done.exception)
