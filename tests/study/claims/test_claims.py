"""The ledger: every claim has a test, each verdict can be reached, and synthetic clips decide nothing."""

import inspect
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lcr.cost.baselines import BASELINES, system, timesformer
from lcr.cost.ranges import flops_range, parameter_range
from lcr.study.claims import conclusion, method, printed, setup, verdicts
from lcr.study.claims.caveats import CAVEATS
from lcr.study.claims.cells import table1_claims
from lcr.study.claims.claim import (
    ACCURACY,
    ARITHMETIC,
    AVAILABILITY,
    CELL,
    COUNT,
    HYPOTHESIS,
    IMPLIED,
    PRINTED,
    SENTENCE,
    Numbers,
    Quantity,
)
from lcr.study.claims.measured import decide
from lcr.study.claims.table import CLAIMS, claim_row
from lcr.study.predictions import CONDITIONS
from lcr.study.tables.frame import Row, Source, read_frame
from lcr.study.tables.registry import TABLES
from lcr.study.tables.statistics import EQUAL
from lcr.study.tables.table1 import DEFAULT
from lcr.study.tables.table1 import rows as table1_rows
from lcr.util.errors import InputError
from tests.study.conftest import made_up_study

DESIGN = "id,cause,kind,printed,where,basis,claim,published,test,measured,ci_low,ci_high,verdict,why,evidence"
LCR_TOP1, NO_EDGE = "table2-lcr-top1", "hypothesis-no_edge_prompt-jester"


def tables(study, results, *, dataset="jester", top1=(90.0, 91.0), delta=(-3.0, -1.0), pairs=(80.0, 90.0), **more):
    """Simulated statistics and temporal of a study, with the intervals given."""

    def cells(column: str, ends: tuple[float, float], stem: str = "") -> Row:
        low, high = ends
        return {column: (low + high) / 2, f"{stem or column}_ci_low": low, f"{stem or column}_ci_high": high}

    source = Source(study, results)
    names = [variant.name for variant in study.variant_configs]
    head = {"study": study.name, "dataset": dataset, "clips": 14787, "seeds": 8, "note": ""} | more
    rows = [head | {"variant": "full"} | cells("top1", top1) | cells("top5", (99.0, 99.5))]
    p = {"p_family": 0.039, "p_floor": 0.039}
    rows += [head | {"variant": name} | cells("delta_top1", delta, "delta") | p for name in names if name != "full"]
    source.write(TABLES["statistics"], rows)
    pair = head | {"clips": 9000} | cells("pair_accuracy", pairs)
    source.write(
        TABLES["temporal"], [pair | {"variant": name, "condition": one} for name in names for one in CONDITIONS]
    )
    return source


def real_study(model="lcr-base-112"):
    one = made_up_study(datasets=("jester",))
    return one.model_copy(update={"datasets": {"jester": one.datasets["jester"].model_copy(update={"model": model})}})


def ledger_of(source: Source) -> dict[str, Row]:
    return {row["id"]: row for row in TABLES["claims"].make(source).to_dict("records")}


@pytest.fixture
def on_fixture(tmp_path):
    return ledger_of(tables(made_up_study(), tmp_path, dataset="jester-fixture", clips=60))


def test_it_has_the_contracts_columns_one_id_a_claim_and_a_reason_for_each(on_fixture, tmp_path):
    study = made_up_study()
    assert ",".join(TABLES["claims"].names) == DESIGN
    assert len(TABLES["claims"].make(Source(study, tmp_path))) == len(on_fixture)
    frame = pd.DataFrame(on_fixture.values())
    assert set(frame.verdict) <= set(verdicts.VERDICTS)
    assert set(frame.basis) == {ACCURACY, ARITHMETIC, AVAILABILITY, COUNT}
    assert set(frame.kind) == {SENTENCE, CELL, HYPOTHESIS}
    assert set(frame.printed) == {PRINTED, IMPLIED}
    assert frame.cause.str.fullmatch(".+").all()
    assert frame.why.str.fullmatch("[^{]+").all()
    assert (frame.evidence != "")[~frame.verdict.isin(["untested", "untestable"])].all()


