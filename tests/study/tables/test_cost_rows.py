"""`lcr cost`: one model on the screen, all of a study's as a table."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from lcr.cli import app
from lcr.config.keys import recorded_key
from lcr.config.study import load_study
from lcr.cost.count import cost
from lcr.cost.table1 import FRAMES, table1
from lcr.model.models import MODELS
from lcr.study.tables import cost_rows as cost_table
from lcr.study.tables.cost_rows import Job, classes_of, rows_of
from lcr.study.tables.costs import COLUMNS
from lcr.study.tables.rows import read_rows
from lcr.util.errors import InputError

SOURCE = Path(__file__).parents[3]


def _run(*words):
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=True)


@pytest.fixture(scope="module")
def full():
    from lcr.config.study import load_variant

    return load_variant("full")


def test_cost_prints_every_component_exactly_and_the_totals():
    done = _run("cost", "lcr-tiny", "--frames", 2, "--views", 3)
    assert done.exit_code == 0, done.output
    found = cost(MODELS["lcr-tiny"], 2, memory=None)
    for name in found.components:
        assert name in done.output
        assert all(f"{number:,}" in done.output for number in found.component(name))
    assert f"{3 * found.gmacs:.6g} GMACs" in done.output
    assert "training step" in done.output


def test_memory_on_a_gpu_that_is_not_there_is_the_users_error(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert isinstance(_run("cost", "lcr-tiny", "--device", "cuda").exception, InputError)


@pytest.mark.parametrize("words", [(), ("lcr-tiny", "--study", "smoke")])
def test_a_model_or_a_study_is_asked_for_but_not_both(words):
    assert isinstance(_run("cost", *words).exception, InputError)


def test_components_add_up_to_the_whole_and_a_prediction_is_all_views(full):
    job = Job("jester-fixture", "lcr-tiny", MODELS["lcr-tiny"], full, 3, 9)
    rows = list(rows_of("made-up", job, cost(job.config, 3), "cpu"))
    assert all(set(row) <= set(COLUMNS) for row in rows)
    *parts, whole = rows
    assert whole["component"] == "all"
    for column in ("params", "macs", "flops", "elementwise"):
        assert sum(int(row[column]) for row in parts) == int(whole[column])
    for row in rows:
        assert int(row["flops"]) == 2 * int(row["macs"])
        assert int(row["flops_per_prediction"]) == 9 * int(row["flops"])
    assert float(whole["peak_mem_gb"]) > 0
    assert float(whole["train_mem_gb"]) > 0


def test_memory_that_is_not_measured_is_an_empty_cell_with_the_command_that_measures_it(full):
    job = Job("", "lcr-xl-224", MODELS["lcr-xl-224"], full, FRAMES, 9)
    assert not job.measured
    *_, whole = rows_of("made-up", job, cost(MODELS["lcr-tiny"], 1, memory=None), "cpu")
    assert "peak_mem_gb" not in whole
    assert "lcr cost lcr-xl-224" in whole["note"]
    assert Job("", "lcr-s-112", MODELS["lcr-s-112"], full, FRAMES, 1).measured


def test_the_table_has_every_ablation_of_the_studys_and_of_table_1s_models(tmp_path, monkeypatch):
    once = cost(MODELS["lcr-tiny"], 1, memory=None)
    monkeypatch.setattr(cost_table, "cost", lambda config, frames, memory: once)
    done = _run("cost", "--study", "smoke", "--results", tmp_path)
    assert done.exit_code == 0, done.output
    rows = read_rows(tmp_path / "smoke" / "cost.csv")
    study = load_study("smoke")
    counted = [(row["dataset"], row["model"], row["variant"]) for row in rows if row["component"] == "all"]
    own = [(name, one.model, variant) for name, one in study.datasets.items() for variant in study.variants]
    assert counted == own + [("", row.name, variant) for row in table1() for variant in study.variants]
    assert recorded_key(tmp_path / "smoke" / "cost.json")


def test_classes_are_those_drawn_or_indexed_or_official(tmp_path, monkeypatch):
    smoke = load_study("smoke")
    assert [classes_of(smoke, name) for name in smoke.datasets] == [3, 2, 12]
    paper = load_study("paper")
    assert [classes_of(paper, name) for name in paper.datasets] == [27, 174, 400]
    monkeypatch.chdir(tmp_path)
    real = load_study("paper", {"jester": str(tmp_path)}, SOURCE)
    with pytest.raises(InputError, match="lcr data index"):
        classes_of(real, "jester")
