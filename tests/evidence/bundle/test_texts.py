"""Cards and checklist say what the study's files say: other files, other answers."""

import json
import shutil

import pytest
import yaml

pytest.importorskip("rocrate", reason="needs the extra: pip install 'lcr[bundle]'")

from lcr.evidence.bundle.archive import bundle_files
from lcr.evidence.bundle.cards import model_card
from lcr.evidence.bundle.checklist import answers, checklist
from lcr.evidence.bundle.facts import Facts
from lcr.report.finished import Finished


def card(facts: Facts, name: str) -> str:
    return model_card(facts, next(one for one in facts.variants if one.name == name))


def changed(facts: Facts, **values) -> Facts:
    """Every run.json with other values, read anew."""
    for path in facts.finished.folder.rglob("run.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | values))
    return Facts(Finished(facts.study, facts.finished.results))


def answer(facts: Facts, start: str):
    found = [one for items in answers(facts).values() for one in items if one.item.startswith(start)]
    assert len(found) == 1, start
    return found[0]


def test_every_variant_has_a_card_with_the_tables_numbers(facts):
    for variant in facts.variants:
        text = model_card(facts, variant)
        for row in facts.rows:
            if row["variant"] == variant.name:
                assert f"{row['top1']} [{row['top1_ci_low']}, {row['top1_ci_high']}]" in text
        assert variant.hypothesis in text


def test_a_cards_command_has_a_seed_of_the_study(facts):
    for folders in facts.folders.values():
        for folder in folders:
            record = json.loads((folder / "run.json").read_text())
            (folder / "run.json").write_text(json.dumps(record | {"seed": record["seed"] + 5}))
    assert "--ablation lstm_gate --seed 5`" in card(facts, "lstm_gate")


def test_a_card_begins_with_metadata_that_yaml_reads(facts):
    head = yaml.safe_load(card(facts, "full").split("---")[1])
    assert head["license"] == "apache-2.0"
    assert head["pipeline_tag"] == "video-classification"


def test_a_card_says_that_clips_are_generated_and_what_it_cost(facts):
    assert "compares edge maps with RGB" in card(facts, "no_edge_prompt")
    text = card(facts, "no_tube_mask")
    assert "RGB" not in text
    assert "they are not the paper's data" in text
    assert "50 steps, 43 s on average over 3 seeds" in text
    row = facts.cost("jester-fixture", "no_tube_mask")
    assert f"{int(row['params']):,} parameters, {int(row['macs']):,} multiply-adds, 0.0123 GB" in text


def test_the_checklist_has_all_21_items_each_with_an_answer(facts):
    items = [one for part in answers(facts).values() for one in part]
    assert len(items) == 21
    assert {one.answer for one in items} == {"yes", "no", "does not apply"}
    assert checklist(facts).count("\n| ") == 21 + len(answers(facts))


def test_answers_follow_from_the_files(facts):
    assert "54 of each: 3 datasets × 6 variants × 3 seeds" in answer(facts, "The exact number").why
    assert "jester-fixture: 89 train, 60 validation clips" in answer(facts, "The relevant statistics").why
    assert "jester-fixture: 1 unusable" in answer(facts, "An explanation of any data excluded").why
    assert "43 s a training" in answer(facts, "The average runtime").why
    assert "a CPU, 2 cores, no GPU" in answer(facts, "A description of the computing").why
    assert answer(facts, "Training code").answer == "yes"
    assert answer(facts, "Specification of dependencies").answer == "yes"


def test_runs_of_other_readings_are_counted_and_kept(facts):
    full = facts.folders["jester-fixture", "full"][0]
    other = full.parents[1] / "kv-source.additive" / full.name
    shutil.copytree(full, other)
    path = other / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"train_seconds": 43 + 55 * 7}))
    more = changed(facts)
    found = answer(more, "The exact number")
    assert found.why == "55 of each: 3 datasets × 6 variants × 3 seeds, and 1 of other readings of the paper"
    assert "readings.csv" in found.links
    assert "50 s a training" in answer(more, "The average runtime").why
    assert "jester-fixture/kv-source.additive/seed-0/predictions.parquet" in bundle_files(more, "2026-11-26")


def test_changes_that_were_not_committed_and_a_missing_lock_turn_yes_to_no(facts):
    other = changed(facts, git={"commit": "0" * 40, "dirty": True}, lock_hash=None)
    assert answer(other, "Training code").answer == "no"
    assert "not committed" in answer(other, "Training code").why
    assert answer(other, "Specification of dependencies").answer == "no"
