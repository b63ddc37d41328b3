"""The weights say what made them, and the record says it of the weights and of the predictions, each their own."""

import shutil
from pathlib import Path

import pytest

from lcr.config.keys import Environment
from lcr.config.made import GitState, Hardware, Made
from lcr.config.record import RunRecord
from lcr.run import made
from lcr.run.evaluate import evaluate
from lcr.run.train import Training, train
from lcr.run.weights import load_tensors, save_tensors
from lcr.util.errors import InputError
from lcr.util.provenance import PACKAGE
from tests.micro import micro_run, run

pytestmark = pytest.mark.usefixtures("inside")
ELSEWHERE = Made(backend="torch", versions={"numpy": "0.1"}, hardware=Hardware(cpu="an Arm", simd="SVE"))


@pytest.fixture
def trained(reference: Path, tmp_path: Path) -> Path:
    """A copy of the one trained run, for a test to change; its results are in `tmp_path`."""
    return Path(shutil.copytree(reference, micro_run(tmp_path).folder))


def described(folder: Path, **changes: object) -> None:
    """Changes the description of weights."""
    tensors, about = load_tensors(folder / "model.safetensors", "remake")
    save_tensors(folder / "model.safetensors", tensors, about | changes)


def test_training_and_evaluation_are_each_recorded_by_themselves(trained, tmp_path, monkeypatch):
    maker = Made.model_validate(load_tensors(trained / "model.safetensors", "remake")[1]["made"])
    monkeypatch.setattr("lcr.run.evaluate.made_here", lambda *_: ELSEWHERE)
    record = RunRecord.read(evaluate(micro_run(tmp_path)))
    assert (record.training, record.evaluation) == (maker, ELSEWHERE)
    assert maker.versions.keys() >= {"python", *made.PACKAGES}
    assert maker.threads == 1
    assert maker.hardware.cpu
    assert maker.hardware.simd
    assert (maker.hardware.kernel is None) == (maker.backend != "cpu")


def test_weights_made_with_other_versions_or_another_backend_keep_the_key_of_that_place(trained, tmp_path):
    one = micro_run(tmp_path)
    away = Environment(one.environment.versions | {"numpy": "0.1"}, "torch")
    key = one.keys_in(away)[0]
    there = Made(backend=away.backend, versions=away.versions).model_dump(mode="json")
    described(trained, train_key=key, made=there)
    record = RunRecord.read(evaluate(one))
    assert (record.train_key, record.evaluate_key) == (key, one.evaluate_key)
    assert Environment.of(record.trained) == away
    assert not one.is_stale(record)
    assert one.is_stale(record.model_copy(update={"training": record.evaluation}))
    described(trained, made=None)  # the key is not that of this machine
    with pytest.raises(InputError, match=r"model\.safetensors"):
        evaluate(one)
    described(trained, made={"git": {"commit": "--output=x"}})
    with pytest.raises(InputError, match=r"model\.safetensors"):
        evaluate(one)


def test_weights_of_an_earlier_version_have_a_trainer_that_is_not_recorded(trained, tmp_path):
    described(trained, made=None)
    record = RunRecord.read(evaluate(micro_run(tmp_path)))
    assert record.training is None
    assert record.evaluation.git == GitState.model_validate(made.git_state())


def test_a_training_that_another_machine_began_names_both(monkeypatch):
    update = Training.update

    def stopped(self, batch):
        if self.step == 12:  # the checkpoint is written after step 10
            raise KeyboardInterrupt
        return update(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "update", stopped)
        patch.setattr("lcr.run.train.made_here", lambda *_: ELSEWHERE)
        with pytest.raises(KeyboardInterrupt):
            train(micro_run("moved"), force=True)  # not from a checkpoint that another test left
    maker = Made.model_validate(load_tensors(run("moved") / "model.safetensors", "remake")[1]["made"])
    assert maker.earlier == (ELSEWHERE,)
    assert maker.each[-1] == made.made_here(
        micro_run("moved").study, micro_run("moved").model(2), made.torch.device("cpu")
    )


def test_makers_of_a_training_stand_once_each_whoever_went_on():
    one, other = Made(threads=1), Made(threads=2)
    assert one.after(None) == one.after(one) == one
    assert one.after(other.after(one)).earlier == (other,)
    assert Made(threads=3).after(other.after(one)).earlier == (one, other)


def test_an_unknown_commit_is_said_once_and_recorded_with_its_reason(trained, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(made, "git_state", lambda: {"commit": None, "dirty": None, "why": "of a reason"})
    record = RunRecord.read(evaluate(micro_run(tmp_path)))
    assert record.evaluation.git == GitState(why="of a reason")
    (said,) = (line for line in capsys.readouterr().err.splitlines() if "of a reason" in line)
    assert str(PACKAGE) in said


OLD = {
    "git": {"commit": "1" * 40, "dirty": False},
    "versions": {"torch": "2"},
    "hardware": {"cpu": "a CPU", "simd": "AVX2"},
    "threads": 1,
    "wkv_backend": "cpu",
    "lock_hash": "2" * 64,
}
LEAST = {"study": "s", "dataset": "d", "variant": "v", "seed": 0, "config": {}, "protocol": {}, "data_hash": "h"}


def test_an_older_record_tells_of_its_evaluation_alone():
    record = RunRecord.parse(LEAST | OLD, "run.json")
    assert record.training is None
    made_by = Made.model_validate({"backend": "cpu"} | {name: OLD[name] for name in OLD if name != "wkv_backend"})
    assert record.evaluation == record.trained == made_by
    assert RunRecord.parse(record.model_dump(mode="json", exclude_unset=True), "run.json") == record


@pytest.mark.parametrize("where", ["git", "evaluation", "training"])
def test_a_record_whose_commit_is_no_commit_is_damaged(where):
    state = {"commit": "--output=x"}
    with pytest.raises(InputError, match=r"run\.json .*git\.commit"):
        RunRecord.parse(LEAST | {where: state if where == "git" else {"git": state}}, "run.json")
