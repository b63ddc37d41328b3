"""Draws, tuning and validation curves in whole runs."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch

from lcr.config.load import load_study
from lcr.config.run import Run
from lcr.data.clips import Clips, tuning_groups
from lcr.data.manifest import read_manifest
from lcr.run.evaluate import evaluate
from lcr.run.train import Training, train
from lcr.run.weights import load_tensors
from tests.micro import STUDY

TRAIN = "{epochs: 6, batch_size: 4, learning_rate: 1.0e-3, checkpoint_seconds: 0.01"


def the_run(results: str, more: str = "", evaluate_on: str = "validation", variant: str = "full") -> Run:
    """A run on half of sixteen clips, three steps of which an epoch are whole batches."""
    text = STUDY.replace("train: 4, validation: 3", "train: 12, validation: 3")
    text = text.replace("variants: [full]", "variants: [full, unidirectional_wkv]")
    text = text.replace("{epochs: 15, batch_size: 4, learning_rate: 1.0e-3, checkpoint_seconds: 0.01", TRAIN + more)
    Path("draws.yaml").write_text(text + f"    evaluate_on: {evaluate_on}\n")
    study = load_study("draws.yaml")
    return Run(study=study, dataset="jester-fixture", variant=study.variant(variant), seed=0, results=Path(results))


@pytest.fixture(autouse=True, scope="module")
def _place(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("draws"))
        yield


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_tensors(folder / "model.safetensors", "")[0]


def lines(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()[:-1]]


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def seen(monkeypatch: pytest.MonkeyPatch, run: Run) -> list[list[str]]:
    """The clips of each step of a training."""
    ids, update = [], Training.update

    def noted(self, batch):
        ids.append(batch.ids)
        return update(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "update", noted)
        train(run)
    return ids


def test_arms_of_a_seed_train_on_the_same_clips_in_the_same_order(monkeypatch):
    half = ", draw_share: 0.5"
    full, other = (seen(monkeypatch, the_run("arms", half, variant=arm)) for arm in ("full", "unidirectional_wkv"))
    assert full == other
    assert len({clip for step in full for clip in step}) == 12  # of 24
    record = json.loads((evaluate(the_run("arms", half)) / "run.json").read_text())
    assert (record["clips"]["train"], record["steps"]) == (12, 6 * 3)


def test_a_validation_curve_changes_no_weight_and_a_stopped_run_ends_with_the_same_lines(monkeypatch):
    plain = train(the_run("plain", ", draw_share: 0.5"))
    curve_of = ", draw_share: 0.5, validate_every: 2"
    curve = train(the_run("curve", curve_of))
    assert same(weights(plain), weights(curve))
    told = [line["validation_accuracy"] for line in lines(curve) if "validation_accuracy" in line]
    assert told
    assert not any("validation_accuracy" in line for line in lines(plain))
    update = Training.update

    def stopped(self, batch):
        if self.step == 14:  # a curve's point was taken after step 12, the checkpoint after step 10
            raise KeyboardInterrupt
        return update(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "update", stopped)
        with pytest.raises(KeyboardInterrupt):
            train(the_run("stopped", curve_of))
    again = train(the_run("stopped", curve_of))
    assert same(weights(again), weights(curve))
    assert lines(again) == lines(curve)


def test_the_last_point_of_a_curve_is_the_accuracy_of_the_predictions():
    run = the_run("last", ", validate_every: 6")
    train(run)
    table = pq.read_table(evaluate(run) / "predictions.parquet").to_pandas()
    assert lines(run.folder)[-1]["validation_accuracy"] == pytest.approx((table.label == table.prediction).mean())


def test_tuning_trains_on_some_performers_and_predicts_clips_of_others(monkeypatch):
    run = the_run("tuning", "", "tuning")
    trained = {clip for step in seen(monkeypatch, run) for clip in step}
    predicted = set(pq.read_table(evaluate(run) / "predictions.parquet")["id"].to_pylist())
    group = {row["id"]: row["group"] for row in read_manifest(run.data.folder / "manifest.parquet").rows("train")}
    assert {group[clip] for clip in predicted} == tuning_groups(list(group.values()))
    assert not {group[clip] for clip in predicted} & {group[clip] for clip in trained}
    assert json.loads((run.folder / "run.json").read_text())["protocol"]["split"] == "tuning"
    assert run.train_key != the_run("tuning", "").train_key


def test_a_run_normalises_by_the_statistics_of_the_clips_that_it_may_train_on():
    run = the_run("tuning", "", "tuning")
    train(run)
    clips = Clips(run.data.folder, "train", run.config.data, run.data.frame_size, "rest")
    model = load_tensors(run.folder / "model.safetensors", "")[1]["model"]
    assert (tuple(model["mean"]), tuple(model["std"])) == clips.statistics()


def test_an_equal_run_of_another_study_is_taken_over_and_a_damaged_one_is_trained_anew(monkeypatch):
    first = the_run("shared")
    train(first)
    study = first.study.model_copy(update={"name": "again"})
    twin = Run(study=study, dataset=first.dataset, variant=first.variant, seed=0, results=first.results)
    assert seen(monkeypatch, twin) == []
    assert same(weights(twin.folder), weights(first.folder))
    assert lines(twin.folder) == lines(first.folder)
    assert load_tensors(twin.folder / "model.safetensors", "")[1]["name"] == twin.name
    evaluate(twin)
    weights_file = first.folder / "model.safetensors"
    weights_file.write_bytes(weights_file.read_bytes()[:-1] + b"x")
    (twin.folder / "model.safetensors").unlink()
    assert len(seen(monkeypatch, twin)) == 36
