"""`lcr table` from the command line: what they write, print and refuse."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from lcr.cli import app
from lcr.report.notebooks import NOTEBOOKS
from lcr.study.tables.rows import read_rows
from lcr.util.errors import InputError
from tests.study.conftest import made_up_study, write_runs


@pytest.fixture
def made_up(tmp_path):
    """A study file and the folder of its runs."""
    study = made_up_study(seeds=2, variants=["full", "lstm_gate"])
    file = tmp_path / "made-up.yaml"
    file.write_text(yaml.safe_dump(study.model_dump(mode="json")))
    return file, write_runs(study, tmp_path / "results")


def _run(*words):
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=True)


@pytest.mark.parametrize("name", ["table2", "ablations", "temporal", "statistics"])
def test_a_table_is_made_for_its_study_and_published_on_demand(made_up, name):
    file, results = made_up
    done = _run("table", name, "--study", file, "--results", results)
    assert done.exit_code == 0, done.output
    assert not (results / f"{name}.csv").exists()
    _run("table", name, "--study", file, "--results", results, "--publish")
    assert (results / f"{name}.csv").read_bytes() == (results / "made-up" / f"{name}.csv").read_bytes()
    assert len(read_rows(results / f"{name}.csv")) > 1


def test_markdown_is_printed_and_nothing_written(made_up):
    file, results = made_up
    done = _run("table", "table2", "--study", file, "--results", results, "--format", "markdown")
    assert done.output.startswith("| Method | Clips of | Top-1 (%)")
    assert "generated clips, not the paper's data" in done.output
    assert not (results / "made-up" / "table2.csv").exists()


def test_runs_cannot_be_mixed_where_no_runs_are_tabulated(made_up):
    done = _run("table", "claims", "--study", made_up[0], "--mixed")
    assert "--mixed has no effect on claims" in str(done.exception)


def test_a_gap_is_an_error_that_names_it_and_nothing_is_published(made_up):
    file, results = made_up
    (results / "made-up/jester-fixture/full/seed-1/predictions.parquet").unlink()
    done = _run("table", "table2", "--study", file, "--results", results, "--publish")
    assert done.exit_code != 0
    assert isinstance(done.exception, InputError)
    assert "jester-fixture/full, seed 1: no predictions.parquet" in str(done.exception)
    assert not (results / "table2.csv").exists()


def test_the_answer_is_made_from_the_tables_and_says_where(finished, tmp_path):
    shutil.copytree(finished.results, tmp_path / "results")
    (tmp_path / "results/made-up/figures").mkdir()
    for name in NOTEBOOKS:
        (tmp_path / f"results/made-up/figures/{name}.png").write_bytes(b"picture")
    done = _run("answer", "--study", "made-up", "--results", tmp_path / "results")
    assert done.exit_code == 0, done.output
    assert [Path(line).name for line in done.output.split()] == ["README.md", "answer.html"]
    assert all(Path(line).is_file() for line in done.output.split())


def test_an_unknown_table_is_refused_before_any_run_is_read(made_up):
    done = _run("table", "ablation", "--study", made_up[0])
    assert isinstance(done.exception, InputError)
    assert "did you mean 'ablations'" in str(done.exception)


def test_tables_need_no_torch():
    modules = "lcr.study.tables.registry, lcr.report.figures.ablations, lcr.commands.tables"
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_runs_of_different_data_share_a_column_only_where_that_is_asked_for(made_up, rewrite):
    file, results = made_up
    rewrite(results / "made-up/jester-fixture/full/seed-1", data_hash="another")
    words = ("table", "ablations", "--study", file, "--results", results)
    refused = _run(*words)
    assert isinstance(refused.exception, InputError)
    assert "--mixed" in str(refused.exception)
    assert _run(*words, "--mixed").exit_code == 0
    assert all("MIXED data" in row["note"] for row in read_rows(results / "made-up" / "ablations.csv"))


def test_the_help_names_every_table():
    from lcr.commands.tables import HELP
    from lcr.study.tables.registry import TABLES

    assert set(re.findall(r"\w+", HELP)) - {"or"} == set(TABLES)


def test_every_table_of_the_dag_is_registered():
    from lcr import workflow
    from lcr.study.tables.registry import TABLES

    assert set(workflow.TABLES) <= set(TABLES)
    code = "import sys, lcr.workflow; sys.exit(bool({'scipy', 'torch', 'pyarrow'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0, (
        "a call with nothing to do is fast"
    )


@pytest.mark.parametrize(
    ("table", "broken", "hint"),
    [
        ("table2", "cost.csv", "lcr cost --study {}"),
        ("table2", "jester-fixture/full/seed-0/run.json", "lcr train --study {} "),
        ("readings", "reading_diagnosis.csv", "lcr readings diagnose --study {}"),
        ("claims", "statistics.csv", "lcr table statistics --study {}"),
    ],
)
def test_what_to_do_names_the_study_as_it_was_given(made_up, table, broken, hint):
    file, results = made_up
    (results / "made-up" / broken).unlink(missing_ok=True)
    done = _run("table", table, "--study", file, "--results", results)
    assert isinstance(done.exception, InputError)
    assert hint.format(file) in str(done.exception)


def test_runs_that_disagree_are_redone_by_the_study_as_it_was_given(made_up, rewrite):
    file, results = made_up
    rewrite(results / "made-up/jester-fixture/full/seed-1", data_hash="another")
    done = _run("table", "ablations", "--study", file, "--results", results)
    assert f"(--study {file})" in str(done.exception)


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_a_table_in_another_encoding_is_one_line(finished, tmp_path, encoding):
    shutil.copytree(finished.results, tmp_path / "results")
    path = tmp_path / "results/made-up/claims.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding, "replace"))
    done = _run("answer", "--study", "made-up", "--results", tmp_path / "results")
    assert isinstance(done.exception, InputError)
    assert f"{path}, line" in str(done.exception)
    assert "no text in UTF-8" in str(done.exception)
