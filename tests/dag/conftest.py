"""A project of its own for each test, whose files may be edited: a copy of this one with two studies of a few runs."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SOURCE = HERE.parents[1]
ONCE = ("claims", "answer", "publish_all", "cost", "diagnosis")  # rules of one job a study, which `redone` tells
STUDY = """
name: {name}
question: does the DAG keep its promises?
variants: [full, no_tube_mask]
seeds: [0]
table2: jester-fixture
datasets:
  jester-fixture:
    model: lcr-tiny
    fixture: {{train: 4, validation: 2, classes: [Swiping Left, Swiping Right]}}
    data: {{frames: 4, pack: true}}
    protocol: {{rule: max_last, last_frames: 2}}
    train: {{epochs: {epochs}, batch_size: 4, learning_rate: 1.0e-3, checkpoint_seconds: 0.4}}
"""


@dataclass(frozen=True)
class Project:
    """A copied project in `folder`, and Snakemake as a user calls it there."""

    folder: Path

    def environment(self, **more: str) -> dict[str, str]:
        return os.environ | {
            "PATH": f"{self.folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(self.folder),
            "OMP_NUM_THREADS": "1",
            **more,
        }

    def snakemake(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """`snakemake --cores 2 ARGUMENTS`; stdout holds both streams."""
        return self.call("--cores", "2", *arguments, **environment)

    def call(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """`snakemake ARGUMENTS`."""
        return subprocess.run(
            [sys.executable, "-m", "snakemake", *arguments],
            cwd=self.folder,
            env=self.environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )

    def redone(self, *arguments: str) -> set[str]:
        """Jobs of a call now, by a dry run: {"train jester-fixture full 0", "table table2", "answer", …}."""
        done = self.snakemake("--dry-run", *arguments)
        assert done.returncode == 0, done.stdout
        jobs = set()
        for rule, about in re.findall(r"^(?:local)?rule (\w+):\n((?: .*\n)*)", done.stdout, re.MULTILINE):
            wildcards = re.findall(r"=([^,\n]+)", "".join(re.findall(r"wildcards: .*", about)))
            if wildcards or rule in ONCE:
                jobs.add(" ".join([rule, *wildcards]))
        return jobs

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} no longer holds {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def calls(self) -> list[str]:
        """Calls of the stand-in for `lcr` since the last question."""
        log = self.folder / "calls.log"
        lines = log.read_text(encoding="utf-8").splitlines()
        log.write_text("", encoding="utf-8")
        return lines

    def forget(self, *folders: str) -> None:
        for folder in folders or (".snakemake",):
            shutil.rmtree(self.folder / folder, ignore_errors=True)

    def published(self, name: str = "table2.csv") -> str:
        return (self.folder / "results" / name).read_text(encoding="utf-8").split("\n")[1].split()[0]


def make_project(folder: Path, command: str, epochs: int = 1) -> Project:
    """A copy of this project with the studies `one` and `two`, where `lcr` is the Python program `command`."""
    ignored = shutil.ignore_patterns("__pycache__", "*.so")
    for name in ("lcr", "ablations", "profiles", "notebooks", "docs/captions"):
        shutil.copytree(SOURCE / name, folder / name, ignore=ignored)
    files = {name: (SOURCE / name).read_text(encoding="utf-8") for name in ("Snakefile", "environment.yml")}
    files |= {f"ablations/studies/{name}.yaml": STUDY.format(name=name, epochs=epochs) for name in ("one", "two")}
    stand_in = (HERE / "stub_jupyter.py").read_text(encoding="utf-8")
    programs = {"bin/lcr": command, "bin/papermill": stand_in, "bin/jupyter": stand_in}
    (folder / "bin").mkdir()
    for name, text in (files | {name: f"#!{sys.executable}\n{text}" for name, text in programs.items()}).items():
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755 if name in programs else 0o644)
    return Project(folder)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Study `two` as far as its table2, then all of `one`, run with the stand-in, once for all test processes."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (base / "dag.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (base / "dag").exists():
            project = make_project(base / "unfinished", (HERE / "stub_lcr.py").read_text())
            for call in (("results/table2.csv", "--config", "study=two"), ("--config", "study=one")):
                done = project.snakemake(*call)
                assert done.returncode == 0, done.stdout
            project.calls()
            project.folder.rename(base / "dag")
    return Project(base / "dag")


def copied(project: Project, folder: Path) -> Project:
    """A copy with its file times."""
    return Project(Path(shutil.copytree(project.folder, folder, symlinks=True)))


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Project:
    return copied(finished, tmp_path / "project")
