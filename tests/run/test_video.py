"""One video is scored as the test scored it, and streamed as the whole clip is."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from lcr.commands.runs import predict
from lcr.data.decode import read_frames
from lcr.data.manifest import read_manifest
from lcr.data.transforms import fitting
from lcr.report.summary import summary
from lcr.run.evaluate import evaluate
from lcr.run.video import load_run, scores, stream
from lcr.util.errors import InputError
from tests.micro import micro_run
from tests.sealed import write_record

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def clips(reference: Path) -> dict[str, Path]:
    """The validation clips by id; the run is tested first."""
    if not (reference / "run.json").exists():
        evaluate(micro_run(reference.parents[3]))
    folder = Path(".lcr/data/micro/jester-fixture")
    rows = read_manifest(folder / "manifest.parquet").rows("validation")
    return {row["id"]: folder / "raw" / row["path"] for row in rows}


def test_a_clip_gets_the_scores_that_the_test_gave_it(reference: Path, clips: dict[str, Path]) -> None:
    table = pq.read_table(reference / "predictions.parquet").to_pandas().set_index("id")
    trained = load_run(reference)
    for clip, path in clips.items():
        np.testing.assert_allclose(scores(trained, path), table.loc[clip, ["score_0", "score_1"]], rtol=1e-4, atol=1e-6)


def test_a_stream_ends_with_the_whole_clips_probabilities(reference: Path, clips: dict[str, Path]) -> None:
    trained, path = load_run(reference), next(iter(clips.values()))
    *_, (last, shown, _) = stream(trained, path)
    frames = read_frames(path, range(last + 1), fitting(trained.data, 48))
    with torch.no_grad():
        whole = trained.model(torch.from_numpy(frames).float()[None] / 255)
    np.testing.assert_allclose(shown, whole[0, -1].softmax(-1), rtol=1e-4, atol=1e-6)


def test_a_stream_begins_before_the_end_is_read_and_names_a_frame_that_is_broken(
    reference: Path, clips: dict[str, Path], tmp_path: Path
) -> None:
    trained, clip = load_run(reference), tmp_path / "clip"
    shutil.copytree(next(iter(clips.values())), clip)
    (clip / "00003.jpg").write_bytes(b"no image")
    found = stream(trained, clip)
    assert [next(found)[0] for _ in range(2)] == [0, 1]
    with pytest.raises(InputError, match=r"00003\.jpg|frame 3"):
        next(found)
    (clip / "00003.jpg").unlink()
    assert len(list(stream(trained, clip))) == 2


def test_what_is_no_video_or_no_run_is_refused_with_the_reason(
    reference: Path, clips: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"gone\.mp4"):
        scores(load_run(reference), tmp_path / "gone.mp4")
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(InputError, match=r"text\.mp4"):
        next(stream(load_run(reference), tmp_path / "text.mp4"))
    (tmp_path / "notes.txt").write_text("no video")
    with pytest.raises(InputError, match=r"notes\.txt"):
        scores(load_run(reference), tmp_path / "notes.txt")
    with pytest.raises(InputError, match=re.escape(str(tmp_path))):
        load_run(tmp_path)
    write_record(tmp_path, {"config": {}})
    with pytest.raises(InputError, match=r"run\.json"):
        load_run(tmp_path)


def test_weights_that_the_test_has_not_met_are_refused(reference: Path, clips: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes((reference / "model.safetensors").read_bytes())
    record = json.loads((reference / "run.json").read_text())
    write_record(tmp_path, record)
    assert load_run(tmp_path).classes == load_run(reference).classes
    write_record(tmp_path, record | {"run_hash": "of an earlier training"})
    with pytest.raises(InputError, match=r"run\.json"):
        load_run(tmp_path)


def test_a_run_of_few_classes_is_summed_up_without_top_5(reference: Path, clips: dict[str, Path]) -> None:
    said = summary(reference)
    assert "(chance 50.0%)\n" in said
    assert "top-5" not in said


def test_the_frames_are_told_that_the_rule_reads(reference: Path, clips: dict[str, Path], monkeypatch, capsys) -> None:
    trained = load_run(reference)
    few = replace(trained, data=trained.data.model_copy(update={"frames": 4}))
    monkeypatch.setattr("lcr.run.video.load_run", lambda folder: few)
    predict(next(iter(clips.values())), reference)
    assert "in the last 4 frames" in capsys.readouterr().out
