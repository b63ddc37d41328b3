"""A path is data: no rule splits it at a space, and no shell runs a command in it."""

import re
from pathlib import Path

import pytest

from tests.dag.conftest import SOURCE, Project, copied

ODD = "a b'c $(touch x) é"
HARMLESS = {"{threads}", "{params.options}"}  # a number, and words that `Options` has quoted


def test_every_value_in_a_rules_command_is_quoted():
    lines = (SOURCE / "Snakefile").read_text(encoding="utf-8").splitlines()
    commands = [line for line in lines if re.match(r" {8}[\"(]", line) and "{" in line and not line.endswith(",")]
    values = {value for line in commands for value in re.findall(r"\{[^{}]+\}", line)}
    assert {"{log:q}", "{params.options}"} <= values, "the commands were not found"
    assert {value for value in values if not value.endswith(":q}")} == HARMLESS
    assert not [line for line in commands if "$(" in line or "`" in line]


@pytest.mark.slow
@pytest.mark.parametrize("place", ["inside", "outside"])
def test_a_study_runs_to_its_end_in_and_from_outside_a_project_with_a_hostile_name(
    finished: Project, tmp_path: Path, place: str
):
    project = copied(finished, tmp_path / ODD)
    study = project.folder / "ablations" / "studies" / f"{ODD}.yaml"
    study.write_text((study.parent / "one.yaml").read_text().replace("name: one", "name: three"), encoding="utf-8")
    project.forget("results", ".snakemake", ".lcr")
    elsewhere = tmp_path / f"elsewhere {ODD}"
    away = ("--snakefile", str(project.folder / "Snakefile"), "--directory", str(elsewhere))
    done = project.snakemake(*(away if place == "outside" else ()), "--config", f"study={study}")
    assert done.returncode == 0, done.stdout
    results = (elsewhere if place == "outside" else project.folder) / "results"
    assert (results / "hashes.json").is_file()
    assert (results / "figures" / "table2.svg").is_file()
    assert not list(tmp_path.rglob("x")), "a command in a path was run"


@pytest.mark.slow
def test_roots_with_hostile_names_reach_the_commands_as_they_are(project: Project, tmp_path: Path):
    root = tmp_path / ODD
    root.mkdir()
    (root / "jester-v1-train.csv").write_text("1;Thumb Up\n", encoding="utf-8")
    told = ("--config", "study=one", f"jester_root={root}")
    manifest = ".lcr/data/one/jester/manifest.parquet"
    done = project.snakemake(manifest, *told)
    assert done.returncode == 0, done.stdout
    assert (project.folder / manifest).is_file()
    assert f"jester={root}" in project.calls()[-1]
    assert not list(tmp_path.rglob("x"))
