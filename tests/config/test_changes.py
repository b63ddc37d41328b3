"""`--set KEY=VALUE`: any key of a study, in a run that says so and lives in a folder of its own."""

import pytest

from lcr.config.load import load_study
from lcr.config.run import Data, Run
from lcr.util.errors import InputError
from tests.cli import lcr
from tests.micro import STUDY

EPOCHS = "datasets.jester-fixture.train.epochs=3"
RATE = "datasets.jester-fixture.train.learning_rate=1e-4"
FRAMES = "datasets.jester-fixture.data.frames=4"


def test_a_changed_recipe_keeps_the_clips_and_changed_clips_get_a_folder_of_their_own():
    usual, recipe, clips = (load_study("tiny", changes=changes) for changes in ((), [EPOCHS], [FRAMES]))
    folders = [Data.of(study, "jester-fixture").folder for study in (usual, recipe, clips)]
    assert folders[0] == folders[1] != folders[2]
    assert recipe.dataset("jester-fixture").train.epochs == 3
    assert clips.dataset("jester-fixture").data.frames == 4


def test_the_order_of_changes_does_not_count_and_their_values_do():
    marks = [load_study("tiny", changes=c).mark for c in ([EPOCHS, RATE], [RATE, EPOCHS], [EPOCHS], [])]
    assert marks[0] == marks[1] != marks[2]
    assert marks[3] == ""


def test_a_learning_rate_that_is_set_is_that_of_every_arm():
    study = load_study("tiny", changes=[RATE])
    rates = {study.dataset("jester-fixture").rate_of(name) for name in ("full", "no_edge_prompt", "cnn3d-rgb")}
    assert rates == {1e-4}


@pytest.mark.parametrize(
    "change",
    [
        *("x", "=", "epochs=3", "seeds=5", "seeds=[", "seeds.0.1=2", "name=../x", "datasets.jester.train.epochs=3"),
        *("datasets.jester-fixture.train.epoch=3", "datasets.jester-fixture.train.epochs=-1"),
    ],
)
def test_a_change_that_is_none_is_refused(change):
    with pytest.raises(InputError):
        load_study("tiny", changes=[change])


def test_a_run_with_changes_is_trained_beside_the_usual_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "micro.yaml").write_text(STUDY)
    words = ("--dataset", "jester-fixture", "--study", "micro.yaml", "--set", EPOCHS)
    lcr("train", *words)
    lcr("evaluate", *words)
    study = load_study("micro.yaml", changes=[EPOCHS])
    (folder,) = (tmp_path / "results" / "micro" / "jester-fixture").iterdir()
    assert folder.name == f"full{study.mark}"
    assert (folder / "seed-0" / "run.json").is_file()
    variant = study.variant("full").model_copy(update={"name": folder.name})
    run = Run(study=study, dataset="jester-fixture", variant=variant, seed=0)
    assert f"--set {EPOCHS}" in run.options
    assert "--ablation full --seed" in run.options
