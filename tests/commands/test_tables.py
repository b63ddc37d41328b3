"""`lcr table` and `lcr answer` from the command line: the files they write, and the errors they name."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lcr.report.notebooks import NOTEBOOKS
from lcr.study.tables.frame import read_frame
from lcr.study.tables.registry import TABLES
from lcr.util.errors import InputError
from tests.cli import lcr
from tests.study.conftest import finished, made_up_study, rewrite, sources, write_runs  # noqa: F401


@pytest.fixture
def made_up(tmp_path):
    """A study file and the folder of its runs."""
    study = made_up_study(seeds=2, variants=["full", "lstm_gate"])
    file = tmp_path / "made-up.yaml"
    file.write_text(yaml.safe_dump(study.model_dump(mode="json")))
    return file, write_runs(study, tmp_path / "results")


@pytest.mark.parametrize("name", ["table2", "ablations", "temporal", "statistics"])
def test_a_table_is_made_for_its_study_published_on_demand_or_printed_as_markdown(made_up, name):
    file, results = made_up
    words = ("table", name, "--study", file, "--results", results)
    printed = lcr(*words, "--format", "markdown").output
    assert not (results / "made-up" / f"{name}.csv").exists()
    assert lcr(*words).exit_code == 0
    assert not (results / f"{name}.csv").exists()
    lcr(*words, "--publish")
    assert (results / f"{name}.csv").read_bytes() == (results / "made-up" / f"{name}.csv").read_bytes()
    frame = read_frame(results / f"{name}.csv", TABLES[name])
    assert len([line for line in printed.splitlines() if line.startswith("|")]) == len(frame) + 2


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("claims", "--mixed"), "--mixed"),
        (("ablation",), "'ablations'"),
        (("table1", "--format", "markdown", "--publish"), "--publish"),
        (("reading_diagnosis",), "lcr readings diagnose"),
    ],
)
def test_options_and_names_that_make_no_table_are_refused(made_up, words, named):
    with pytest.raises(InputError, match=named):
        lcr("table", *words, "--study", made_up[0])


@pytest.mark.parametrize(
    ("table", "broken", "named"),
    [
        ("table2", "cost.csv", "lcr cost --study {}"),
        ("table2", "jester-fixture/full/seed-0/run.json", "lcr train --study {} "),
        ("readings", "reading_diagnosis.csv", "lcr readings diagnose --study {}"),
        ("claims", "statistics.csv", "lcr table statistics --study {}"),
    ],
)
def test_a_gap_is_an_error_that_names_the_command_for_the_study_as_given_and_nothing_is_published(
    made_up, table, broken, named
):
    file, results = made_up
    (results / "made-up" / broken).unlink(missing_ok=True)
    with pytest.raises(InputError, match=re.escape(named.format(file))):
        lcr("table", table, "--study", file, "--results", results, "--publish")
    assert not (results / f"{table}.csv").exists()


def test_runs_of_different_data_share_a_column_only_where_that_is_asked_for(made_up, rewrite):  # noqa: F811
    file, results = made_up
    rewrite(results / "made-up/jester-fixture/full/seed-1", data_hash="another")
    words = ("table", "ablations", "--study", file, "--results", results)
    with pytest.raises(InputError, match=rf"--study {file}.*--mixed|--mixed.*--study {file}"):
        lcr(*words)
    assert lcr(*words, "--mixed").exit_code == 0


@pytest.mark.slow
def test_the_answer_is_made_from_the_tables_and_says_where(finished, tmp_path):  # noqa: F811
    shutil.copytree(finished.results, tmp_path / "results")
    (tmp_path / "results/made-up/figures").mkdir()
    for name in NOTEBOOKS:
        (tmp_path / f"results/made-up/figures/{name}.png").write_bytes(b"picture")
    done = lcr("answer", "--study", "made-up", "--results", tmp_path / "results")
    assert done.exit_code == 0, done.output
    assert [Path(line).name for line in done.output.split()] == ["README.md", "answer.html"]
    assert all(Path(line).is_file() for line in done.output.split())


@pytest.mark.parametrize(
    ("modules", "heavy"),
    [
        ("lcr.study.tables.accuracy, lcr.study.tables.readings, lcr.report.figures.ablations", "{'torch'}"),
        ("lcr.workflow", "{'pandas', 'pyarrow', 'scipy', 'torch'}"),
        ("lcr.commands.tables", "{'numpy', 'pandas', 'pyarrow', 'pydantic', 'torch'}"),
        ("lcr.commands.data", "{'cv2', 'numpy', 'pandas', 'pyarrow', 'torch'}"),
        ("lcr.study.tables.registry", "{'numpy', 'pandas', 'pyarrow', 'pydantic', 'scipy', 'torch'}"),
    ],
)
def test_commands_and_tables_load_no_library_that_they_do_not_use(modules, heavy):
    code = f"import sys, {modules}; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
