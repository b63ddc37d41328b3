"""Floors and ceilings are trained, evaluated and read back by the same code as LCR."""

from pathlib import Path

import numpy as np
import pytest
import torch

from lcr.config.load import load_study
from lcr.config.run import Run
from lcr.config.variant import METHOD_ARMS
from lcr.data.clips import Clips
from lcr.run.evaluate import evaluate, load_trained
from lcr.run.train import Training, train
from lcr.run.video import load_run, stream
from lcr.study.store import Store
from lcr.util.errors import InputError
from tests.micro import STUDY


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A function that trains and evaluates an arm in the module's folder, once."""
    folder, done = tmp_path_factory.mktemp("methods"), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "micro.yaml").write_text(STUDY)
        study = load_study("micro.yaml")

        def make(arm: str, results: str = "results") -> Run:
            if (arm, results) not in done:
                run = Run(study=study, dataset="jester-fixture", variant=METHOD_ARMS[arm], seed=0, results=results)
                train(run)
                evaluate(run)
                done[arm, results] = run
            return done[arm, results]

        yield make


def test_chance_reaches_one_in_k_on_balanced_classes_and_half_of_the_pairs(made):
    run = made("chance")
    store = Store(run.results, run.study.name)
    table = store.predictions(run.dataset, "chance", 0).to_pandas()
    assert (table.label == table.prediction).mean() == 1 / 2
    pairs = store.temporal(run.dataset, "chance", 0).to_pandas()
    assert (pairs.score_label == pairs.score_reverse).all()


@pytest.mark.slow
@pytest.mark.parametrize("arm", [name for name in METHOD_ARMS if name.endswith("-tiny-both")])
def test_a_training_that_is_stopped_goes_on_to_the_same_bits(made, arm, monkeypatch):
    whole, update = made(arm), Training.update

    def stopped(self, batch):
        if self.step == 12:  # checkpoints are written after step 10
            raise KeyboardInterrupt
        return update(self, batch)

    run = whole.model_copy(update={"results": Path("stopped")})
    with monkeypatch.context() as patch:
        patch.setattr(Training, "update", stopped)
        with pytest.raises(KeyboardInterrupt):
            train(run)
    train(run)
    names = ("model.safetensors", "metrics.jsonl")
    one, other = ([(each.folder / name).read_bytes() for name in names] for each in (whole, run))
    assert one[0] == other[0]
    assert one[1].splitlines()[:-1] == other[1].splitlines()[:-1]


@pytest.mark.parametrize("arm", ["cnn3d-rgb", "bag_of_frames-both", "rvit-tiny-both"])
def test_a_method_is_trained_to_the_same_bits_again(made, arm):
    one, other = (
        load_trained(made(arm, results).folder / "model.safetensors", torch.device("cpu"))[0]
        for results in ("results", "again")
    )
    fresh = one.state_dict()
    assert all(torch.equal(fresh[name], tensor) for name, tensor in other.state_dict().items())


def test_a_bag_of_frames_scores_a_clip_as_its_reverse(made):
    run = made("bag_of_frames-both")
    pairs = Store(run.results, run.study.name).temporal(run.dataset, run.variant.name, 0).to_pandas()
    forward, backward = (pairs[pairs.condition == name].score_label.to_numpy() for name in ("as_is", "reversed"))
    assert np.allclose(forward, backward, atol=1e-6)


def test_a_method_normalises_by_the_statistics_of_its_training_clips(made):
    run = made("cnn3d-rgb")
    config = load_trained(run.folder / "model.safetensors", torch.device("cpu"))[0].config
    clips = Clips(run.data.folder, "train", run.config.data, run.data.frame_size)
    assert (config.mean, config.std) == clips.statistics()


def test_a_method_that_reads_whole_clips_cannot_stream(made, tmp_path):
    with pytest.raises(InputError, match="--stream"):
        next(stream(load_run(made("cnn3d-rgb").folder), tmp_path))


def test_rvit_streams(made, tmp_path):
    run = made("rvit-tiny-both")
    clip = next(path for path in (run.data.folder / "raw" / "20bn-jester-v1").iterdir() if path.is_dir())
    shown = list(stream(load_run(run.folder), clip))
    assert len(shown) == len(list(clip.glob("*.jpg")))
    assert all(np.isfinite(scores).all() for _, scores, _ in shown)


def test_the_components_of_a_method_leave_out_the_model_and_the_gate(made):
    run = made("cnn3d-rgb")
    parts = run.components(run.environment)
    assert "method:cnn3d" in parts
    assert not [part for part in parts if part == "model" or part.startswith(("gate:", "wkv:"))]
    assert run.environment.backend is None
