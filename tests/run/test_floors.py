"""The synthetic sets ask for time: frames without their order do not tell a movement from its reverse."""

import pytest

from lcr.config.load import load_study
from lcr.config.run import Run
from lcr.config.variant import METHOD_ARMS
from lcr.data.labels import reverse_classes
from lcr.run.evaluate import evaluate
from lcr.run.train import train
from lcr.study.store import Store


@pytest.mark.slow
@pytest.mark.parametrize("dataset", ["jester-fixture", "something-fixture", "kinetics-fixture"])
def test_a_bag_of_frames_is_right_on_at_most_55_percent_of_reversed_pairs(dataset, tmp_path, monkeypatch):
    study = load_study("floors")  # loaded before the change of folder
    monkeypatch.chdir(tmp_path)
    config = study.dataset(dataset)
    classes = config.fixture.classes
    paired = tuple(classes[number] for number in sorted(reverse_classes(classes)))
    fixture = config.fixture.model_copy(update={"classes": paired, "validation": 60, "seed": 1})
    config = config.model_copy(update={"fixture": fixture})
    study = study.model_copy(update={"datasets": {dataset: config}, "table2": dataset})
    run = Run(study=study, dataset=dataset, variant=METHOD_ARMS["bag_of_frames-rgb"], seed=0)
    train(run)
    evaluate(run)
    found = Store(run.results, study.name).temporal(dataset, run.variant.name, 0).to_pandas()
    found = found[found.condition == "as_is"]
    assert len(found) == 60 * len(paired) >= 360
    assert (found.score_label > found.score_reverse).mean() <= 0.55