def test_every_number_in_both_tables_is_a_claim_and_no_blank_is(on_fixture):
    published = Counter((row["where"], row["published"]) for row in on_fixture.values())
    assert not {"table2-lcr-top5", "table2-lcr-mem_g", "table2-tsn-mem_g"} & set(on_fixture)
    for row in printed.table2():
        assert all(published[f"Table 2, {row['method']}", value] for value in list(row.values())[1:] if value)
    for row in printed.table1():
        where = f"Table 1, {row['model']} ({row['frame_size']}×{row['frame_size']})"
        assert all(published[where, row[column]] for column in ("params_m", "flops_t"))
    assert sum(row["where"].startswith("Table 1,") for row in on_fixture.values()) == 3 * len(printed.table1())


def test_the_ledger_shows_the_functions_that_decide():
    for claim in CLAIMS:
        if isinstance(claim.test, Numbers):
            names = inspect.getclosurevars(claim.test.value).globals | inspect.getclosurevars(claim.test.holds).globals
            value, holds = claim.test.text.removeprefix("measured = ").split("; holds if ")
            measured = eval(value, dict(names))
            assert measured == claim.test.value(), claim.id
            for one in [measured] if isinstance(measured, list) else (measured, measured + 1, -measured):
                assert eval(holds, names | {"measured": one}) == claim.test.holds(one), claim.id


def test_internal_arithmetic_is_decided_without_data(on_fixture):
    decided = {name: row["verdict"] for name, row in on_fixture.items() if row["basis"] == ARITHMETIC}
    assert set(decided.values()) == {"supported", "contradicted", "inconclusive"}
    assert (
        decided.items()
        >= {
            "results-timesformer-distance": "contradicted",
            "results-best-cnn-distance": "contradicted",
            "abstract-new-benchmark": "contradicted",
            "results-fewer-params-table": "contradicted",
            "results-fewer-flops-table": "supported",
            "results-top1-same": "supported",
            "results-flops-over-32": "supported",
            "results-distance-seen": "inconclusive",
            "setup-nine-views": "supported",
            "setup-kinetics-start": "inconclusive",
            "setup-start-heads": "contradicted",
            "method-figure-unit": "contradicted",
            "method-state-shape": "contradicted",
            "method-rotary-between-frames": "contradicted",
            "conclusion-masking": "contradicted",
        }.items()
    )
    assert on_fixture["results-timesformer-distance"]["measured"] == "0.89"


def test_an_internal_check_comes_out_the_other_way_when_the_printed_numbers_do(monkeypatch, tmp_path):
    changed = {"LCR": {"top1": "92.31"}, "RViT-XL 32x3": {"top1": "90.00"}}
    rows = [row | changed.get(row["method"], {}) for row in printed.table2()]
    monkeypatch.setattr(printed, "table2", lambda: rows)
    found = ledger_of(tables(made_up_study(), tmp_path, dataset="jester-fixture"))
    names = ("abstract-new-benchmark", "results-timesformer-distance", "results-top1-same")
    assert [found[name]["verdict"] for name in names] == ["supported", "supported", "contradicted"]


def test_synthetic_clips_give_a_number_and_no_verdict(on_fixture):
    for name in (LCR_TOP1, NO_EDGE, "abstract-spatial-temporal", "contribution-gate"):
        row = on_fixture[name]
        assert (row["verdict"], "jester-fixture" in row["why"]) == ("untested", True)
        assert float(row["ci_low"]) < float(row["measured"]) < float(row["ci_high"])


@pytest.mark.parametrize(
    ("top1", "delta", "verdict"),
    [
        ((90.1, 91.4), (-3.0, -1.0), "supported"),
        ((80.0, 85.0), (0.5, 2.0), "contradicted"),
        ((88.0, 92.0), (-4.0, 1.0), "inconclusive"),
    ],
)
def test_on_the_papers_data_the_published_accuracy_and_every_hypothesis_decide(tmp_path, top1, delta, verdict):
    found = ledger_of(tables(real_study(), tmp_path, top1=top1, delta=delta))
    for name in (LCR_TOP1, NO_EDGE, "intro-accurate-prompt", "contribution-gate", "abstract-tube-overfitting"):
        assert found[name]["verdict"] == verdict
    assert all(words in found[NO_EDGE]["why"] for words in ("0.039", CAVEATS["no_edge_prompt"]))


