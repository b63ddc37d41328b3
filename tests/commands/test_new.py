"""Each file that `lcr new` writes works as it is."""

import shutil

import pytest

from lcr.config.files import load_variant
from lcr.config.load import load_study
from lcr.config.variant import METHOD_ARMS, method_arms
from lcr.methods import own
from lcr.model.config import ModelConfig
from lcr.model.models import model_by_name
from lcr.model.selfcheck import check_acts
from lcr.util.errors import InputError
from tests.cli import lcr
from tests.micro import PROJECT


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with the ablations of this one, as the working directory."""
    shutil.copytree(PROJECT / "ablations", tmp_path / "ablations")
    monkeypatch.chdir(tmp_path)
    known = dict(METHOD_ARMS)
    yield tmp_path
    METHOD_ARMS.clear()
    METHOD_ARMS.update(known)


def test_an_ablation_acts(project):
    lcr("new", "ablation", "half_masked")
    full = model_by_name("lcr-tiny").model_copy(update={"classes": 3})
    changed = load_variant("half_masked").apply(full)
    assert isinstance(changed, ModelConfig)
    check_acts(changed, full)


def test_a_study_loads_and_has_the_runs_that_it_names(project):
    lcr("new", "study", "mine")
    study = load_study("mine")
    assert [one.name for one in study.compared] == ["full", "no_tube_mask", "bag_of_frames-rgb", "cnn3d-rgb"]


def test_a_method_passes_its_trial(project):
    lcr("new", "method", "mine")
    assert method_arms("mine.py:build", tiny=True) == ["mine"]
    own.check(own.Config(frame_size=48, classes=3, source="mine.py:build"))


@pytest.mark.parametrize("kind", ["ablation", "study", "method"])
@pytest.mark.parametrize("name", ["", "Über", "../x", "a b", "x" * 99])
def test_a_name_that_is_no_name_is_refused(project, kind, name):
    with pytest.raises(InputError):
        lcr("new", kind, name)


def test_nothing_is_overwritten(project):
    lcr("new", "ablation", "mine")
    with pytest.raises(InputError, match="mine"):
        lcr("new", "ablation", "mine")
    with pytest.raises(InputError, match="full"):
        lcr("new", "ablation", "full")
