"""What is installed: a wheel that carries the studies, and three lists of dependencies that agree."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from lcr.config.keys import source_digest
from tests.dag.conftest import SOURCE

# Where conda's name for it is another.
CONDA = {"torch": "pytorch", "opencv-python-headless": "py-opencv"}
PROJECT = tomllib.loads((SOURCE / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_a_built_wheel_finds_its_studies_from_any_folder(tmp_path: Path):
    source = tmp_path / "source"
    for name in ("lcr", "ablations"):
        shutil.copytree(SOURCE / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(SOURCE / name, source / name)
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(tmp_path)]
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, source],
        env=os.environ | {"CC": "false", "CXX": "false"},  # the native kernel is left out: its own tests build it
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    unpacked, elsewhere = tmp_path / "unpacked", tmp_path / "elsewhere"
    zipfile.ZipFile(next(tmp_path.glob("lcr-*.whl"))).extractall(unpacked)
    elsewhere.mkdir()
    asked = (
        "import lcr.config.study as c, lcr.config.keys as k; s = c.load_study('smoke');"
        "print(c.__file__, s.name, c.load_variant('full').name, k.source_digest(('wkv:torch',)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=elsewhere,
        env=os.environ | {"PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
    )
    runs = source_digest(("wkv:torch",))  # its runs have the same keys: nothing that counts in them was left out
    assert answer.stdout.split() == [str(unpacked / "lcr" / "config" / "study.py"), "smoke", "full", runs], (
        answer.stderr
    )


def test_the_conda_environment_asks_for_what_the_package_asks_for():
    conda = {
        name: limits.replace(" ", "")
        for name, limits in re.findall(
            r"^  - ([\w-]+) ?([^\n]*)$", (SOURCE / "environment.yml").read_text(encoding="utf-8"), re.MULTILINE
        )
    }
    for requirement in map(Requirement, PROJECT["dependencies"]):
        name = CONDA.get(requirement.name, requirement.name)
        assert sorted(conda[name].split(",")) == sorted(str(requirement.specifier).split(",")), name
    assert conda["python"] == PROJECT["requires-python"]


def test_the_lock_holds_a_version_of_every_dependency_within_its_limits():
    text = (SOURCE / "requirements.lock").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.!]+", line) for line in lines), "names and versions alone"
    locked = {
        name.lower().replace("_", "-"): Version(version) for name, version in (line.split("==") for line in lines)
    }
    for requirement in map(Requirement, [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]):
        assert requirement.specifier.contains(locked[requirement.name.lower()]), requirement


def test_ci_is_one_script_everywhere():
    workflow = yaml.safe_load((SOURCE / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    commands = [step["run"] for step in workflow["jobs"]["ci"]["steps"] if "run" in step]
    assert commands == ["bash .ci/run"]
    assert os.access(SOURCE / ".ci/run", os.X_OK)
