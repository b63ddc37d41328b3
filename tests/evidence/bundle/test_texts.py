"""Cards and checklist follow from the study's files: other files, other texts."""

import re
import shutil

import pytest
import yaml

pytest.importorskip("rocrate", reason="needs the extra: pip install 'lcr[bundle]'")

from lcr.evidence.bundle.archive import bundle_files
from lcr.evidence.bundle.cards import model_card
from lcr.evidence.bundle.checklist import checklist
from lcr.evidence.bundle.facts import Facts
from lcr.report.finished import Finished
from lcr.study.claims.caveats import CAVEATS
from tests.evidence.conftest import edit_record


def card(facts: Facts, name: str) -> str:
    return model_card(facts, next(one for one in facts.variants if one.name == name))


def changed(facts: Facts, **values) -> Facts:
    """The study with other values in every run.json."""
    for path in facts.finished.folder.rglob("run.json"):
        edit_record(path.parent, **values)
    return Facts(Finished(facts.study, facts.finished.results))


def answers(facts: Facts) -> list[list[str]]:
    """Item, answer, reason and links of each line of the checklist."""
    lines = [line.strip("| ").split(" | ") for line in checklist(facts).splitlines() if line.startswith("| ")]
    return [line for line in lines if line[0] != "Item"]


def answer(facts: Facts, start: str) -> list[str]:
    (found,) = (line for line in answers(facts) if line[0].startswith(start))
    return found


def numbers(text: str) -> list[str]:
    return re.findall(r"[\d.,]*\d", text)


def test_every_variant_has_a_card_with_the_tables_numbers_and_metadata_that_yaml_reads(facts):
    for variant in facts.variants:
        text = model_card(facts, variant)
        assert yaml.safe_load(text.split("---")[1])["license"] == "apache-2.0"
        assert variant.hypothesis in text
        assert (CAVEATS["no_edge_prompt"] in text) == (variant.name == "no_edge_prompt")
        for row in facts.rows:
            if row["variant"] == variant.name:
                assert f"{row['top1']} [{row['top1_ci_low']}, {row['top1_ci_high']}]" in text


def test_a_cards_command_has_a_seed_of_the_study(facts):
    for path in facts.finished.folder.rglob("seed-*"):
        path.rename(path.with_name(f"seed-{int(path.name[5:]) + 5}"))
    assert "--ablation lstm_gate --seed 0`" not in card(changed(facts, seed=5), "lstm_gate")


def test_a_card_has_the_training_and_the_cost_of_its_variant(facts):
    text = card(facts, "no_tube_mask")
    row = facts.cost("jester-fixture", "no_tube_mask")
    trained, counted = (line for line in text.splitlines() if line.startswith("- jester-fixture: "))
    assert numbers(trained)[:4] == ["240", "50", "43", "3"]
    assert numbers(counted) == [f"{row['params']:,}", f"{row['macs']:,}", "0.0123"]


def test_the_checklists_21_answers_follow_from_the_files(facts):
    assert len(answers(facts)) == 21
    assert {line[1] for line in answers(facts)} == {"**yes**", "**no**", "**does not apply**"}
    assert numbers(answer(facts, "The exact number")[2]) == ["54", "3", "6", "3"]
    assert numbers(answer(facts, "The relevant statistics")[2])[:2] == ["89", "60"]
    assert numbers(answer(facts, "An explanation of any data excluded")[2]) == ["1", "1", "1"]
    assert numbers(answer(facts, "The average runtime")[2])[:2] == ["43", "4"]
    assert "a CPU" in answer(facts, "A description of the computing")[2]
    assert [answer(facts, start)[1] for start in ("Training code", "Specification")] == ["**yes**"] * 2
    other = changed(facts, git={"commit": "0" * 40, "dirty": True}, lock_hash=None)
    assert [answer(other, start)[1] for start in ("Training code", "Specification")] == ["**no**"] * 2


def test_runs_of_other_readings_are_counted_and_kept(facts):
    full = facts.finished.folder / "jester-fixture/full/seed-0"
    other = full.parents[1] / "kv-source.additive" / full.name
    shutil.copytree(full, other)
    edit_record(other, variant="kv-source.additive", train_seconds=43 + 55 * 7)
    more = Facts(Finished(facts.study, facts.finished.results))
    assert numbers(answer(more, "The exact number")[2]) == ["55", "3", "6", "3", "1"]
    assert numbers(answer(more, "The average runtime")[2])[0] == "50"
    assert "jester-fixture/kv-source.additive/seed-0/predictions.parquet" in bundle_files(more, "2026-11-26")
