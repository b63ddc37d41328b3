"""Tables say what their runs say, refuse what they cannot vouch for, and call generated clips what they are."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lcr.config.study import load_variant
from lcr.cost.count import cost
from lcr.study.tables.accuracy import published_rows
from lcr.study.tables.registry import markdown, publish, table_rows, write_table
from lcr.study.tables.rows import points, read_rows
from lcr.util.errors import InputError
from tests.study.conftest import ACCURACY, made_up_study, run_of, write_run, write_runs

DESIGN = (
    "method,variant,source,study,dataset,top1,top1_ci_low,top1_ci_high,top5,params_m,gmacs,gflops,peak_mem_gb,frames,"
    "seeds,clips,delta_top1,delta_ci_low,delta_ci_high,p_value,p_holm,p_floor_holm,params_m_printed,flops_printed,"
    "flops_unit_printed,mem_gb_printed,note"
)


def _measured(rows):
    return {row["variant"]: row for row in rows if row["source"] == "measured"}


def test_table2_has_the_contracts_columns_and_the_papers_twelve_rows_as_printed(study, results):
    path = write_table("table2", study, results)
    assert path.read_text().splitlines()[0] == DESIGN
    published = [row for row in read_rows(path) if row["source"] == "published"]
    assert len(published) == 12
    assert {row["dataset"] for row in published} == {"jester"}
    lcr = published[-1]
    assert (lcr["top1"], lcr["top5"], lcr["params_m_printed"], lcr["flops_printed"]) == ("90.83", "", "5.14", "0.022")
    assert published[1]["top1"] == "83.90"  # trailing zeros are as printed


def test_a_printed_number_of_unknown_unit_never_enters_a_measured_column():
    for row in published_rows():
        assert not any(row.get(name) for name in ("params_m", "gmacs", "gflops", "peak_mem_gb"))
        assert row["flops_unit_printed"] == "T"


def test_measured_rows_are_recomputed_from_the_per_clip_predictions(study, results):
    rows = _measured(table_rows("table2", study, results))
    assert list(rows) == list(ACCURACY)
    right, top5 = [], []
    for seed in study.seeds:
        folder = run_of(study, "jester-fixture", "lstm_gate", seed, results).folder
        table = pq.read_table(folder / "predictions.parquet").to_pandas()
        right.append((table.prediction == table.label).mean())
        scores = table.filter(like="score_").to_numpy()
        top5.append(np.mean([label in np.argsort(-s)[:5] for s, label in zip(scores, table.label, strict=True)]))
    row = rows["lstm_gate"]
    assert row["top1"] == f"{100 * np.mean(right):.2f}"
    assert row["top5"] == f"{100 * np.mean(top5):.2f}"
    assert float(row["top1_ci_low"]) < float(row["top1"]) < float(row["top1_ci_high"])
    assert float(row["delta_top1"]) == pytest.approx(float(row["top1"]) - float(rows["full"]["top1"]), abs=0.011)
    model = study.model("jester-fixture", load_variant("lstm_gate"), classes=12)
    found = cost(model, frames=12, memory=None)
    assert row["params_m"] == f"{found.params / 1e6:.6f}"
    assert (row["gmacs"], row["gflops"]) == (f"{found.gmacs:.6g}", f"{found.gflops:.6g}")
    assert (row["frames"], row["seeds"], row["clips"]) == ("12", "8", "60")


def test_every_p_value_stands_beside_its_floor_and_full_has_none(study, results):
    rows = _measured(table_rows("ablations", study, results))
    assert rows["full"].get("p_value", "") == rows["full"].get("delta_top1", "") == ""
    for name in set(rows) - {"full"}:
        assert float(rows[name]["p_floor_holm"]) == pytest.approx(0.03906, rel=1e-3)
        assert float(rows[name]["p_value"]) + 1e-6 >= 2 / 256
        assert float(rows[name]["p_floor_holm"]) <= float(rows[name]["p_holm"]) + 1e-6
    assert rows["lstm_gate"]["p_value"] == "0.007812"


def test_generated_clips_are_named_so_and_an_ablation_that_beats_full_is_noted(study, results):
    rows = _measured(table_rows("table2", study, results))
    assert {row["dataset"] for row in rows.values()} == {"jester-fixture"}
    assert all("generated clips, not the paper's data" in row["note"] for row in rows.values())
    beats = {name for name, row in rows.items() if "beats full" in row["note"]}
    assert beats == {name for name, row in rows.items() if float(row.get("delta_top1") or 0) > 0}
    assert "no_tube_mask" in beats


@pytest.mark.parametrize(("dataset", "whole"), [("jester", 14787), ("something", 24777), ("kinetics", 19906)])
def test_real_clips_keep_the_real_name_and_a_subset_says_its_size(tmp_path, dataset, whole):
    study = made_up_study(datasets=(dataset,), seeds=2, variants=["full", "lstm_gate"])
    rows = _measured(table_rows("table2", study, write_runs(study, tmp_path)))
    assert rows["full"]["dataset"] == dataset
    assert "generated" not in rows["full"]["note"]
    assert f"a subset: 60 of {whole} validation clips" in rows["full"]["note"]


def test_ablations_cover_all_datasets_of_the_study(tmp_path):
    study = made_up_study(datasets=("jester-fixture", "kinetics-fixture"), seeds=2, variants=["full", "lstm_gate"])
    results = write_runs(study, tmp_path)
    rows = table_rows("ablations", study, results)
    assert [(row["dataset"], row["variant"]) for row in rows] == [
        ("jester-fixture", "full"),
        ("jester-fixture", "lstm_gate"),
        ("kinetics-fixture", "full"),
        ("kinetics-fixture", "lstm_gate"),
    ]
    assert {row["study"] for row in rows} == {"made-up"}
    assert all(
        "study" in row and row["dataset"] == "jester-fixture"
        for row in _measured(table_rows("table2", study, results)).values()
    )


def test_one_seed_is_said_to_cover_clips_alone(tmp_path):
    study = made_up_study(seeds=1, variants=["full", "lstm_gate"])
    rows = _measured(table_rows("table2", study, write_runs(study, tmp_path)))
    assert "one seed: intervals cover clips alone" in rows["full"]["note"]
    assert (rows["lstm_gate"]["p_value"], rows["lstm_gate"]["p_floor_holm"]) == ("1", "1")


def test_top5_of_five_classes_is_left_empty(tmp_path):
    study = made_up_study(seeds=2, variants=["full", "lstm_gate"])
    rows = _measured(table_rows("table2", study, write_runs(study, tmp_path, classes=5)))
    assert {row["top5"] for row in rows.values()} == {""}


def test_every_missing_failed_damaged_or_stale_run_is_named_and_no_table_is_written(study, results, rewrite):
    def folder(variant, seed):
        return run_of(study, "jester-fixture", variant, seed, results).folder

    (folder("full", 3) / "predictions.parquet").unlink()
    (folder("full", 5) / "run.json").unlink()
    (folder("lstm_gate", 0) / "run.json").write_text("{")
    (folder("lstm_gate", 1) / "predictions.parquet").write_bytes(b"PAR1 no more")
    rewrite(folder("no_tube_mask", 7), evaluate_key="of yesterday")
    with pytest.raises(InputError) as refused:
        write_table("table2", study, results)
    text = str(refused.value)
    assert "lacks 5 runs" in text
    for line in (
        "full, seed 3: no predictions.parquet",
        "full, seed 5: no run.json",
        "lstm_gate, seed 0: run.json is damaged",
        "lstm_gate, seed 1: predictions.parquet is damaged",
        "no_tube_mask, seed 7: stale",
    ):
        assert line in text
    assert "lcr train --study made-up --dataset jester-fixture --ablation full --seed 3" in text
    assert refused.value.exit_code != 0
    assert not (results / study.name / "table2.csv").exists()


def test_changed_sources_make_every_run_stale(study, results, sources):
    sources("an edit that can change a number")
    with pytest.raises(InputError, match=r"seeds 0, 1, 2, 3, 4, 5, 6, 7: stale"):
        table_rows("temporal", study, results)


def test_a_refused_table_leaves_the_earlier_one_as_it_was(study, results):
    path = write_table("table2", study, results)
    before = path.read_bytes()
    (run_of(study, "jester-fixture", "full", 0, results).folder / "run.json").unlink()
    with pytest.raises(InputError):
        write_table("table2", study, results)
    assert path.read_bytes() == before


@pytest.mark.parametrize(("key", "word"), [("protocol", "prediction protocol"), ("data_hash", "data")])
def test_results_of_another_protocol_or_other_data_never_share_a_column(study, results, rewrite, key, word):
    rewrite(run_of(study, "jester-fixture", "lstm_gate", 2, results).folder, **{key: "another"})
    with pytest.raises(InputError, match=f"lstm_gate/seed-2 differ in their {word}"):
        table_rows("ablations", study, results)


def test_runs_that_answer_different_clips_are_refused(study, results):
    write_run(study, results, "jester-fixture", "lstm_gate", 2, clips=59)
    with pytest.raises(InputError, match="answer different clips"):
        table_rows("ablations", study, results)


def test_a_prediction_that_is_not_the_highest_score_is_damage(study, results):
    file = run_of(study, "jester-fixture", "full", 0, results).folder / "predictions.parquet"
    table = pq.read_table(file)
    predictions = table["prediction"].to_numpy().copy()
    predictions[0] = (predictions[0] + 1) % 12
    place = table.column_names.index("prediction")
    pq.write_table(table.set_column(place, "prediction", pa.array(predictions)), file)
    with pytest.raises(InputError, match=r"full, seed 0: predictions.parquet is damaged"):
        table_rows("table2", study, results)


def test_scores_that_are_not_finite_are_a_failed_run(study, results):
    file = run_of(study, "jester-fixture", "full", 0, results).folder / "predictions.parquet"
    table = pq.read_table(file)
    scores = np.full(len(table), np.nan, np.float32)
    pq.write_table(table.set_column(table.column_names.index("score_3"), "score_3", pa.array(scores)), file)
    with pytest.raises(InputError, match="not finite"):
        table_rows("table2", study, results)


def test_clips_without_a_label_are_left_out(tmp_path):
    study = made_up_study(seeds=2, variants=["full", "lstm_gate"])
    results = write_runs(study, tmp_path)
    for file in results.rglob("predictions.parquet"):
        table = pq.read_table(file)
        labels = table["label"].to_numpy().copy()
        labels[:10] = -1
        pq.write_table(table.set_column(table.column_names.index("label"), "label", pa.array(labels)), file)
    assert _measured(table_rows("table2", study, results))["full"]["clips"] == "50"


def test_an_unknown_table_is_refused_with_the_nearest_name(study, tmp_path):
    with pytest.raises(InputError, match="did you mean 'table2'"):
        table_rows("table", study, tmp_path)


def test_publishing_another_study_replaces_the_table_whole(study, results):
    other = made_up_study("other", seeds=2, variants=["full", "lstm_gate"])
    write_runs(other, results)
    for one in (study, other, study):
        target = publish(write_table("table2", one, results), results)
        assert target == results / "table2.csv"
        assert {row["study"] for row in read_rows(target) if row["source"] == "measured"} == {one.name}
    assert not list(results.glob(".*"))


def test_temporal_reports_pairs_by_condition_with_flips_where_reversed(study, results):
    rows = [row for row in table_rows("temporal", study, results) if row["variant"] == "full"]
    assert [row["condition"] for row in rows] == ["as_is", "last_frame", "reversed"]
    as_is, last, reverse = (float(row["pair_accuracy"]) for row in rows)
    assert as_is > 80
    assert 35 < last < 65
    assert reverse < 20
    assert float(rows[0]["pair_accuracy_ci_low"]) > 50
    assert float(rows[2]["flips"]) > 70
    assert "flips" not in rows[0]
    assert "generated clips" in rows[0]["note"]


def test_clips_of_other_classes_do_not_make_the_pairs_a_subset(study, results, monkeypatch):
    for whole, said in ((60, False), (61, True)):  # of 60 evaluated clips 20 have a time reverse
        monkeypatch.setattr("lcr.study.tables.accuracy.validation_clips", lambda dataset, whole=whole: whole)
        rows = table_rows("temporal", study, results)
        assert {"a subset: 60 of 61 validation clips" in row["note"] for row in rows} == {said}
        assert {row["clips"] for row in rows} == {"20"}


def test_a_record_without_its_number_of_clips_is_named(study, results, rewrite):
    rewrite(run_of(study, "jester-fixture", "full", 4, results).folder, clips=None)
    with pytest.raises(InputError, match=r"full, seed 4: run.json does not say how many clips were evaluated"):
        table_rows("temporal", study, results)


def test_equal_scores_of_a_pair_count_half_and_are_no_flip(tmp_path):
    study = made_up_study(seeds=2, variants=["full"])
    results = write_runs(study, tmp_path)
    for file in results.rglob("temporal.parquet"):
        table = pq.read_table(file)
        half = pa.array(np.full(len(table), 0.5, np.float32))
        pq.write_table(table.set_column(table.column_names.index("score_label"), "score_label", half), file)
    rows = table_rows("temporal", study, results)
    assert {row["pair_accuracy"] for row in rows} == {"50.00"}
    assert rows[2]["flips"] == "0.00"


def test_a_dataset_without_reversed_pairs_says_so(tmp_path):
    study = made_up_study(datasets=("kinetics-fixture",), seeds=2, variants=["full"])
    rows = table_rows("temporal", study, write_runs(study, tmp_path, pairs=0))
    assert len(rows) == 1
    assert "time reverse" in rows[0]["note"]
    assert rows[0]["clips"] == "0"


def test_an_empty_file_without_types_is_a_dataset_without_pairs(tmp_path):
    study = made_up_study(datasets=("kinetics-fixture",), seeds=2, variants=["full"])
    results = write_runs(study, tmp_path)
    names = ("id", "label", "reverse_label", "condition", "score_label", "score_reverse")
    for file in results.rglob("temporal.parquet"):
        pq.write_table(pa.table({name: [] for name in names}), file)
    assert table_rows("temporal", study, results)[0]["clips"] == "0"


def test_a_missing_temporal_file_is_named(study, results):
    (run_of(study, "jester-fixture", "full", 4, results).folder / "temporal.parquet").unlink()
    with pytest.raises(InputError, match=r"full, seed 4: no temporal.parquet"):
        table_rows("temporal", study, results)


def test_markdown_shows_intervals_units_printed_numbers_in_quotes_and_every_note(study, results):
    text = markdown("table2", table_rows("table2", study, results))
    lines = text.splitlines()
    assert lines[0].startswith("| Method | Clips of | Top-1 (%)")
    assert len([line for line in lines if line.startswith("| LCR (")]) == 6
    assert "“0.022 T”" in text
    assert "generated clips, not the paper's data" in text
    assert "as printed in the paper" in text
    assert len({line.count("|") for line in lines if line.startswith("|")}) == 1
    assert "pair" in markdown("temporal", table_rows("temporal", study, results)).lower()


def test_a_difference_that_rounds_to_nothing_has_no_sign():
    assert points(-0.00001) == "0.00"
    assert points(-0.0156) == "-1.56"


def test_the_papers_numbers_are_the_ones_kept_with_the_package():
    lines = (Path(__file__).parents[3] / "lcr" / "paper" / "table2.csv").read_text().splitlines()
    assert [row["method"] for row in published_rows()] == [line.split(",")[0] for line in lines[1:]]
