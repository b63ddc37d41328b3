"""Killed at any point, the same command goes on and ends with the same bytes. The real `lcr` and a real training."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.dag.conftest import Project, make_project

CALL = ("results/one/jester-fixture/full/seed-0/run.json", "--config", "study=one")
EPOCHS = 40  # of two steps: a second or two, so that there is time to kill it after its first checkpoint
COMMAND = 'from lcr.cli import main\n\nif __name__ == "__main__":\n    main()\n'


def results(project: Project) -> dict[str, str]:
    folder = project.folder / "results" / "one" / "jester-fixture" / "full" / "seed-0"
    names = ("model.safetensors", "predictions.parquet", "temporal.parquet")
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The clips of study `one`, drawn and packed."""
    project = make_project(tmp_path_factory.mktemp("killed") / "project", COMMAND, EPOCHS)
    done = project.snakemake(".lcr/data/one/jester-fixture/packed/index.parquet", "--config", "study=one")
    assert done.returncode == 0, done.stdout
    return project


@pytest.fixture(scope="module")
def undisturbed(prepared: Project, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a run gives that nobody kills."""
    project = copy(prepared, tmp_path_factory.mktemp("undisturbed") / "project")
    done = project.snakemake(*CALL)
    assert done.returncode == 0, done.stdout
    return results(project)


def copy(project: Project, folder: Path) -> Project:
    return Project(Path(shutil.copytree(project.folder, folder, symlinks=True)))


def wait_for_checkpoint(project: Project, running: subprocess.Popen) -> None:
    deadline = time.monotonic() + 120
    while not list(project.folder.glob(".lcr/checkpoints/*/checkpoint.safetensors")):
        assert running.poll() is None, "it ended before a checkpoint was written"
        assert time.monotonic() < deadline, "no checkpoint in two minutes"
        time.sleep(0.02)


@pytest.mark.parametrize("killed", ["snakemake", "training", "both"])
def test_after_sigkill_the_same_command_goes_on_to_the_same_bytes(
    prepared: Project, undisturbed: dict[str, str], tmp_path: Path, killed: str
):
    project = copy(prepared, tmp_path / "project")
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *CALL]
    with (tmp_path / "first.log").open("w") as log:
        running = subprocess.Popen(command, cwd=project.folder, env=project.environment(), stdout=log, stderr=log)
    wait_for_checkpoint(project, running)
    children = psutil.Process(running.pid).children(recursive=True)
    assert any("train" in child.cmdline() for child in children)
    if killed != "training":
        os.kill(running.pid, signal.SIGKILL)
    if killed != "snakemake":
        for child in children:
            child.kill()
    assert running.wait(60) != 0
    again = project.snakemake(*CALL)
    assert again.returncode == 0, again.stdout
    assert results(project) == undisturbed
    said = (project.folder / ".lcr/logs/one/train/jester-fixture-full-0.log").read_text()
    if killed != "snakemake":  # there the training lives on, and may be over before the second call meets it
        assert "going on from step" in said
