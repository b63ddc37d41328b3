"""Jobs that Snakemake runs after an edit, for another study or after a failure.

`lcr` is a stand-in; the keys are the real ones.
"""

import pytest

from lcr.report.notebooks import NOTEBOOKS
from lcr.study.tables.registry import made_by
from tests.dag.conftest import Project

pytestmark = pytest.mark.slow
ONE = ("--config", "study=one")
RUNS = {("full", 0), ("no_tube_mask", 0)}
MADE = (
    *(f"table {name}" for name in made_by("table") if name != "claims"),
    *(f"notebook {name}" for name in NOTEBOOKS),
)
TABLES = {*MADE, "claims", "answer", "publish_all"}


def runs(step: str, chosen: set[tuple[str, int]] = RUNS) -> set[str]:
    return {f"{step} jester-fixture {variant} {seed}" for variant, seed in chosen}


def shown(*tables: str) -> set[str]:
    """Jobs that follow these tables: the notebooks that show them, and the jobs after all tables."""
    notebooks = {f"notebook {name}" for name, one in NOTEBOOKS.items() if {*tables} & {*one.tables}}
    return notebooks | {"answer", "publish_all"}


def without_publish(jobs: set[str]) -> set[str]:
    return {job for job in jobs if not job.startswith("publish ")}


STUDY = "ablations/studies/one.yaml"
MASKED = {("no_tube_mask", 0)}
EDITS = {
    "an ablation": (
        "ablations/no_tube_mask.yaml",
        "0.0",
        "0.1",
        runs("train", MASKED) | runs("evaluate", MASKED) | {"cost"} | TABLES,
    ),
    "the protocol": (
        STUDY,
        "last_frames: 2",
        "last_frames: 2, clips: 3",
        runs("evaluate") | {"cost", "diagnosis"} | TABLES,
    ),
    "the source of training": (
        "lcr/run/train.py",
        "betas=(0.9",
        "betas=(0.8",
        runs("train") | runs("evaluate") | {"diagnosis"} | TABLES - {"table table1", "notebook table1"},
    ),
    "the synthetic clips": (
        STUDY,
        "train: 4,",
        "train: 5,",
        {f"{step} jester-fixture" for step in ("fixture", "index", "pack")}
        | runs("train")
        | runs("evaluate")
        | {"diagnosis"}
        | TABLES,
    ),
    "memory": (
        "lcr/cost/memory.py",
        "return fixed + peak",
        "return 2 * fixed + peak",
        {"cost", "table table2", "table ablations"} | shown("cost", "table2", "ablations"),
    ),
    "diagnosis": (
        "lcr/probes/diagnosis.py",
        "PROBES = 4",
        "PROBES = 5",
        {"diagnosis", "table readings"} | shown("readings"),
    ),
}


@pytest.mark.parametrize("what", EDITS)
def test_an_edit_redoes_exactly_what_it_can_change(project: Project, what: str):
    file, old, new, expected = EDITS[what]
    if what in ("an ablation", "the protocol"):
        project.forget()  # so it is too for a user who has deleted .snakemake
    project.edit(file, old, new)
    assert without_publish(project.redone(*ONE)) == expected
    if what == "an ablation":
        project.edit(file, new, old)
        assert without_publish(project.redone(*ONE)) == TABLES, "taken back: the runs are as they should be"


def test_an_edit_that_cannot_change_a_number_redoes_no_run(project: Project):
    project.edit("lcr/run/train.py", "LOG_EVERY = 10", "# a comment that is new\nLOG_EVERY = 10")
    project.edit("lcr/data/decode.py", '"""', '"""New words. ')
    project.edit(STUDY, "checkpoint_seconds: 0.4", "checkpoint_seconds: 7")
    project.edit("Snakefile", "rule train:", "# another comment\nrule train:")
    assert without_publish(project.redone(*ONE)) == TABLES, (
        "the study's file is shown in its tables, so these are redone"
    )


def test_a_changed_ablation_trains_that_ablation_alone_and_a_second_call_does_nothing(project: Project):
    project.edit("ablations/no_tube_mask.yaml", "0.0", "0.1")
    assert project.snakemake("results/table2.csv", *ONE).returncode == 0
    assert {call for call in project.calls() if call.startswith("train")} == runs("train", MASKED)
    assert "Nothing to be done" in project.snakemake("results/table2.csv", *ONE).stdout
    assert project.calls() == []


def test_another_study_is_published_and_the_first_one_back_again_with_and_without_records(project: Project):
    for study, keep_records in (("one", True), ("two", True), ("one", False), ("two", False)):
        if not keep_records:
            project.forget()
        done = project.snakemake("results/table2.csv", "--config", f"study={study}")
        assert done.returncode == 0, done.stdout
        assert project.published() == study
    assert not any(call.startswith(("train", "evaluate")) for call in project.calls()), "both were run already"


def test_a_clone_with_results_alone_republishes_and_trains_nothing(project: Project):
    project.forget(".snakemake", ".lcr")
    jobs = project.redone(*ONE)
    assert "publish_all" in jobs
    assert without_publish(jobs) <= TABLES


@pytest.mark.parametrize("failing", ["train full", "table table2"])
def test_a_failed_job_is_a_failed_call_without_a_table(project: Project, failing: str):
    tables = [project.folder / place / "table2.csv" for place in ("results", "results/one")]
    project.forget("results/one/jester-fixture/full", ".snakemake")  # the other variant's run stays
    for table in tables:
        table.unlink()
    done = project.snakemake("results/table2.csv", *ONE, LCR_FAIL=failing)
    assert done.returncode != 0
    assert "told to fail" in done.stdout, "the failed job's log is shown"
    assert not any(table.exists() for table in tables)


def test_an_edited_notebook_is_run_again_alone(project: Project):
    project.edit("notebooks/ablations.ipynb", '"cell_type": "markdown"', '"cell_type":  "markdown"')
    assert without_publish(project.redone(*ONE)) == {"notebook ablations", "answer", "publish_all"}


def test_all_of_the_evidence_is_published(project: Project):
    shown = ("figures/{}.svg", "figures/{}.png", "notebooks/{}.html")
    files = [project.folder / "results" / file.format(name) for name in NOTEBOOKS for file in shown]
    assert [file for file in files if not file.is_file()] == []
    assert (project.folder / "results/README.md").read_text() == "one"
