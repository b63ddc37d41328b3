"""The table of statistics says how sure each number is, and leaves empty what is not defined."""

import numpy as np
import pandas as pd
import pytest

from lcr.study.tables.statistics import EQUAL
from tests.study.conftest import made_up_study, write_runs
from tests.study.tables.test_tables import CANNOT_ACT, edit, folder, make


def test_its_accuracies_and_tests_are_those_of_ablations_and_its_shares_add_up(study, results):
    found, ablations = make("statistics", study, results), make("ablations", study, results)
    shared = ["top1", "top1_ci_low", "top1_ci_high", "top5", "seeds", "clips", "delta_top1", "p_family", "p_value"]
    assert found[shared].equals(ablations[shared])
    run = found.drop(CANNOT_ACT)
    assert run.filter(regex="^share_").sum(axis=1).to_numpy() == pytest.approx(100)
    assert (run.top5_ci_low <= run.top5).all()
    assert (run.top5 <= run.top5_ci_high).all()


def test_mcnemar_is_by_seed_and_agrees_with_the_predictions(study, results):
    found = make("statistics", study, results)
    for seed, gained in zip(study.seeds, found.mcnemar_gained["lstm_gate"], strict=True):
        places = (folder(study, results, name, seed) / "predictions.parquet" for name in ("full", "lstm_gate"))
        full, gate = map(pd.read_parquet, places)
        assert ((gate.prediction == gate.label) & (full.prediction != full.label)).sum() == gained
    assert found.mcnemar_p.map(len)[["full", "lstm_gate"]].tolist() == [0, len(study.seeds)]


def test_a_variant_that_predicts_as_full_does_is_said_to_test_nothing_unless_one_wrong_class_differs(tmp_path):
    study = made_up_study(seeds=3, variants=["full", "no_tube_mask"])
    results = write_runs(study, tmp_path)
    for target in results.rglob("no_tube_mask/*/predictions.parquet"):
        source = folder(study, results, "full", int(target.parent.name[5:])) / "predictions.parquet"
        target.write_bytes(source.read_bytes())
    row = make("statistics", study, results).loc["no_tube_mask"]
    assert row.note.startswith(EQUAL)
    assert row[["effect_g", "detectable_interval", "detectable_signs"]].isna().all()
    table = pd.read_parquet(target)
    clip = int(np.flatnonzero(table.prediction != table.label)[0])  # a wrong class becomes another wrong class
    other = next(one for one in range(12) if one not in (table.prediction[clip], table.label[clip]))
    here = np.arange(60) == clip
    changes = {f"score_{other}": lambda old: np.where(here, 99.0, old)}
    edit(target, prediction=lambda old: np.where(here, other, old), **changes)
    row = make("statistics", study, results).loc["no_tube_mask"]
    assert (row.delta_top1, EQUAL in row.note) == (0, False)


def test_one_seed_leaves_what_needs_two_empty(tmp_path):
    study = made_up_study(seeds=1, variants=["full", "lstm_gate"])
    row = make("statistics", study, write_runs(study, tmp_path)).loc["lstm_gate"]
    assert row[["sd_seed", "effect_g", "detectable_signs"]].isna().all()
    assert row.detectable_interval > 0, "clips vary"
