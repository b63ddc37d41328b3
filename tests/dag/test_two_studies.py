"""Two studies at once in one folder: both calls end well, and one study is published whole."""

import subprocess
import sys

import pytest

from lcr.evidence.published import FILES
from tests.dag.conftest import Project

pytestmark = pytest.mark.slow


def test_two_calls_at_once_both_end_well_and_leave_one_study_whole(project: Project):
    done = project.snakemake("--config", "study=two")
    assert done.returncode == 0, done.stdout
    results = project.folder / "results"
    for missing in ("hashes.json", "table2.csv", "README.md"):
        (results / missing).unlink()
        calls = [
            subprocess.Popen(
                [sys.executable, "-m", "snakemake", "--cores", "1", "--config", f"study={study}"],
                cwd=project.folder,
                env=project.environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for study in ("one", "two")
        ]
        said = [call.communicate(timeout=300)[0] for call in calls]
        assert [call.returncode for call in calls] == [0, 0], said
        of = {name: {(results / study / name).read_bytes(): study for study in ("one", "two")} for name in FILES}
        tables = {of[name][(results / name).read_bytes()] for name in FILES if len(of[name]) == 2}
        assert len(tables) == 1, "a mixture was published"
        (last,) = tables
        assert f'"name": "{last}"' in (results / "hashes.json").read_text(encoding="utf-8")
    assert "Nothing to be done" in project.snakemake("--config", f"study={last}").stdout
    other = {"one": "two", "two": "one"}[last]
    assert project.redone("--config", f"study={other}") == {"publish_all"}
