"""The simulated study with all that a bundle takes: pictures, pages, the answer, and each dataset's manifest."""

import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from lcr.data.manifest import SCHEMA, Manifest
from lcr.evidence.bundle.facts import Facts
from lcr.report.finished import Finished
from lcr.report.notebooks import NOTEBOOKS
from tests.study.conftest import finished  # noqa: F401 (a fixture)
from tests.study.written import CLASSES

DATE = "2026-11-26"


def manifest(dataset: str, root: str = "/home/someone/clips") -> Manifest:
    clips = [
        {
            "id": str(1000 + clip),
            "label": CLASSES[clip % 12],
            "split": "train" if clip < 90 else "validation",
            "path": f"20bn/{1000 + clip}",
            "frames": 37,
            "width": 176,
            "height": 100,
            "hash": "ab" * 32,
            "status": "missing" if clip == 7 else "ok",
        }
        for clip in range(150)
    ]
    return Manifest(dataset, root, tuple(CLASSES), pa.Table.from_pylist(clips, SCHEMA), key="key")


@pytest.fixture
def facts(finished: Finished, tmp_path: Path) -> Facts:  # noqa: F811
    """A copy that a test may change."""
    shutil.copytree(finished.results, tmp_path / "results")
    copy = Finished("made-up", tmp_path / "results")
    (copy.folder / "README.md").write_text("# The answer\n")
    for folder, suffixes in (("figures", ("png", "svg")), ("notebooks", ("html",))):
        (copy.folder / folder).mkdir()
        for name in NOTEBOOKS:
            for suffix in suffixes:
                (copy.folder / folder / f"{name}.{suffix}").write_text(name)
    for dataset in copy.table("ablations").dataset.unique():
        manifest(dataset).write(copy.folder / dataset / "manifest.parquet")
    return Facts(copy)
