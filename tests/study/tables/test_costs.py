"""`lcr cost`: one model on the screen, all of a study's as a table, which other tables read only of the models run."""

import pytest

from lcr.config.files import load_variant
from lcr.config.keys import recorded_key
from lcr.config.load import load_study
from lcr.cost import counted
from lcr.cost.count import cost
from lcr.cost.table1 import FRAMES, table1
from lcr.model.models import MODELS
from lcr.study.tables import cost_rows
from lcr.study.tables.cost_rows import Job, classes_of, rows_of
from lcr.study.tables.costs import Costs
from lcr.study.tables.frame import Source, read_frame
from lcr.study.tables.registry import TABLES
from lcr.util.errors import InputError
from tests.cli import lcr
from tests.micro import PROJECT
from tests.study.conftest import write_costs


def test_cost_prints_every_component_exactly_and_the_totals():
    done, found = lcr("cost", "lcr-tiny", "--frames", 2, "--views", 3), cost(MODELS["lcr-tiny"], 2, memory=None)
    assert done.exit_code == 0, done.output
    for name in found.components:
        assert all(text in done.output for text in (name, *(f"{number:,}" for number in found.component(name))))
    assert f"{3 * found.gmacs:.6g} GMACs" in done.output


@pytest.mark.parametrize("words", [(), ("lcr-tiny", "--study", "smoke"), ("lcr-tiny", "--device", "cuda")])
def test_one_model_or_a_study_is_asked_for_and_a_gpu_only_where_there_is_one(words, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(InputError):
        lcr("cost", *words)


def test_components_add_up_to_the_whole_a_prediction_is_all_views_and_memory_is_there_or_says_how_to_measure_it():
    full = load_variant("full")
    job = Job("jester-fixture", "lcr-tiny", MODELS["lcr-tiny"], full, 3, 9)
    frame = TABLES["cost"].frame(rows_of("made-up", job, cost(job.config, 3), "cpu"))
    parts, whole = frame[:-1], frame.iloc[-1]
    assert whole.component == "all"
    counts = ["params", "macs", "flops", "elementwise"]
    assert parts[counts].sum().tolist() == whole[counts].tolist()
    assert (frame.flops == 2 * frame.macs).all()
    assert (frame.flops_per_prediction == 9 * frame.flops).all()
    assert min(whole.peak_mem_gb, whole.train_mem_gb) > 0
    large = Job("", "lcr-xl-224", MODELS["lcr-xl-224"], full, FRAMES, 9)
    *_, whole = rows_of("made-up", large, cost(MODELS["lcr-tiny"], 1, memory=None), "cpu")
    assert ("peak_mem_gb" in whole, "lcr cost lcr-xl-224" in whole["note"]) == (False, True)
    assert [large.measured, Job("", "lcr-s-112", MODELS["lcr-s-112"], full, FRAMES, 1).measured] == [False, True]


def test_the_table_has_every_ablation_of_the_studys_and_of_table_1s_models(tmp_path, monkeypatch):
    once = cost(MODELS["lcr-tiny"], 1, memory=None)
    monkeypatch.setattr(cost_rows, "cost", lambda config, frames, memory: once)
    done, study = lcr("cost", "--study", "smoke", "--results", tmp_path), load_study("smoke")
    assert done.exit_code == 0, done.output
    whole = read_frame(tmp_path / "smoke" / "cost.csv", TABLES["cost"]).query("component == 'all'")
    methods = {"chance": "chance", "bag_of_frames-both": "bag_of_frames", "cnn3d-rgb": "cnn3d"}  # model by arm
    own = [
        (name, methods.get(arm, one.model), arm)
        for name, one in study.datasets.items()
        for arm in (*study.variants, *study.methods)
    ]
    wanted = own + [("", row.name, variant) for row in table1() for variant in study.variants]
    assert list(zip(whole.dataset, whole.model, whole.variant, strict=True)) == wanted
    assert recorded_key(tmp_path / "smoke" / "cost.json")


def test_classes_are_those_drawn_or_indexed_or_official(tmp_path, monkeypatch):
    smoke, paper = (Source(load_study(name)) for name in ("smoke", "paper"))
    assert [classes_of(smoke, name) for name in smoke.study.datasets] == [3, 2, 18]
    assert [classes_of(paper, name) for name in paper.study.datasets] == [27, 174, 400]
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="lcr data index"):
        classes_of(Source(load_study("paper", {"jester": str(tmp_path)}, PROJECT)), "jester")


def test_a_table_that_lacks_a_variant_or_counts_another_model_than_was_run_is_refused(study, tmp_path):
    source, model = Source(study, tmp_path), study.model("jester-fixture", load_variant("lstm_gate"), 12)
    with pytest.raises(InputError, match="lcr cost --study made-up"):
        Costs(source)
    write_costs(study, tmp_path)
    Costs(source).of("jester-fixture", "lstm_gate", counted(model, 12))
    for other in (counted(model, 11), counted(model.model_copy(update={"classes": 13}), 12), None):
        if other is None:
            write_costs(study.model_copy(update={"variants": ("full",)}), tmp_path)
        with pytest.raises(InputError, match=r"jester-fixture/lstm_gate.*lcr cost --study made-up"):
            Costs(source).of("jester-fixture", "lstm_gate", other)
