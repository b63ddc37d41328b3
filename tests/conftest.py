"""The micro study and its one trained run, made once for all tests that need them."""

import os
from pathlib import Path

import pytest

from tests.micro import PROJECT, STUDY, run


@pytest.fixture(scope="session")
def project(tmp_path_factory) -> Path:
    """A folder with a micro study, its clips drawn once."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "ablations").symlink_to(PROJECT / "ablations")
    (folder / "micro.yaml").write_text(STUDY)
    return folder


@pytest.fixture
def inside(project, monkeypatch):
    """In the folder of the micro study."""
    monkeypatch.chdir(project)


@pytest.fixture(scope="session")
def reference(project) -> Path:
    """The run that others are compared with."""
    before = Path.cwd()
    os.chdir(project)
    try:
        return project / run("reference")
    finally:
        os.chdir(before)
