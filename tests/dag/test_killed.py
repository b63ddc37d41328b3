"""Killed at any point, the same command goes on and ends with the same bytes. The real `lcr` and a real training."""

import sys
import time
from pathlib import Path

import psutil
import pytest

from lcr.util.files import file_hash
from tests.dag.conftest import Project, copied, make_project

pytestmark = pytest.mark.slow
RUN = "results/one/jester-fixture/full/seed-0"
STUDY = ("--config", "study=one")
EPOCHS = (
    160  # of two steps: some seconds on a fast machine too, so that there is time to kill it after its first checkpoint
)
COMMAND = 'from lcr.cli import main\n\nif __name__ == "__main__":\n    main()\n'
# The predictions follow from the weights and the clips; one of the three ways is tested through to them.
TARGETS = {"snakemake": "model.safetensors", "training": "model.safetensors", "both": "predictions.parquet"}


def hashes(project: Project) -> dict[str, str]:
    return {file.name: file_hash(file) for file in (project.folder / RUN).glob("*[st]")}  # safetensors and parquet


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A run that nobody killed, from drawing its clips to its predictions."""
    project = make_project(tmp_path_factory.mktemp("undisturbed") / "project", COMMAND, EPOCHS)
    done = project.snakemake(f"{RUN}/run.json", *STUDY)
    assert done.returncode == 0, done.stdout
    return project


@pytest.mark.parametrize("killed", TARGETS)
def test_after_sigkill_the_same_command_goes_on_to_the_same_bytes(undisturbed: Project, tmp_path: Path, killed: str):
    project = copied(undisturbed, tmp_path / "project")
    project.forget("results")
    target = f"{RUN}/{TARGETS[killed]}"
    command = [sys.executable, "-m", "snakemake", "--cores", "2", target, *STUDY]
    with (tmp_path / "first.log").open("w") as log:
        running = psutil.Popen(command, cwd=project.folder, env=project.environment(), stdout=log, stderr=log)
    deadline = time.monotonic() + 120
    while not list(project.folder.glob(".lcr/checkpoints/*/checkpoint.safetensors")):
        assert running.poll() is None, "it ended before a checkpoint was written"
        assert time.monotonic() < deadline, "no checkpoint in two minutes"
        time.sleep(0.02)
    children = running.children(recursive=True)
    assert any("train" in child.cmdline() for child in children)
    for process in {"snakemake": [running], "training": children, "both": [running, *children]}[killed]:
        process.kill()
    assert running.wait(60) != 0
    again = project.snakemake(target, *STUDY)
    assert again.returncode == 0, again.stdout
    found, expected = hashes(project), hashes(undisturbed)
    assert TARGETS[killed] in found
    assert found == {name: expected[name] for name in found}
    if killed != "snakemake":  # there the training lives on, and the second call waits for it or comes after it
        assert "going on from step" in (project.folder / ".lcr/logs/one/train/jester-fixture-full-0.log").read_text()
