"""The commands of `lcr data`, as a user or the DAG calls them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest
import yaml

from lcr.commands.options import data_roots
from lcr.data.manifest import read_manifest
from lcr.util.errors import InputError
from tests.cli import lcr
from tests.data.conftest import make_jester, study_of


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def call(*words: str) -> str:
    """The output of a command of `lcr data`."""
    return lcr("data", *words).output


@pytest.fixture
def study_file(tmp_path: Path) -> str:
    fixture = {"train": 1, "validation": 1, "classes": ["Thumb Up"]}
    content = study_of(None, "jester-fixture", fixture=fixture, pack=True).model_dump(mode="json")
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(content))
    return str(tmp_path / "study.yaml")


def test_the_three_steps_of_a_study_make_the_files_that_the_dag_declares(study_file: str) -> None:
    of_study = ("--study", study_file, "--dataset", "jester-fixture")
    folder = Path(".lcr/data/test/jester-fixture")
    call("fixture", *of_study)
    assert (folder / "raw/jester-v1-train.csv").is_file()
    assert "1 train, 1 validation" in call("index", *of_study)
    call("pack", *of_study)
    assert {file.name for file in (folder / "packed").iterdir()} == {"frames.bin", "edges.bin", "index.parquet"}
    call("check", *of_study)
    (folder / "raw/20bn-jester-v1/1/00001.jpg").unlink()
    content = Path(study_file).read_text().replace("train: 1", "train: 2")
    Path(study_file).write_text(content)  # now the manifest is of another configuration, which is a warning
    with pytest.raises(InputError, match=r"manifest\.parquet: 1 .*: 1 "):
        call("check", *of_study)


def test_real_clips_take_the_place_of_synthetic_ones(study_file: str, tmp_path: Path) -> None:
    root = make_jester(tmp_path / "jester")
    call("index", "--study", study_file, "--dataset", "jester", "--data-root", f"jester={root}")
    manifest = read_manifest(".lcr/data/test/jester/manifest.parquet")
    assert (manifest.dataset, manifest.root) == ("jester", str(root))


def test_the_free_forms_need_no_study(tmp_path: Path) -> None:
    jester, made = ("--dataset", "jester"), ("--dataset", "jester", "--root", "made")
    counts = ("--train", "1", "--validation", "1", "--classes", "Thumb Up", "--classes", "Swiping Left")
    call("fixture", *jester, "--out", "made", *counts)
    call("index", *made, "--out", "manifest.parquet")
    assert len(read_manifest("manifest.parquet").rows()) == 4
    call("check", "--manifest", "manifest.parquet")
    call("sheet", *made, "--out", "sheet.png", "--columns", "3", "--height", "20")
    assert cv2.imread("sheet.png").shape[0] == 2 * (20 + 16)
    for clip in (tmp_path / "made/20bn-jester-v1").iterdir():
        (clip / "00002.jpg").unlink()
    call("sheet", *made, "--out", "empty.png")
    assert cv2.imread("empty.png").shape[:2] == (1, 1)
    make_jester(tmp_path / "real")
    call("subset", *jester, "--root", "real", "--out", "part", "--per-class", "1")
    assert (tmp_path / "part/20bn-jester-v1").is_dir()


JESTER = ("--dataset", "jester")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["index", *JESTER, "--out", "m.parquet"], "--root"),
        (["index", *JESTER, "--root", "."], "--out"),
        (["index", "--dataset", "jster", "--root", ".", "--out", "m.parquet"], "'jester'"),
        (["index", *JESTER, "--root", "none", "--out", "m.parquet"], "none"),
        (["index", *JESTER, "--study", "tinny"], "'tinny'.*'tiny'"),
        (["check"], "--manifest"),
        (["check", "--study", "tiny"], "--dataset"),
        (["fixture", *JESTER], "--out"),
        (["fixture", *JESTER, "--out", "."], "folder"),
        (["subset", *JESTER, "--root", ".", "--out", ".", "--per-class", "1"], "folder"),
        (["sheet", *JESTER, "--root", ".", "--out", "sheet.gif"], "sheet.gif.*.png"),
    ],
)
def test_a_wrong_call_names_the_option_and_writes_nothing(tmp_path: Path, words: list[str], named: str) -> None:
    if "--study" in words:
        words = [*words, "--root", str(Path(__file__).parents[2])]
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match=named):
        call(*words)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_data_root_is_made_absolute_and_refused_where_it_names_none(tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    assert data_roots(["jester=clips"]) == {"jester": str(tmp_path / "clips")}
    for text in ("jester", "=dir", "jester=", "jester=nowhere"):
        with pytest.raises(InputError, match=f"--data-root {text}"):
            data_roots([text])


def test_a_drawing_that_is_stopped_ends_in_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    words = ("fixture", "--dataset", "jester", "--out", "made", "--train", "200", "--workers", "2")
    pipes = {"stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    process = subprocess.Popen([sys.executable, "-m", "lcr", "data", *words], **pipes)
    while process.poll() is None and len(list(tmp_path.glob(".made.*/20bn-jester-v1/*"))) < 8:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends Ctrl-C to all processes that it started
    said = process.communicate(timeout=60)[1]
    assert (process.returncode, len(said.strip().splitlines())) == (130, 1)
    assert not list(tmp_path.iterdir())
