"""The commands, as a user or the DAG calls them."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import cv2
import pytest
import yaml
from typer.testing import CliRunner

from lcr.commands.data import app
from lcr.commands.options import data_roots
from lcr.data.manifest import read_manifest
from lcr.util.errors import InputError
from tests.data.conftest import make_jester, study_of


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def call(*words: str) -> str:
    """The output of a command that succeeds."""
    result = CliRunner().invoke(app, list(words))
    if result.exception is not None:
        raise result.exception
    return result.output


@pytest.fixture
def study_file(tmp_path: Path) -> str:
    content = study_of(None, "jester-fixture", pack=True).model_dump(mode="json")
    content["datasets"]["jester-fixture"]["fixture"] = {"train": 1, "validation": 1, "classes": ["Thumb Up"]}
    content["datasets"]["jester-fixture"].pop("root")
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(content))
    return str(tmp_path / "study.yaml")


def test_the_three_steps_of_a_study_make_what_the_dag_declares(study_file: str) -> None:
    of_study = ("--study", study_file, "--dataset", "jester-fixture")
    folder = Path(".lcr/data/test/jester-fixture")
    call("fixture", *of_study)
    assert (folder / "raw/jester-v1-train.csv").is_file()
    assert "1 train, 1 validation clips of 1 classes" in call("index", *of_study)
    call("pack", *of_study)
    assert {file.name for file in (folder / "packed").iterdir()} == {"frames.bin", "edges.bin", "index.parquet"}
    assert "all clips are as indexed" in call("check", *of_study)


def test_real_clips_take_the_place_of_generated_ones(study_file: str, tmp_path: Path) -> None:
    jester_root = make_jester(tmp_path / "jester")
    call("index", "--study", study_file, "--dataset", "jester", "--data-root", f"jester={jester_root}")
    manifest = read_manifest(".lcr/data/test/jester/manifest.parquet")
    assert (manifest.dataset, manifest.root) == ("jester", str(jester_root))


def test_the_free_forms_need_no_study(tmp_path: Path) -> None:
    call(
        "fixture", "--dataset", "jester", "--out", "made", "--train", "1", "--validation", "1", "--classes", "Thumb Up"
    )
    call("index", "--dataset", "jester", "--root", "made", "--out", "manifest.parquet")
    assert len(read_manifest("manifest.parquet").rows()) == 2
    call("check", "--manifest", "manifest.parquet")
    call("sheet", "--dataset", "jester", "--root", "made", "--out", "sheet.png", "--columns", "3", "--height", "20")
    assert cv2.imread("sheet.png").shape[0] == 20 + 16
    call("subset", "--dataset", "jester", "--root", "made", "--out", "part", "--per-class", "1")
    assert (tmp_path / "part/20bn-jester-v1").is_dir()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["index", "--dataset", "jester", "--out", "m.parquet"], "--root DIR with the jester clips is needed"),
        (["index", "--dataset", "jester", "--root", "."], "--out is needed"),
        (["index", "--dataset", "jster", "--root", ".", "--out", "m.parquet"], "did you mean 'jester'"),
        (["index", "--dataset", "jester", "--root", "none", "--out", "m.parquet"], "no folder none"),
        (["index", "--study", "tinny", "--dataset", "jester"], "unknown study 'tinny'; did you mean 'tiny'"),
        (["check"], "--manifest is needed"),
        (["check", "--study", "tiny"], "--dataset is needed"),
        (["fixture", "--dataset", "jester"], "--out is needed"),
    ],
)
def test_what_is_wrong_in_a_call_is_said_and_nothing_is_written(tmp_path: Path, words: list[str], message: str) -> None:
    if "--study" in words:
        words = [*words, "--root", str(Path(__file__).parents[2])]
    with pytest.raises(InputError, match=message):
        call(*words)
    assert list(tmp_path.iterdir()) == []


def test_a_fixture_does_not_replace_a_folder_with_something_in_it(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match="not empty"):
        call("fixture", "--dataset", "jester", "--out", str(tmp_path))


@pytest.mark.parametrize("text", ["jester", "=dir", "jester="])
def test_a_malformed_data_root_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="DATASET=DIR is expected"):
        data_roots([text])


def test_a_data_root_is_made_absolute_so_that_keys_agree(tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    assert data_roots(["jester=clips"]) == {"jester": str(tmp_path / "clips")}
    with pytest.raises(InputError, match="there is no such folder"):
        data_roots(["jester=nowhere"])


def test_the_command_line_loads_without_torch_pandas_or_cv2() -> None:
    heavy = {"torch", "cv2", "pandas", "pyarrow", "numpy"}
    code = f"import sys, lcr.commands.data; sys.exit(bool({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=False, env=os.environ)
    assert done.returncode == 0


@pytest.mark.parametrize(
    "sent",
    [[signal.SIGINT], [signal.SIGINT] * 2, [signal.SIGTERM], [signal.SIGKILL]],
    ids=["Ctrl-C", "Ctrl-C twice", "terminated", "killed"],
)
def test_a_drawing_that_is_stopped_leaves_no_process(sent: list[signal.Signals], tmp_path: Path) -> None:
    call = ("fixture", "--dataset", "jester", "--out", "made", "--train", "200", "--workers", "2")
    process = subprocess.Popen(
        [sys.executable, "-m", "lcr", "data", *call],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob(".made.*/20bn-jester-v1/*"))) < 8:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    for signal_ in sent:
        # a terminal sends Ctrl-C to all that it started, `kill` to one process
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal_) if signal_ == signal.SIGINT else process.send_signal(signal_)
        time.sleep(0.05)
    try:
        # every worker has the same stdout and stderr: they end when the last process does
        said = process.communicate(timeout=15)[1]
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    if signal.SIGINT not in sent:
        assert process.returncode == -sent[0]
        return
    assert process.returncode == 130
    assert "stopped before its end" in said
    assert "Traceback" not in said
    if len(sent) == 1:  # the second may stop the tidying
        assert not list(tmp_path.iterdir())