@pytest.mark.parametrize(
    ("model", "more", "named", "claim"),
    [
        ("lcr-base-112", {"clips": 500}, "500", NO_EDGE),
        ("lcr-tiny", {}, "lcr-tiny", NO_EDGE),
        ("lcr-s-112", {}, "lcr-s-112", LCR_TOP1),  # another model's accuracy is not the printed one
        ("lcr-base-112", {"note": "MIXED data: a in full/0 | b in full/1"}, "", NO_EDGE),
        ("lcr-base-112", {"note": EQUAL}, EQUAL, NO_EDGE),
        ("lcr-base-112", {"delta": (float("nan"),) * 2, "note": "one seed"}, "one seed", NO_EDGE),
    ],
)
def test_what_is_not_the_papers_setting_or_has_no_interval_decides_nothing(tmp_path, model, more, named, claim):
    row = ledger_of(tables(real_study(model), tmp_path, **more))[claim]
    assert (row["verdict"], named in row["why"]) == ("untested", True)


def test_a_quantity_that_must_stay_below_is_the_mirror_of_one_that_must_exceed():
    for low, high in ((-3.0, -1.0), (0.5, 2.0), (-4.0, 1.0), (-0.5, 0.5)):
        below = Quantity(dataset="jester", table="statistics", column="delta_top1", statement="below", bound=0)
        assert decide(below, low, high) == decide(replace(below, statement="above"), -high, -low)


def test_a_study_without_the_dataset_leaves_its_claims_untested(tmp_path):
    source = tables(made_up_study(datasets=("kinetics-fixture",)), tmp_path, dataset="kinetics-fixture")
    row = ledger_of(source)[LCR_TOP1]
    assert (row["verdict"], row["measured"], "jester" in row["why"]) == ("untested", "", True)


def test_a_variant_that_is_given_by_its_path_is_found_by_its_name(tmp_path):
    mine = tmp_path / "other.yaml"
    mine.write_text("name: mine\ntitle: mine\ncomponent: gate\nhypothesis: Top-1 falls.\n", encoding="utf-8")
    source = tables(made_up_study(variants=["full", str(mine)]), tmp_path, dataset="jester-fixture")
    assert "hypothesis-mine-jester" in ledger_of(source)


def test_table1_is_counted_under_every_reading_and_the_default_is_among_them():
    for row in table1_claims():
        if row["basis"] == COUNT:
            assert float(row["ci_low"]) <= float(row["measured"]) <= float(row["ci_high"])
    for found in (parameter_range("lcr-base-112", "jester"), flops_range("lcr-base-112", "jester")):
        assert found.low < found.default < found.high


def test_closed_forms_of_the_baselines_give_counts_known_elsewhere():
    # of Hara et al.'s own models, counted with a library: 8.3 GMACs for 16 frames; 14.4, 46.3, 48.8 M for 27 classes
    params, macs = system("resnet3d-18", classes=400, frames=16)
    assert (round(params / 1e6, 1), round(macs / 1e9, 1)) == (33.4, 8.3)
    millions = {name: round(count / 1e6, 1) for name, (count, _) in BASELINES.items()}
    assert (millions["ResNet3D-10"], millions["ResNet3D-50"], millions["SE-ResNet3D 32x3"]) == (14.4, 46.3, 48.8)
    assert timesformer(frames=8, classes=400) / 1e6 == pytest.approx(121.4, abs=0.3)  # as its authors print it


def test_a_table_or_a_run_that_is_missing_is_named_and_its_claims_do_not_count_as_untested(tmp_path):
    source = tables(made_up_study(), tmp_path, dataset="jester-fixture")
    for name, row in (("statistics", "lstm_gate"), ("temporal", "lstm_gate/as_is")):
        path = source.folder / f"{name}.csv"
        whole, frame = path.read_bytes(), read_frame(path, TABLES[name])
        source.write(TABLES[name], frame[frame.variant != "lstm_gate"].to_dict("records"))
        with pytest.raises(InputError, match=rf"{name}\.csv.*jester-fixture/{row}.*lcr table {name}"):
            ledger_of(source)
        path.unlink()
        with pytest.raises(InputError, match=rf"{name}\.csv"):
            ledger_of(source)
        path.write_bytes(whole)


