"""A commit is that of the repository that tracks the package, or unknown with a reason; no foreign text reaches git."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from lcr.config.made import GitState
from lcr.util import provenance
from lcr.util.provenance import PACKAGE, commit_date, commit_known, lock_hash_at

TOLD = """
import json
from lcr.util.provenance import commit_known, git_state
state = git_state()
print(json.dumps([state, commit_known(state["commit"] or "0" * 40)]))
"""
DISTRUST = """#!/bin/sh
echo "fatal: detected dubious ownership in repository at '/x'
	git config --global --add safe.directory /x" >&2
exit 128
"""


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    return subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def another(tmp_path: Path) -> Path:
    """Another project's repository, with one commit."""
    folder = tmp_path / "another"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "own.py").write_text("")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "theirs")
    return folder


def installed(folder: Path) -> Path:
    """A copy of the package's room below all others in `folder`, as in a virtual environment."""
    site = folder / "venv/site-packages"
    shutil.copytree(PACKAGE / "util", site / "lcr/util", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PACKAGE / "__init__.py", site / "lcr")
    return site


def told(site: Path, **environment: str) -> tuple[dict, str]:
    """The state of git, and whether its commit is known, by the package in `site`."""
    done = subprocess.run(
        [sys.executable, "-c", TOLD],
        env=os.environ | {"PYTHONPATH": str(site)} | environment,
        cwd=site,
        capture_output=True,
        text=True,
        check=True,
    )
    state, known = json.loads(done.stdout)
    return state, known


def unknown(state: dict, named: str) -> bool:
    return state["commit"] is None and state["dirty"] is None and named in state["why"]


def test_the_commit_of_a_repository_that_does_not_track_the_package_is_not_taken(another: Path) -> None:
    state, known = told(installed(another))
    assert unknown(state, "does not track")
    assert known == "no repository"


@pytest.mark.parametrize("variable", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CEILING_DIRECTORIES"])
def test_git_variables_lead_to_no_other_repository_and_hide_none(tmp_path: Path, another: Path, variable: str) -> None:
    alone = installed(tmp_path / "alone")
    value = {"GIT_DIR": another / ".git", "GIT_INDEX_FILE": another / ".git/index"}.get(variable, another)
    assert unknown(told(alone, **{variable: str(value), "GIT_DIR": str(another / ".git")})[0], "no git repository")
    git(alone, "init", "-q")
    git(alone, "add", ".")
    git(alone, "commit", "-qm", "ours")
    state, known = told(alone, **{variable: str(value)})
    assert (state, known) == ({"commit": git(alone, "rev-parse", "HEAD"), "dirty": False, "why": None}, "in history")
    (alone / "lcr/util/files.py").write_text("edited = True\n" + (alone / "lcr/util/files.py").read_text())
    assert told(alone)[0]["dirty"] is True


@pytest.mark.parametrize(("script", "named"), [(None, "not installed"), (DISTRUST, "safe.directory")])
def test_without_git_or_without_its_trust_the_reason_is_told(tmp_path: Path, script: str | None, named: str) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    if script:
        (tools / "git").write_text(script)
        (tools / "git").chmod(0o755)
    state, known = told(installed(tmp_path), PATH=str(tools))
    assert unknown(state, named)
    assert known == "no repository"


def test_a_repository_without_a_commit_has_none_to_name(tmp_path: Path) -> None:
    site = installed(tmp_path)
    git(site, "init", "-q")
    git(site, "add", ".")
    assert unknown(told(site)[0], "git failed")


@pytest.mark.parametrize("text", ["--output=x", "HEAD", "main", "", "0" * 39, "0" * 41, "A" * 40, "0" * 40 + "\n"])
def test_a_text_that_is_no_commit_never_reaches_git(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "_git", lambda *words: pytest.fail(f"git is called with {words}"))
    assert (commit_known(text), lock_hash_at(text), commit_date(text)) == ("not a commit", None, None)
    with pytest.raises(ValidationError):
        GitState(commit=text)


def test_a_commit_that_is_an_option_writes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "PACKAGE", installed(tmp_path) / "lcr")
    git(provenance.PACKAGE, "init", "-q")
    git(provenance.PACKAGE, "add", ".")
    git(provenance.PACKAGE, "commit", "-qm", "ours")
    before = set(tmp_path.rglob("*"))
    option = f"--output={tmp_path / 'written'}"
    assert (commit_known(option), lock_hash_at(option), commit_date(option)) == ("not a commit", None, None)
    assert set(tmp_path.rglob("*")) == before
    assert commit_date(git(provenance.PACKAGE, "rev-parse", "HEAD")) is not None
