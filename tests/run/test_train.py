"""Training: the same bits each time, also after a kill; and what stops a run says why."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lcr.config.load import load_study
from lcr.config.run import WORK
from lcr.model import LCR
from lcr.model.models import MODELS
from lcr.model.tube_mask import tube_mask
from lcr.run.evaluate import evaluate
from lcr.run.train import Training, clip_loss, learning_rate, make_optimizer, seed_mask
from lcr.run.weights import load_tensors, save_tensors
from lcr.util.errors import InputError, RunFailed
from lcr.util.files import file_hash
from tests.micro import PROJECT, micro_run, run

pytestmark = pytest.mark.usefixtures("inside")


def metrics(folder: Path) -> list[str]:
    """The lines of metrics.jsonl, without the last, which holds times."""
    return (folder / "metrics.jsonl").read_text().splitlines()[:-1]


def hashes(folder: Path) -> dict[str, str]:
    return {name: file_hash(folder / name) for name in ("model.safetensors",)}


def test_weights_are_readable_by_others(reference: Path) -> None:
    assert (reference / "model.safetensors").stat().st_mode & 0o777 == 0o644


def test_a_seed_gives_the_same_weights_and_another_seed_others(reference):
    assert hashes(run("again")) == hashes(reference)
    assert hashes(run("other", seed=1)) != hashes(reference)


def stopped_run(monkeypatch: pytest.MonkeyPatch, step: int, results: str, seed: int = 0) -> None:
    """A training that ends before this step, as by Ctrl-C."""
    update = Training.update

    def stopped(self, batch):
        if self.step == step:
            raise KeyboardInterrupt
        return update(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "update", stopped)
        with pytest.raises(KeyboardInterrupt):
            run(results, seed=seed)


def test_a_run_stopped_twice_goes_on_and_ends_with_the_same_weights(reference, monkeypatch):
    for step in (12, 25):  # checkpoints are written after steps 10 and 20
        stopped_run(monkeypatch, step, "stopped")
    folder = run("stopped")
    assert (hashes(folder), metrics(folder)) == (hashes(reference), metrics(reference))
    assert not list((WORK / "checkpoints").glob("*/checkpoint.safetensors"))


@pytest.mark.slow
def test_a_run_that_is_killed_leaves_a_checkpoint_that_can_be_read(reference):
    before = set((WORK / "checkpoints").glob("*/checkpoint.safetensors"))
    code = """
import os
from lcr.run.train import Training
from tests.micro import run

