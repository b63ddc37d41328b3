"""A project of its own for each test, whose files may be edited: a copy of this one with two studies of a few runs."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SOURCE = HERE.parents[1]
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
        return subprocess.run(
            [sys.executable, "-m", "snakemake", "--cores", "2", *arguments],
            cwd=self.folder,
            env=self.environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )

    def redone(self, *arguments: str) -> set[str]:
        """What a call would do now, by a dry run: {"train jester-fixture full 0", "table table2", "answer", …}."""
        done = self.snakemake("--dry-run", *arguments)
        assert done.returncode == 0, done.stdout
        jobs = set()
        rule = ""
        for line in done.stdout.splitlines():
            words = line.split()
            if line.startswith(("rule ", "localrule ")):
                rule = words[1].rstrip(":")
                if rule in ("claims", "answer", "hashes", "cost", "diagnosis"):
                    jobs.add(rule)
            elif line.strip().startswith("wildcards: "):
                values = [word.split("=")[1].rstrip(",") for word in words[1:]]
                jobs.add(" ".join([rule, *values]))
        return jobs

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} no longer holds {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def calls(self) -> list[str]:
        """What the stand-in for `lcr` was called with since the last question."""
        log = self.folder / "calls.log"
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines

    def forget(self, *folders: str) -> None:
        for folder in folders or (".snakemake",):
            shutil.rmtree(self.folder / folder, ignore_errors=True)

    def published(self, name: str = "table2.csv") -> str:
        return (self.folder / "results" / name).read_text(encoding="utf-8").split("\n")[1].split()[0]


def make_project(folder: Path, command: str, epochs: int = 1) -> Project:
    """A copy of this project with the studies `one` and `two`, where `lcr` is the Python program `command`."""
    folder.mkdir()
    ignored = shutil.ignore_patterns("__pycache__", "*.so")
    for name in ("lcr", "ablations", "profiles", "notebooks", "docs/captions"):
        shutil.copytree(SOURCE / name, folder / name, ignore=ignored)
    for name in ("Snakefile", "environment.yml"):
        shutil.copy(SOURCE / name, folder / name)
    for name in ("one", "two"):
        (folder / "ablations" / "studies" / f"{name}.yaml").write_text(STUDY.format(name=name, epochs=epochs))
    (folder / "bin").mkdir()
    stand_in = (HERE / "stub_jupyter.py").read_text(encoding="utf-8")
    for name, content in (("lcr", command), ("papermill", stand_in), ("jupyter", stand_in)):
        program = folder / "bin" / name
        program.write_text(f"#!{sys.executable}\n{content}", encoding="utf-8")
        program.chmod(0o755)
    return Project(folder)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Study `two` as far as its table2, then all of `one`, run with the stand-in."""
    project = make_project(tmp_path_factory.mktemp("dag") / "project", (HERE / "stub_lcr.py").read_text())
    for call in (("results/table2.csv", "--config", "study=two"), ("--config", "study=one")):
        done = project.snakemake(*call)
        assert done.returncode == 0, done.stdout
    project.calls()
    return project


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Project:
    """A copy of `finished`, with its file times."""
    return Project(Path(shutil.copytree(finished.folder, tmp_path / "project", symlinks=True)))
