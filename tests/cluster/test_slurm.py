"""profiles/slurm as its head prints it, on a one-node Slurm: every job runs, and a cancelled training goes on."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest
from safetensors import SafetensorError, safe_open

from lcr.util.files import file_hash
from tests.dag.conftest import Project, make_project
from tests.dag.test_killed import COMMAND, RUN, STUDY

SCRIPT = Path(__file__).with_name("slurm.sh")
EPOCHS = 100  # time to cancel a training after its first checkpoint
MISSING = [
    name for name in ("munged", "slurmctld", "slurmd") if not shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec("snakemake_executor_plugin_slurm") is None, reason="no plugin for Slurm: needs lcr[slurm]"
    ),
    pytest.mark.skipif(
        bool(MISSING) or os.getuid() != 0 or Path("/etc/slurm/slurm.conf").exists(),
        reason="no Slurm: needs root, Debian's slurm-wlm and munge, and no /etc/slurm/slurm.conf",
    ),
]
PROFILE = ("--workflow-profile", "profiles/slurm", "results/table2.csv", *STUDY)
HERE = (  # this cluster keeps no accounts for sacct, and its controller needs no sparing
    *("--slurm-status-command", "squeue"),
    *("--slurm-init-seconds-before-status-checks", "5"),
)


@pytest.fixture
def slurm(tmp_path: Path) -> Iterator[None]:
    environment = os.environ | {"PATH": f"{os.environ['PATH']}:/usr/sbin"}
    try:
        subprocess.run([SCRIPT, "start", tmp_path / "slurm"], check=True, env=environment, timeout=120)
        yield
    finally:
        subprocess.run([SCRIPT, "stop", tmp_path / "slurm"], check=True, timeout=60)


def results(project: Project) -> dict[str, str]:
    """Digests of what a run is: weights, predictions, scores in time, and the study's table."""
    files = [*(project.folder / "results").rglob("*.[sp]*"), project.folder / "results/table2.csv"]
    return {str(path.relative_to(project.folder)): file_hash(path) for path in files}


def checkpointed(project: Project) -> set[str]:
    """The names of the runs that have a checkpoint now."""
    found = set()
    for path in project.folder.glob(".lcr/checkpoints/*/checkpoint.safetensors"):
        with suppress(OSError, SafetensorError), safe_open(path, "pt") as opened:  # a run that ends removes its own
            found.add(json.loads(opened.metadata()["about"])["run"]["name"])
    return found


def cancel_training(project: Project, running: subprocess.Popen) -> None:
    """Cancels the job of the full model's training once it has a checkpoint."""
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline and running.poll() is None:
        listed = subprocess.run(
            ["squeue", "--noheader", "--states=RUNNING", "--format=%i %k"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        jobs = [line.split()[0] for line in listed.splitlines() if "train" in line and "full" in line]
        if jobs and "jester-fixture full seed 0" in checkpointed(project):
            subprocess.run(["scancel", *jobs], check=True)
            return
        time.sleep(0.1)
    raise AssertionError("no training had a checkpoint while it ran")


@pytest.mark.usefixtures("slurm")
def test_a_study_on_slurm_with_one_training_cancelled_equals_a_local_run(tmp_path: Path):
    local = make_project(tmp_path / "local", COMMAND, EPOCHS)
    done = local.snakemake("results/table2.csv", *STUDY)
    assert done.returncode == 0, done.stdout

    project = make_project(tmp_path / "project", COMMAND, EPOCHS)
    with (tmp_path / "slurm.log").open("w") as log:
        command = [sys.executable, "-m", "snakemake", *PROFILE, *HERE]
        running = subprocess.Popen(
            command, cwd=project.folder, env=project.environment(), stdout=log, stderr=subprocess.STDOUT
        )
        try:
            cancel_training(project, running)
            assert running.wait(900) == 0, (tmp_path / "slurm.log").read_text()
        finally:
            running.terminate()
    log = project.folder / ".lcr/logs/one/train/jester-fixture-full-0.log"
    assert "going on from step" in log.read_text()
    assert (tmp_path / "slurm.log").read_text().count("has been submitted with SLURM jobid") >= 9
    assert results(project) == results(local)
    assert RUN in str(results(project))
