"""A plan counts what a training and its test do."""

import pytest

from lcr.config.load import load_study
from lcr.cost import counted, multiply_adds
from lcr.study.plan import BACKWARD, CONDITIONS, gpus, plan, probe, rate_of
from lcr.util.errors import InputError
from tests.cli import lcr


@pytest.fixture
def by_arm(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # no index of clips is there
    return {(one.dataset, one.arm): one for one in plan(load_study("tiny"))}


def test_the_steps_and_flops_of_a_run(by_arm):
    study = load_study("tiny")
    one = by_arm["jester-fixture", "full"]
    assert (one.runs, one.steps, one.clips) == (6, 2000, 800)
    model = study.model("jester-fixture", study.variant("full"), 8)
    forward = counted(model, 8).macs
    assert one.forward_gmacs == forward / 1e9
    masked = sum(multiply_adds(model, 8, 14).values())  # 2 of 16 patches are taken
    assert one.train_flops == 6 * 2000 * 16 * 2 * (1 + BACKWARD) * masked
    assert one.evaluate_flops == 6 * 320 * (CONDITIONS + 5) * 2 * forward


def test_an_arm_without_a_mask_takes_more_and_chance_hardly_anything(by_arm):
    flops = {arm: one.flops for (_, arm), one in by_arm.items()}
    assert flops["no_tube_mask"] > flops["full"] > flops["unidirectional_wkv"]
    assert flops["chance"] == 0
    assert by_arm["jester-fixture", "chance"].steps == 1


def test_the_paper_study_is_planned_without_its_clips(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    found = {one.dataset: one for one in plan(load_study("paper")) if one.arm == "full"}
    assert found["jester"].steps == 30 * (118_562 // 64)
    assert (
        found["kinetics"].evaluate_flops > 9 * found["kinetics"].runs * 19_906 * found["kinetics"].forward_gmacs * 1e9
    )


def test_every_gpu_has_a_source_and_rates_that_grow_with_coarser_numbers():
    for one in gpus().values():
        assert one.source
        assert one.rates["fp32"] <= one.rates["tf32"] <= one.rates["bf16"]
    with pytest.raises(InputError, match="h100"):
        rate_of("h1000", "fp32")


def test_the_probe_measures_this_machine(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert probe(load_study("smoke"), "jester-fixture") > 1e6


def test_the_command_prints_the_total_and_writes_the_rows(tmp_path):
    words = ("--study", "tiny", "--gpu", "a100", "--price", "2", "--out", tmp_path / "plan.csv")
    result = lcr("plan", *words)
    assert "78 runs" in result.stdout
    assert (tmp_path / "plan.csv").read_text().count("\n") == 14
