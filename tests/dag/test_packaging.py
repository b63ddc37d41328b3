"""Installation: a wheel that carries the studies, and three lists of dependencies that agree."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from lcr.config.keys import source_digest
from tests.dag.conftest import SOURCE

# Where conda's name for it is another.
CONDA = {"torch": "pytorch", "opencv-python-headless": "py-opencv"}
PROJECT = tomllib.loads((SOURCE / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def run(*command: object, **options) -> str:
    """The output of a Python process, which must succeed."""
    done = subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_built_wheel_finds_its_studies_from_any_folder(tmp_path: Path):
    source, unpacked = tmp_path / "source", tmp_path / "unpacked"
    for name in ("lcr", "ablations"):
        shutil.copytree(SOURCE / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(SOURCE / name, source / name)
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", tmp_path]
    # without a compiler: the native kernel's own tests build it
    run("-m", "pip", "wheel", *options, source, env=os.environ | {"CC": "false", "CXX": "false"})
    zipfile.ZipFile(next(tmp_path.glob("lcr-*.whl"))).extractall(unpacked)
    asked = (
        "import lcr.config.load as c, lcr.config.keys as k; s = c.load_study('smoke');"
        "print(c.__file__, s.name, c.load_variant('full').name, k.source_digest(('wkv:torch',)))"
    )
    answer = run("-c", asked, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(unpacked)})
    runs = source_digest(("wkv:torch",))  # its runs have the same keys: nothing that counts in them was left out
    assert answer.split() == [str(unpacked / "lcr" / "config" / "load.py"), "smoke", "full", runs]


def test_the_conda_environment_asks_for_what_the_package_asks_for():
    text = (SOURCE / "environment.yml").read_text(encoding="utf-8")
    conda = {name: limits.replace(" ", "") for name, limits in re.findall(r"(?m)^  - ([\w-]+) ?([^\n]*)$", text)}
    for requirement in map(Requirement, PROJECT["dependencies"]):
        name = CONDA.get(requirement.name, requirement.name)
        assert sorted(conda[name].split(",")) == sorted(str(requirement.specifier).split(",")), name
    assert conda["python"] == PROJECT["requires-python"]


def test_the_lock_holds_a_version_of_every_dependency_within_its_limits():
    lines = re.findall(r"(?m)^[^#\n].*$", (SOURCE / "requirements.lock").read_text(encoding="utf-8"))
    assert all(re.fullmatch(r"[\w.-]+==[\w.!]+", line) for line in lines), "names and versions alone"
    locked = dict(line.lower().replace("_", "-").split("==") for line in lines)
    for requirement in map(Requirement, [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]):
        assert requirement.specifier.contains(locked[requirement.name.lower()]), requirement


def test_ci_is_one_script_everywhere():
    workflow = yaml.safe_load((SOURCE / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    assert [step["run"] for step in workflow["jobs"]["ci"]["steps"] if "run" in step] == ["bash .ci/run"]
    assert os.access(SOURCE / ".ci/run", os.X_OK)
