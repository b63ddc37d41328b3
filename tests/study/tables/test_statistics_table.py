"""The table of statistics says how sure each number is, and leaves empty what is not defined."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lcr.study.tables.registry import markdown, table_rows
from lcr.study.tables.statistics import COLUMNS, EQUAL
from tests.study.conftest import made_up_study, run_of, write_run, write_runs


def predictions(study, results):
    """By seed, the predictions of each of the study's variants."""
    for seed in study.seeds:
        folders = (run_of(study, "jester-fixture", name, seed, results).folder for name in study.variants)
        yield [folder / "predictions.parquet" for folder in folders]


@pytest.fixture
def rows(study, results):
    return {row["variant"]: row for row in table_rows("statistics", study, results)}


def test_its_accuracies_differences_and_p_values_are_those_of_ablations(study, results, rows):
    for other in table_rows("ablations", study, results):
        row = rows[other["variant"]]
        shared = {"top1", "top1_ci_low", "top1_ci_high", "top5", "seeds", "clips", "delta_top1", "p_holm", "p_value"}
        assert {name: row.get(name, "") for name in shared} == {name: other.get(name, "") for name in shared}


def test_shares_of_the_uncertainty_add_up_to_100_percent(rows):
    for row in rows.values():
        assert set(row) <= set(COLUMNS)
        assert sum(float(row[f"share_{part}"]) for part in ("seed", "clip", "rest")) == pytest.approx(100, abs=0.02)
        assert float(row["top5_ci_low"]) <= float(row["top5"]) <= float(row["top5_ci_high"])


def test_mcnemar_is_by_seed_and_agrees_with_the_predictions(study, results, rows):
    gained = []
    for seed in study.seeds:
        full, variant = (
            pq.read_table(run_of(study, "jester-fixture", name, seed, results).folder / "predictions.parquet")
            for name in ("full", "lstm_gate")
        )
        right = [table["prediction"].to_numpy() == table["label"].to_numpy() for table in (variant, full)]
        gained.append(np.count_nonzero(right[0] & ~right[1]))
    assert rows["lstm_gate"]["mcnemar_gained"] == " ".join(map(str, gained))
    assert len(rows["lstm_gate"]["mcnemar_p"].split()) == len(study.seeds)
    assert "mcnemar_p" not in rows["full"]


def test_an_ablation_that_answers_as_full_does_is_said_to_test_nothing(tmp_path):
    study = made_up_study(seeds=3, variants=["full", "unidirectional_wkv"])
    results = write_runs(study, tmp_path)
    for source, target in predictions(study, results):
        target.write_bytes(source.read_bytes())
    row = table_rows("statistics", study, results)[1]
    assert row["note"].startswith(EQUAL)
    assert (row["effect_g"], row["detectable_interval"], row["detectable_signs"]) == ("", "", "")


def test_ablations_that_are_right_on_the_same_clips_but_answer_otherwise_are_not_equal(tmp_path):
    study = made_up_study(seeds=2, variants=["full", "unidirectional_wkv"])
    results = write_runs(study, tmp_path)
    for source, target in predictions(study, results):
        table = pq.read_table(source)
        columns = {name: table[name].to_numpy().copy() for name in table.column_names}
        answers, labels = columns["prediction"], columns["label"]
        clip = int(np.flatnonzero(answers != labels)[0])  # a wrong answer becomes another wrong one
        answers[clip] = next(one for one in range(12) if one not in (answers[clip], labels[clip]))
        columns[f"score_{answers[clip]}"][clip] = 99.0
        pq.write_table(pa.table(columns), target)
    row = table_rows("statistics", study, results)[1]
    assert row["delta_top1"] == "0.00"
    assert EQUAL not in row["note"]


def test_one_seed_leaves_what_needs_two_empty(tmp_path):
    study = made_up_study(seeds=1, variants=["full", "lstm_gate"])
    row = table_rows("statistics", study, write_runs(study, tmp_path))[1]
    assert (row["sd_seed"], row["effect_g"], row["detectable_signs"]) == ("", "", "")
    assert float(row["detectable_interval"]) > 0, "clips vary"


def test_mixed_runs_are_shown_and_said_so_in_every_row_where_asked_for(study, results, rewrite):
    rewrite(run_of(study, "jester-fixture", "lstm_gate", 2, results).folder, data_hash="another hash")
    for name in ("table2", "ablations", "temporal", "statistics"):
        rows = [row for row in table_rows(name, study, results, mixed=True) if row.get("source") != "published"]
        assert rows
        assert all("MIXED data" in row["note"] and "another  in lstm_gate/2" in row["note"] for row in rows)


def test_different_clips_are_refused_even_where_mixing_is_asked_for(study, results):
    from lcr.util.errors import InputError

    write_run(study, results, "jester-fixture", "lstm_gate", 2, clips=59)
    with pytest.raises(InputError, match="answer different clips"):
        table_rows("statistics", study, results, mixed=True)


def test_markdown_shows_effect_and_what_could_be_found(study, results):
    text = markdown("statistics", table_rows("statistics", study, results))
    assert "Effect (g)" in text
    assert "Detectable (points)" in text
