"""Numbers choose the rule of each sentence, and the sentence holds the numbers."""

import re

import pandas as pd
import pytest

from lcr.report.answer import (
    ABOVE,
    BELOW,
    IDENTICAL,
    INCLUDES,
    READ,
    Sentence,
    answer,
    of_the_paper,
    verdict_counts,
)
from lcr.study.claims.caveats import CAVEATS

DATASET, ELSEWHERE = "jester-fixture", "kinetics-fixture"
SAME = {"mcnemar_gained": (0.0, 0.0, 0.0), "mcnemar_lost": (0.0, 0.0, 0.0)}


@pytest.fixture
def tables(finished) -> dict[str, pd.DataFrame]:
    return {name: finished.table(name) for name in READ}


def change(tables: dict[str, pd.DataFrame], name: str, rows: dict[str, str], **cells) -> dict[str, pd.DataFrame]:
    """The tables with other cells in those rows of one table that have these values."""
    table = tables[name].copy()
    chosen = (table[list(rows)] == pd.Series(rows)).all(axis=1)
    for column, cell in cells.items():
        table[column] = [cell if here else old for here, old in zip(chosen, table[column], strict=True)]
    return tables | {name: table}


def sentence(tables: dict[str, pd.DataFrame], about: str) -> Sentence:
    (found,) = [one for one in answer(tables, 12) if one.about == about]
    return found


def difference(low: float, high: float, p: float = 0.01, floor: float = 0.01) -> dict[str, float]:
    ends = {"delta_ci_low": low, "delta_ci_high": high, "delta_top1": (low + high) / 2}
    return ends | {"p_holm": p, "p_floor_holm": floor, "detectable_interval": 1.5}


@pytest.mark.parametrize(
    ("cells", "rule", "numbers"),
    [
        (difference(-9, -5), BELOW, ["-7.00", "[-9.00, -5.00]", "0.01"]),
        (difference(5, 9), ABOVE, ["+7.00", "[+5.00, +9.00]"]),
        (difference(-3, 5), INCLUDES, ["+1.00", "[-3.00, +5.00]", "80%", "1.50"]),
        (difference(-3, 5) | {"detectable_interval": float("nan")}, INCLUDES, ["+1.00"]),
        (difference(-9, -5, p=0.2, floor=0.16), BELOW, ["0.2 ", "0.05", "0.16"]),
        (SAME, IDENTICAL, []),
        ({"delta_ci_low": float("nan")}, IDENTICAL, []),
    ],
)
def test_an_ablations_sentence_follows_from_its_interval_and_holds_its_numbers(tables, cells, rule, numbers):
    rows = {"variant": "no_tube_mask", "dataset": DATASET}
    found = sentence(change(tables, "statistics", rows, **cells), "no_tube_mask")
    assert found.rule == rule
    assert "No tube mask" in found.text
    assert all(number in found.text for number in numbers)
    assert not numbers or "80%" in numbers or "80%" not in found.text
    assert rule != IDENTICAL or "p = " not in found.text


def test_other_datasets_are_told_unless_the_variant_is_identical_on_all(tables):
    everywhere = change(tables, "statistics", {"variant": "unidirectional_wkv"}, **SAME)
    assert ELSEWHERE not in sentence(everywhere, "unidirectional_wkv").text
    rows = {"variant": "unidirectional_wkv", "dataset": ELSEWHERE}
    found = sentence(
        change(everywhere, "statistics", rows, mcnemar_lost=(3.0,), **difference(-9, -5)), "unidirectional_wkv"
    )
    assert f"`{ELSEWHERE}` -7.00 [-9.00, -5.00]" in found.text
    assert f"`something-fixture` {IDENTICAL}" in found.text


def test_a_caveat_stands_with_its_variant_alone(tables):
    (variant, caveat), *_ = CAVEATS.items()
    assert [one.about for one in answer(tables, 12) if caveat in one.text] == [variant]


@pytest.mark.parametrize(("low", "high", "rule"), [(20, 30, ABOVE), (5, 30, INCLUDES), (1, 2, BELOW)])
def test_the_full_model_is_compared_with_chance(tables, low, high, rule):
    rows = {"variant": "full", "dataset": DATASET}
    found = sentence(change(tables, "statistics", rows, top1_ci_low=low, top1_ci_high=high), "full")
    assert found.rule == rule
    assert f"[{low:.2f}, {high:.2f}]" in found.text
    assert "8.3%" in found.text


@pytest.mark.parametrize(("low", "side"), [(55, ABOVE), (45, INCLUDES)])
def test_each_condition_of_the_pairs_is_compared_with_half(tables, low, side):
    rows = {"variant": "full", "dataset": DATASET, "condition": "as_is"}
    found = sentence(change(tables, "temporal", rows, pair_accuracy_ci_low=low), "time")
    assert found.rule.split() == [side, INCLUDES, BELOW]


def test_a_dataset_without_pairs_has_no_sentence_on_time(tables):
    assert all(
        one.about != "time" for one in answer(tables | {"temporal": tables["temporal"].assign(condition="")}, 12)
    )


def test_synthetic_clips_are_never_called_by_the_real_name(tables):
    assert sentence(tables, "data").rule == "synthetic"
    for one in answer(tables, 12):
        assert not re.search(r"\b(jester|something|kinetics)\b(?!-fixture)", one.text), one


def test_real_clips_are_called_real_with_their_note(tables):
    real = {name: table.replace(DATASET, "jester") for name, table in tables.items()}
    found = sentence(change(real, "statistics", {"variant": "full"}, note="a subset: 60 of 99"), "data")
    assert found.rule == "real"
    assert "a subset: 60 of 99" in found.text


@pytest.mark.parametrize(("gradient", "rule"), [(0.0, "blind"), (0.1, "sees")])
def test_counts_sensitivity_and_readings_are_one_sentence(tables, gradient, rule):
    found = sentence(change(tables, "readings", {"default": True}, d_logits_d_rgb=gradient), "text")
    assert found.rule == rule
    assert "+9.0% (lcr-xl-224)" in found.text
    readings = tables["readings"]
    better = readings[readings.delta_ci_low > 0]
    assert len(better) == 2
    for row in better.itertuples():
        assert f"{row.discrepancy}: {row.reading}" in found.text


def test_verdicts_are_counted_without_the_ablations_own_hypotheses(tables):
    rows = [("supported", "count", "§1"), ("contradicted", "arithmetic", "§1"), ("untested", "accuracy", "ablations/x")]
    claims = pd.DataFrame(rows, columns=["verdict", "kind", "where"])
    assert verdict_counts(of_the_paper(claims)) == {"supported": 1, "contradicted": 1, "inconclusive": 0, "untested": 0}
    counts = [re.findall(r"\d+", sentence(tables | {"claims": some}, "claims").text) for some in (claims, claims[:1])]
    assert counts == [["2", "1", "1", "1", "1", "1"], ["1", "1"]]
    assert "1 arithmetic" in sentence(tables | {"claims": claims}, "claims").text


def test_with_pairs_there_are_ten_lines(tables):
    assert len(answer(tables, 12)) == 10