def test_rows_that_stand_or_fall_together_share_a_cause(on_fixture):
    rows = Counter((row["cause"], row["verdict"]) for row in on_fixture.values())
    expected = {"table2-unit": 8, "text-table-swap": 4, "deltas-from-rvit": 2, "fewer-parameters": 2, "p-squared": 2}
    assert {cause: rows[cause, "contradicted"] for cause in expected} == expected
    cell, settings = on_fixture["table2-lcr-param_m"], on_fixture["table1-lcr-s-112-settings"]
    assert cell["cause"] == on_fixture["table1-lcr-base-112-params"]["cause"]
    assert (cell["kind"], cell["printed"], settings["printed"]) == (CELL, PRINTED, IMPLIED)
    assert on_fixture["results-distance-seen"]["printed"] == IMPLIED


@pytest.mark.parametrize(
    ("claim", "facts", "verdict"),
    [
        ("method-figure-unit", {"figure_of_unit": ["2a"]}, "supported"),
        ("conclusion-masking", {"masking_words": ["channel", "channel"]}, "supported"),
        ("method-rotary-between-frames", {"position_axes": ["frame", "token"]}, "supported"),
        ("setup-nine-views", {"views": [3, 1, 9]}, "contradicted"),
        ("setup-kinetics-start", {"vrwkv_layers": 6}, "contradicted"),
    ],
)
def test_a_claim_about_the_text_comes_out_the_other_way_when_the_text_does(monkeypatch, claim, facts, verdict):
    for module in (method, setup, conclusion):
        monkeypatch.setattr(module, "fact", lambda name, at=None: facts[name] if at is None else facts[name][at], False)
    (one,) = (one for one in CLAIMS if one.id == claim)
    if claim == "setup-kinetics-start":
        monkeypatch.setattr(setup, "fact", lambda name, at=None: facts[name])
    assert claim_row(one, None)["verdict"] == verdict


@pytest.mark.parametrize(
    ("claim", "table", "cells", "verdict"),
    [
        ("method-state-shape", "table1", {"frame_size": "64", "patch_size": "8"}, "supported"),
        ("setup-start-heads", "table1", {"hidden": "768", "heads": "12"}, "supported"),
        ("setup-kinetics-start", "table1", {"depth": "12"}, "supported"),
        ("results-flops-over-32", "table2", {"flops_t_as_printed": "60"}, "contradicted"),
    ],
)
def test_a_claim_about_cells_comes_out_the_other_way_when_the_cells_do(monkeypatch, claim, table, cells, verdict):
    rows = [row | cells for row in getattr(printed, table)()]
    monkeypatch.setattr(printed, table, lambda: rows)
    (one,) = (one for one in CLAIMS if one.id == claim)
    assert claim_row(one, None)["verdict"] == verdict


@pytest.mark.parametrize(
    ("best", "verdict"), [("85", "supported"), ("90.75", "inconclusive"), ("90.81", "contradicted")]
)
def test_whether_the_clips_show_a_distance_depends_on_its_size(monkeypatch, best, verdict):
    rows = [row | ({"top1": best} if row["method"] == "ResNet3D-50" else {}) for row in printed.table2()]
    monkeypatch.setattr(printed, "table2", lambda: rows)
    (one,) = (one for one in CLAIMS if one.id == "results-distance-seen")
    assert claim_row(one, None)["verdict"] == verdict


def test_a_count_within_two_percent_of_another_is_neither_less_nor_more(on_fixture):
    assert on_fixture["intro-efficient-prompt"]["verdict"] == "inconclusive"


def test_a_difference_of_paired_accuracies_has_the_width_of_the_clips_on_which_the_models_differ():
    # 10 clips; one model has 9 right and the other 8: they differ on 1 to 3 clips
    least, most = printed.paired_widths(90.0, 80.0, 10)
    differences = ([1] + [0] * 9, [1, 1, -1] + [0] * 7)
    assert [least, most] == pytest.approx([196 * float(np.std(one)) / 10**0.5 for one in differences])
    assert [printed.seen(points, [1.0, 3.0]) for points in (0.5, 2.0, 4.0)] == [False, None, True]


def test_each_row_of_table_1_has_one_error_of_flops(on_fixture, tmp_path):
    errors = {
        row["model"]: f"({row['flops_error_pct']:+.1f}%)"
        for row in table1_rows(Source(made_up_study(), tmp_path))
        if row["reading"] == DEFAULT
    }
    assert len(errors) == 6
    assert all(error in on_fixture[f"table1-{model}-flops"]["why"] for model, error in errors.items())
