"""Tables say what their runs say, refuse runs they cannot vouch for, and name synthetic clips as what they are."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from lcr.config.files import load_variant
from lcr.config.run import runs_of
from lcr.cost import counted
from lcr.evidence.publish import publish_table
from lcr.study.stats.verdict import NOT_TRAINED
from lcr.study.tables.accuracy import GENERATED, IDENTICAL, UNTRAINED
from lcr.study.tables.frame import Source, read_frame
from lcr.study.tables.registry import TABLES, write_table
from lcr.study.tables.temporal import NO_PAIRS
from lcr.util.errors import InputError
from lcr.util.parquet import read_sealed_parquet, write_sealed_parquet
from tests.micro import PROJECT
from tests.study.conftest import ACCURACY, made_up_study, run_of, write_costs, write_run, write_runs

DESIGN = (
    "method,variant,source,study,dataset,top1,top1_ci_low,top1_ci_high,top5,params_m,gmacs,gflops,peak_mem_gb,frames,"
    "seeds,clips,reads,input,delta_top1,delta_ci_low,delta_ci_high,p_value,p_family,p_floor,family,equal_within,verdict,"
    "top1_by_seed,delta_by_seed,top1_printed,top5_printed,params_m_printed,flops_printed,"
    "flops_unit_printed,mem_gb_printed,note"
)
CANNOT_ACT = "unidirectional_wkv"  # under the readings of the study's model


def make(name, study, results, **options) -> pd.DataFrame:
    """A table's rows on the study's runs, by variant."""
    frame = TABLES[name].make(Source(study, results, **options))
    return frame[frame.study != ""].set_index("variant")


def folder(study, results, variant, seed, dataset="jester-fixture") -> Path:
    return run_of(study, dataset, variant, seed, results).folder


def edit(file, **columns):
    """Changes columns of a parquet file; each by a function of its values."""
    table = read_sealed_parquet(file, "")
    for name, change in columns.items():
        changed = pa.array(change(table[name].to_numpy().copy()))
        table = table.set_column(table.column_names.index(name), name, changed)
    write_sealed_parquet(file, table)


def small(**options):
    """Two variants and two seeds."""
    return made_up_study(**({"seeds": 2, "variants": ["full", "lstm_gate"]} | options))


def test_table2_has_the_contracts_columns_and_the_papers_rows_as_printed_never_in_a_measured_column(study, results):
    path = write_table("table2", Source(study, results))
    assert path.read_text().splitlines()[0] == DESIGN
    frame = read_frame(path, TABLES["table2"])
    published = frame[frame.source == "published"]
    lcr = published.iloc[-1]
    assert list(published.method) == pd.read_csv(PROJECT / "lcr" / "paper" / "table2.csv").method.to_list()
    assert (lcr.top1, lcr.params_m_printed, lcr.flops_printed, np.isnan(lcr.top5)) == (90.83, "5.14", "0.022", True)
    assert published[["params_m", "gmacs", "gflops", "peak_mem_gb"]].isna().all(axis=None)
    assert set(published.dataset + published.flops_unit_printed) == {"jesterT"}


def test_measured_rows_are_recomputed_from_the_per_clip_predictions_and_cost(study, results):
    found = make("table2", study, results)
    assert list(found.index) == list(ACCURACY)
    files = [folder(study, results, "lstm_gate", seed) / "predictions.parquet" for seed in study.seeds]
    table = pd.concat(map(pd.read_parquet, files))  # each run has the same number of clips
    best = np.argsort(-table.filter(like="score_").to_numpy())[:, :5]
    row, full = found.loc["lstm_gate"], found.loc["full"]
    assert row.top1 == pytest.approx(100 * (table.prediction == table.label).mean())
    assert row.top5 == pytest.approx(100 * (best == table.label.to_numpy()[:, None]).any(1).mean())
    assert row.top1_ci_low < row.top1 < row.top1_ci_high
    assert row.delta_top1 == pytest.approx(row.top1 - full.top1)
    params, macs = counted(study.model("jester-fixture", load_variant("lstm_gate"), classes=12), 12)
    counts = [params / 1e6, macs / 1e9, 2 * macs / 1e9, 12, 8, 60, 0.0123]
    columns = ["params_m", "gmacs", "gflops", "frames", "seeds", "clips", "peak_mem_gb"]
    assert row[columns].tolist() == pytest.approx(counts)


def test_every_p_value_stands_beside_its_floor_full_has_none_and_a_variant_that_beats_full_is_noted(study, results):
    found = make("ablations", study, results)
    ablations = found.drop(["full", CANNOT_ACT])
    assert found.loc["full", ["p_value", "delta_top1"]].isna().all()
    assert ablations.p_floor.to_numpy() == pytest.approx(2 / 256)
    assert (ablations.p_value >= 2 / 256).all()
    assert (ablations.p_family >= ablations.p_floor).all()
    assert (found.p_value["lstm_gate"], set(found.dataset)) == (2 / 256, {"jester-fixture"})
    assert found.note.str.endswith(GENERATED).all()
    assert list(ablations.index[ablations.note != GENERATED]) == list(ablations.index[ablations.delta_top1 > 0])


def test_an_arm_that_is_not_above_a_bag_of_frames_counts_as_not_trained(tmp_path):
    study = small(methods=["bag_of_frames-rgb", "tsn-tiny-rgb"])
    results = write_runs(small(), tmp_path)
    for seed in study.seeds:
        write_run(study, results, "jester-fixture", "bag_of_frames-rgb", seed, accuracy=0.5)
        write_run(study, results, "jester-fixture", "tsn-tiny-rgb", seed, accuracy=0.3)
    write_costs(study, results)
    for name in ("ablations", "statistics"):
        found = make(name, study, results)
        assert found.verdict["lstm_gate"] == NOT_TRAINED
    found = make("ablations", study, results)
    assert list(found.index[found.note.str.startswith(UNTRAINED)]) == ["lstm_gate", "tsn-tiny-rgb"]
    assert found.loc["tsn-tiny-rgb", ["source", "reads", "top1_printed"]].tolist() == ["method", "RGB", "83.90"]
    assert pd.isna(found.delta_top1["tsn-tiny-rgb"])


@pytest.mark.parametrize(("dataset", "whole"), [("jester", 14787), ("something", 24777), ("kinetics", 19906)])
def test_real_clips_keep_the_real_name_and_a_subset_says_its_size(tmp_path, dataset, whole):
    study = small(datasets=(dataset,))
    full = make("table2", study, write_runs(study, tmp_path)).loc["full"]
    assert (full.dataset, GENERATED in full.note) == (dataset, False)
    assert re.findall(r"\d+", full.note) == ["60", str(whole)]


def test_ablations_cover_all_datasets_of_the_study_and_table2_its_own(tmp_path):
    study, results = small(datasets=("jester-fixture", "kinetics-fixture")), tmp_path
    found = make("ablations", study, write_runs(study, results))
    assert list(zip(found.dataset, found.index, strict=True)) == [
        (dataset, variant) for dataset in study.datasets for variant in study.variants
    ]
    assert set(make("table2", study, results).dataset) == {"jester-fixture"}


def test_one_seed_covers_clips_alone_five_classes_have_no_top5_and_clips_without_a_label_are_left_out(tmp_path):
    study, results = small(seeds=1), tmp_path
    found = make("table2", study, write_runs(study, results, classes=5))
    assert (found.note != GENERATED).all()
    assert found.loc["lstm_gate", ["p_value", "p_floor"]].tolist() == [1, 1]
    assert found.top5.isna().all()
    for file in results.rglob("predictions.parquet"):
        edit(file, label=lambda labels: np.where(np.arange(60) < 10, -1, labels))
    assert make("table2", study, results).clips["full"] == 50


def test_a_variant_that_cannot_act_takes_over_fulls_numbers_untested_and_leaves_the_family(study, results):
    for run in runs_of(study, results, variants=[load_variant(CANNOT_ACT)]):
        (run.folder / "run.json").unlink()  # nothing is trained
    shared = [
        "source",
        "study",
        "dataset",
        "condition",
        "top1",
        "top5",
        "pair_accuracy",
        "flips",
        "seeds",
        "clips",
        "input",
    ]
    own = ["method", "note", "frames", "params_m", "gmacs", "gflops", "peak_mem_gb"]
    for name in ("ablations", "statistics", "temporal"):
        cells = TABLES[name].cells(make(name, study, results).reset_index()).set_index("variant")
        same, full = cells.loc[[CANNOT_ACT]], cells.loc[["full"]]
        assert same.note.str.startswith(IDENTICAL).all()
        assert same.filter(shared).to_numpy().tolist() == full.filter(shared).to_numpy().tolist()
        assert (same.drop(columns=shared + own, errors="ignore") == "").all(axis=None)
    ablations = make("ablations", study, results)
    assert ablations.p_floor["lstm_gate"] == 2 / 256
    assert ablations.gmacs[CANNOT_ACT] < ablations.gmacs["full"]


def test_every_missing_failed_damaged_or_stale_run_is_named_and_the_earlier_table_stays(study, results, rewrite):
    path = write_table("table2", Source(study, results))
    before = path.read_bytes()
    wrong = {
        ("full", 3): lambda run: (run / "predictions.parquet").unlink(),
        ("full", 5): lambda run: (run / "run.json").unlink(),
        ("full", 6): lambda run: edit(run / "predictions.parquet", score_3=lambda scores: scores * np.nan),
        ("full", 7): lambda run: edit(run / "predictions.parquet", prediction=lambda classes: (classes + 1) % 12),
        ("lstm_gate", 0): lambda run: (run / "run.json").write_text("{"),
        ("lstm_gate", 1): lambda run: (run / "predictions.parquet").write_bytes(b"PAR1 no more"),
        ("lstm_gate", 2): lambda run: edit(run / "predictions.parquet", label=lambda labels: labels * 0 - 1),
        ("lstm_gate", 3): lambda run: write_sealed_parquet(run / "predictions.parquet", pa.table({"id": ["1"]})),
        ("no_tube_mask", 7): lambda run: rewrite(run, evaluate_key="of yesterday"),
    }
    for (variant, seed), damage in wrong.items():
        damage(folder(study, results, variant, seed))
    with pytest.raises(InputError) as refused:
        write_table("table2", Source(study, results))
    text = str(refused.value)
    named = [f"jester-fixture/{variant}, seed {seed}: " for variant, seed in wrong]
    command = "lcr train --study made-up --dataset jester-fixture --ablation full --seed 3"
    assert [part for part in (*named, "predictions.parquet", "run.json", command) if part not in text] == []
    assert path.read_bytes() == before


def test_changed_sources_make_every_run_stale(study, results, sources):
    sources("an edit that can change a number")
    with pytest.raises(InputError, match=r"seeds 0, 1, 2, 3, 4, 5, 6, 7: "):
        make("temporal", study, results)


def test_runs_of_another_protocol_or_other_data_share_a_column_only_on_demand_and_of_other_clips_never(
    study, results, rewrite
):
    run = folder(study, results, "lstm_gate", 2)
    record = json.loads((run / "run.json").read_text())
    for named, other in (
        (r"lstm_gate/seed-2.*'config'", {"config": {"model": {}}}),
        ("lstm_gate/seed-2", {"protocol": {"rule": "another"}}),
        (r"lstm_gate/seed-2 .*--mixed", {"data_hash": "another hash"}),
    ):
        rewrite(run, **record | other)
        with pytest.raises(InputError, match=named):
            make("ablations", study, results)
    for name in ("table2", "ablations", "temporal", "statistics"):
        assert make(name, study, results, mixed=True).note.str.contains("another  in lstm_gate/2").all()
    write_run(study, results, "jester-fixture", "lstm_gate", 2, clips=59)
    with pytest.raises(InputError, match="lstm_gate/seed-2"):
        make("statistics", study, results, mixed=True)


def test_publishing_another_study_replaces_the_table_whole(study, results, monkeypatch):
    monkeypatch.chdir(results.parent)  # its locks
    other = small(name="other")
    write_runs(other, results)
    for one in (study, other, study):
        source = Source(one, results)
        target = publish_table(write_table("table2", source), source, one.name)
        assert target == results / "table2.csv"
        assert set(read_frame(target, TABLES["table2"]).study) == {"", one.name}
    assert not list(results.glob(".*"))


def test_temporal_reports_pairs_by_condition_with_flips_where_reversed_and_counts_equal_scores_half(
    study, results, monkeypatch
):
    found = make("temporal", study, results).loc["full"].set_index("condition")
    assert list(found.index) == ["as_is", "last_frame", "reversed"]
    assert found.pair_accuracy_ci_low["as_is"] > 50
    assert found.pair_accuracy["reversed"] < 20 < 35 < found.pair_accuracy["last_frame"] < 65
    assert found.flips["reversed"] > 70
    assert (found.flips.count(), set(found.clips)) == (1, {20})
    for whole, note in ((60, GENERATED), (61, "60 of 61")):  # of 60 evaluated clips 20 have a time reverse
        monkeypatch.setattr("lcr.study.tables.accuracy.validation_clips", lambda dataset, whole=whole: whole)
        assert make("temporal", study, results).note.str.contains(note, regex=False).all()
    for file in results.rglob("temporal.parquet"):
        edit(file, score_label=lambda scores: np.full_like(scores, 0.5))  # equal scores count half and are no flip
    found = make("temporal", study, results)
    assert (set(found.pair_accuracy), found.flips.iloc[2]) == ({50}, 0)


@pytest.mark.parametrize("typed", [True, False])
def test_a_dataset_without_reversed_pairs_says_so(tmp_path, typed):
    study = small(datasets=("kinetics-fixture",), variants=["full"])
    results = write_runs(study, tmp_path, pairs=0)
    names = ("id", "label", "reverse_label", "condition", "score_label", "score_reverse")
    for file in () if typed else results.rglob("temporal.parquet"):
        write_sealed_parquet(file, pa.table({name: [] for name in names}))
    (row,) = make("temporal", study, results).itertuples()
    assert (row.note, row.clips) == (NO_PAIRS, 0)


def test_pairs_that_are_missing_damaged_or_of_an_unknown_number_of_clips_are_named(study, results, rewrite):
    wrong = {
        4: lambda run: (run / "temporal.parquet").unlink(),
        5: lambda run: rewrite(run, clips={}),
        6: lambda run: edit(run / "temporal.parquet", score_label=lambda scores: scores * np.nan),
        7: lambda run: edit(run / "temporal.parquet", condition=lambda names: np.full_like(names, "as_is")),
    }
    for seed, damage in wrong.items():
        damage(folder(study, results, "full", seed))
    with pytest.raises(InputError) as refused:
        make("temporal", study, results)
    assert all(f"jester-fixture/full, seed {seed}: " in str(refused.value) for seed in wrong)
