"""A user's own method: found by module or file, tried before any data is read, trained, tested and read back."""

import re

import pytest
import torch

from lcr.config.load import load_study
from lcr.config.record import RunRecord
from lcr.config.run import Run
from lcr.config.variant import METHOD_ARMS, method_arms
from lcr.methods import own
from lcr.run.evaluate import evaluate, load_trained
from lcr.run.train import train
from lcr.util.errors import InputError
from tests.cli import lcr
from tests.micro import PROJECT, STUDY

# The example of the documentation.
MODEL = re.search(r"```python\n(.*?)```", (PROJECT / "docs" / "methods.md").read_text(), re.DOTALL)[1]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with a study; own methods that a test named are forgotten behind it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(own, "_named", set())
    (tmp_path / "micro.yaml").write_text(STUDY)
    known = dict(METHOD_ARMS)
    yield tmp_path
    METHOD_ARMS.clear()
    METHOD_ARMS.update(known)


def test_a_file_is_trained_and_tested_in_a_study(folder):
    (folder / "mean.py").write_text(MODEL)
    study = load_study("micro.yaml+mean.py:build")
    run = Run(study=study, dataset="jester-fixture", variant=study.variant("mean"), seed=0)
    train(run)
    evaluate(run)
    record = RunRecord.read(run.folder)
    assert not run.is_stale(record)
    assert record.config["model"]["source"] == "mean.py:build"
    model, _ = load_trained(run.folder / "model.safetensors", torch.device("cpu"))
    assert model.network.linear.out_features == 2


def test_an_edit_of_the_file_counts_in_the_key_and_a_comment_does_not(folder):
    def key() -> str:
        study = load_study("micro.yaml+mean.py:build")
        return Run(study=study, dataset="jester-fixture", variant=study.variant("mean"), seed=0).train_key

    (folder / "mean.py").write_text(MODEL)
    before = key()
    (folder / "mean.py").write_text(MODEL + "# a comment\n")
    assert key() == before
    (folder / "mean.py").write_text(MODEL.replace("mean((3, 4))", "amax((3, 4))"))
    assert key() != before


def test_an_installed_module_is_found_by_its_name_and_by_its_entry_point(folder, monkeypatch):
    package = folder / "site" / "their_models"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "mean.py").write_text(MODEL)
    monkeypatch.syspath_prepend(folder / "site")
    assert method_arms("their_models.mean:build", tiny=True) == ["mean"]
    assert own.sources("their_models.mean:build") == sorted(package.glob("*.py"))
    monkeypatch.setattr(own, "installed", lambda: {"theirs": "their_models.mean:build"})
    assert method_arms("theirs", tiny=True) == ["theirs"]


WRONG = {
    "does not import": MODEL.replace("from torch", "from no_such_package"),
    "no function": MODEL.replace("def build", "def make"),
    "no module": MODEL.replace("return Mean(classes)", "return 3"),
    "wrong classes": MODEL.replace("return Mean(classes)", "return Mean(classes + 1)"),
    "wrong frames": MODEL.replace("frames.mean((3, 4))", "frames[:, :2].mean((3, 4))"),
    "fails": MODEL.replace("nn.Linear(3", "nn.Linear(4"),
    "not finite": MODEL.replace("self.linear(frames", "self.linear(float('nan') + frames"),
}


@pytest.mark.parametrize("why", WRONG)
def test_a_method_that_cannot_be_used_is_refused_before_any_data_is_read(folder, why):
    (folder / "mean.py").write_text(WRONG[why])
    words = ("train", "--dataset", "jester-fixture", "--method", "mean.py:build", "--study", "micro.yaml")
    with pytest.raises(InputError, match=r"mean\.py"):
        lcr(*words)
    assert not (folder / ".lcr").exists()


@pytest.mark.parametrize("given", ["no_such.py:build", "no_such_module:build", "mean", "mean:", "os:no such", ":build"])
def test_a_name_that_is_none_is_refused(folder, given):
    with pytest.raises(InputError):
        method_arms(given, tiny=True)


def test_two_own_methods_of_one_name_are_refused(folder):
    for place in (".", "other"):
        (folder / place).mkdir(exist_ok=True)
        (folder / place / "mean.py").write_text(MODEL)
    with pytest.raises(InputError, match="mean"):
        load_study("micro.yaml+mean.py:build,other/mean.py:build")


def test_weights_alone_run_no_code(folder):
    (folder / "mean.py").write_text(MODEL)
    study = load_study("micro.yaml+mean.py:build")
    run = Run(study=study, dataset="jester-fixture", variant=study.variant("mean"), seed=0)
    train(run)
    own._named.clear()  # as in another process
    with pytest.raises(InputError, match=re.escape("mean.py:build")):
        load_trained(run.folder / "model.safetensors", torch.device("cpu"))
