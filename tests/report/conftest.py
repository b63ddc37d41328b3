"""The simulated study of tests.study, and a copy to damage."""

import shutil
from pathlib import Path

import pytest

from lcr.report.finished import Finished
from lcr.report.notebooks import NOTEBOOKS
from tests.study.conftest import finished, sources

__all__ = ["finished", "sources"]


@pytest.fixture
def copy(finished: Finished, tmp_path: Path) -> Finished:
    """A copy of the simulated study with a picture for each figure."""
    shutil.copytree(finished.results, tmp_path / "results")
    copied = Finished("made-up", tmp_path / "results")
    (copied.folder / "figures").mkdir()
    for name in NOTEBOOKS:
        (copied.folder / "figures" / f"{name}.png").write_bytes(b"picture")
    return copied