save = Training.save
Training.save = lambda self: (save(self), os.kill(os.getpid(), 9))
run("killed")
"""
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(PROJECT)})
    assert done.returncode == -signal.SIGKILL
    assert len(set((WORK / "checkpoints").glob("*/checkpoint.safetensors")) - before) == 1
    assert hashes(run("killed")) == hashes(reference)


def test_a_run_that_is_there_is_left_as_it_is(reference, capsys):
    before = (reference / "model.safetensors").stat().st_mtime_ns
    run(str(reference.parents[3]))
    assert (reference / "model.safetensors").stat().st_mtime_ns == before
    assert "trained already" in capsys.readouterr().out


def test_a_non_finite_loss_names_step_clips_and_the_last_good_checkpoint(monkeypatch):
    original = Training.update

    def poisoned(self, batch):
        if self.step == 15:
            with torch.no_grad():
                self.model.head.bias.fill_(float("nan"))
        return original(self, batch)

    monkeypatch.setattr(Training, "update", poisoned)
    with pytest.raises(RunFailed, match=r"15 .*checkpoint\.safetensors"):
        run("poisoned")
    assert not micro_run("poisoned").folder.exists()


def test_a_damaged_checkpoint_is_named_and_so_is_another_runs(monkeypatch):
    before = set((WORK / "checkpoints").glob("*/checkpoint.safetensors"))
    stopped_run(monkeypatch, 12, "damaged", seed=5)
    (checkpoint,) = set((WORK / "checkpoints").glob("*/checkpoint.safetensors")) - before
    whole = checkpoint.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:-1] + bytes([whole[-1] ^ 1])):
        checkpoint.write_bytes(damaged)
        with pytest.raises(InputError, match=r"checkpoint\.safetensors.*lcr train.*--force"):
            run("damaged", seed=5)
    checkpoint.write_bytes(whole)
    tensors, about = load_tensors(checkpoint, "")
    save_tensors(checkpoint, tensors, about | {"run": about["run"] | {"name": "seed 6"}})
    with pytest.raises(InputError, match=r"checkpoint\.safetensors.*another"):
        run("damaged", seed=5)
    checkpoint.unlink()


def test_testing_writes_scores_temporal_conditions_and_the_record(reference):
    import pyarrow.parquet as pq

    folder = evaluate(micro_run(reference.parents[3]))
    predictions = pq.read_table(folder / "predictions.parquet").to_pandas()
    scores = predictions[["score_0", "score_1"]].to_numpy()
    assert len(predictions) == 6
    assert (predictions.prediction == scores.argmax(1)).all()
    temporal = pq.read_table(folder / "temporal.parquet").to_pandas()
    assert set(temporal.condition) == {"as_is", "last_frame", "reversed"}
    assert len(temporal) == 3 * 6  # both classes are each other's reverse
    as_is = temporal[temporal.condition == "as_is"].set_index("id")
    own = predictions.set_index("id").apply(lambda row: row[f"score_{row.label}"], axis=1)
    assert (as_is.score_label == own[as_is.index]).all()
    record = json.loads((folder / "run.json").read_text())
    assert (record["steps"], record["clips"]) == (30, {"train": 8, "validation": 6})
    before = file_hash(folder / "predictions.parquet")
    evaluate(micro_run(reference.parents[3]))
    assert file_hash(folder / "predictions.parquet") == before


def test_weights_of_another_configuration_or_damaged_ones_are_refused(reference, tmp_path):
    with pytest.raises(InputError, match=r"model\.safetensors"):
        evaluate(micro_run(tmp_path))
    folder = micro_run(tmp_path).folder
    folder.mkdir(parents=True)
    whole = (reference / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[:1000])
    with pytest.raises(InputError, match=r"model\.safetensors"):
        evaluate(micro_run(tmp_path))
    (folder / "model.safetensors").write_bytes(whole)
    run = micro_run(tmp_path)
    other = run.model_copy(update={"study": run.study.model_copy(update={"threads": 2})})
    with pytest.raises(InputError, match=r"model\.safetensors"):
        evaluate(other)


@pytest.mark.parametrize("model", [{"unheard": 1}, None])
def test_weights_of_other_sources_are_refused(reference, tmp_path, model):
    folder = micro_run(tmp_path).folder
    shutil.copytree(reference, folder)
    tensors, about = load_tensors(folder / "model.safetensors", "")
    changed = model and about["model"] | model
    save_tensors(folder / "model.safetensors", tensors, about | {"model": changed})
    with pytest.raises(InputError, match=r"model\.safetensors"):
        evaluate(micro_run(tmp_path))


@pytest.mark.parametrize("left", ["no file", "nothing", "the end alone", "a line cut"])
def test_a_training_log_that_is_not_whole_is_found_before_any_clip_is_scored(reference, tmp_path, monkeypatch, left):
    folder = micro_run(tmp_path).folder
    shutil.copytree(reference, folder)
    log = folder / "metrics.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    log.write_text({"nothing": "", "the end alone": lines[-1]}.get(left, "".join(lines)[:-9]))
    if left == "no file":
        log.unlink()
    monkeypatch.setattr("lcr.run.evaluate.score_clips", lambda *_: pytest.fail("clips are scored"))
    with pytest.raises(InputError, match=r"metrics\.jsonl"):
        evaluate(micro_run(tmp_path))


def test_parameters_are_updated_all_at_once_to_the_same_bits_as_one_by_one():
    config = load_study("micro.yaml").dataset("jester-fixture").train
    weights = []
    for at_once in (True, False):
        torch.manual_seed(0)
        model = LCR(MODELS["lcr-tiny"])
        optimizer = make_optimizer(model, config)
        for group in optimizer.param_groups:
            assert group["foreach"]
            group["foreach"] = at_once
        for _ in range(5):
            for parameter in model.parameters():
                parameter.grad = torch.randn_like(parameter)
            optimizer.step()
        weights.append([parameter.detach() for parameter in model.parameters()])
    assert all(map(torch.equal, *weights))


def test_each_step_of_each_seed_has_a_tube_mask_of_its_own():
    masks = {}
    for seed in (0, 1, 7):
        for step in (0, 1, 600):
            seed_mask(seed, step)
            masks[seed, step] = tube_mask(16, 196, 0.3)
    seed_mask(7, 600)
    assert torch.equal(masks[7, 600], tube_mask(16, 196, 0.3))
    for one, other in itertools.combinations(masks, 2):
        assert not torch.equal(masks[one], masks[other]), (one, other)


def test_the_learning_rate_warms_up_and_ends_near_zero():
    recipe = load_study("micro.yaml").datasets["jester-fixture"].train
    rates = [learning_rate(recipe, step, 100) for step in range(100)]
    assert rates[0] == pytest.approx(recipe.learning_rate / 10)
    assert max(rates) == recipe.learning_rate == rates[9]
    assert rates[-1] < 0.001 * recipe.learning_rate
    assert rates[9:] == sorted(rates[9:], reverse=True)


@pytest.mark.parametrize(("frames", "read"), [("rule", 10), ("all", 12), ("last", 1)])
def test_the_loss_reads_the_frames_that_the_recipe_names(frames, read):
    config = load_study("micro.yaml").datasets["jester-fixture"]
    recipe = config.train.model_copy(update={"loss_frames": frames})
    logits = torch.randn(3, 12, 4, requires_grad=True)
    clip_loss(logits, torch.tensor([0, 1, 2]), recipe, config.protocol).backward()
    touched = logits.grad.abs().sum((0, 2)) > 0
    assert touched.tolist() == [False] * (12 - read) + [True] * read
