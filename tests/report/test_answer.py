"""Numbers choose the rule of each sentence, and the sentence holds the numbers."""

import re
from math import nan

import pandas as pd
import pytest

from lcr.report.answer import ABOVE, BELOW, IDENTICAL, INCLUDES, READ, Sentence, answer, by_group, verdict_counts
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


def difference(low: float, high: float, p: float = 0.01, floor: float = 0.01, least: float = 1.5) -> dict[str, float]:
    ends = {"delta_ci_low": low, "delta_ci_high": high, "delta_top1": (low + high) / 2}
    return ends | {"p_family": p, "p_floor": floor, "detectable_interval": least}


@pytest.mark.parametrize(
    ("cells", "rule", "numbers", "absent"),
    [
        (difference(-9, -5), BELOW, ["-7.00", "[-9.00, -5.00]", "0.01"], "80%"),
        (difference(5, 9), ABOVE, ["+7.00", "[+5.00, +9.00]"], "80%"),
        (difference(-3, 5), INCLUDES, ["+1.00", "[-3.00, +5.00]", "80%", "1.50"], "p = "),
        (difference(-3, 5, least=nan), INCLUDES, ["+1.00"], "80%"),
        (difference(-9, -5, p=0.2, floor=0.16), BELOW, ["0.2 ", "0.05", "0.16"], "80%"),
        (SAME, IDENTICAL, [], "p = "),
        ({"delta_ci_low": nan}, IDENTICAL, [], "p = "),
    ],
)
def test_an_ablations_sentence_follows_from_its_interval_and_holds_its_numbers(tables, cells, rule, numbers, absent):
    rows = {"variant": "no_tube_mask", "dataset": DATASET}
    found = sentence(change(tables, "statistics", rows, **cells), "no_tube_mask")
    assert found.rule == rule
    assert all(text in found.text for text in ("No tube mask", *numbers))
    assert absent not in found.text


def test_other_datasets_are_told_unless_the_variant_is_identical_on_all(tables):
    everywhere = change(tables, "statistics", {"variant": "unidirectional_wkv"}, **SAME)
    assert ELSEWHERE not in sentence(everywhere, "unidirectional_wkv").text
    rows = {"variant": "unidirectional_wkv", "dataset": ELSEWHERE}
    changed = change(everywhere, "statistics", rows, mcnemar_lost=(3.0,), **difference(-9, -5))
    found = sentence(changed, "unidirectional_wkv")
    assert f"`{ELSEWHERE}` -7.00 [-9.00, -5.00]" in found.text
    assert f"`something-fixture` {IDENTICAL}" in found.text


@pytest.mark.parametrize(
    ("about", "name", "rows", "cells", "rule", "numbers"),
    [
        ("full", "statistics", {}, {"top1_ci_low": 20, "top1_ci_high": 30}, ABOVE, ["[20.00, 30.00]", "8.3%"]),
        ("full", "statistics", {}, {"top1_ci_low": 5, "top1_ci_high": 30}, INCLUDES, ["[5.00, 30.00]", "8.3%"]),
        ("full", "statistics", {}, {"top1_ci_low": 1, "top1_ci_high": 2}, BELOW, ["[1.00, 2.00]", "8.3%"]),
        (
            "time",
            "temporal",
            {"condition": "as_is"},
            {"pair_accuracy_ci_low": 55},
            "above includes below",
            ["[55.00, "],
        ),
        ("time", "temporal", {"condition": "as_is"}, {"pair_accuracy_ci_low": 45}, "includes includes below", []),
    ],
)
def test_the_full_model_is_compared_with_chance_and_each_condition_of_the_pairs_with_half(
    tables, about, name, rows, cells, rule, numbers
):
    found = sentence(change(tables, name, {"variant": "full", "dataset": DATASET} | rows, **cells), about)
    assert found.rule == rule
    assert all(number in found.text for number in numbers)


def test_there_are_ten_lines_without_pairs_none_on_time_and_synthetic_clips_never_have_the_real_name(tables):
    lines, without = answer(tables, 12), answer(tables | {"temporal": tables["temporal"].assign(condition="")}, 12)
    assert (len(lines), without) == (10, [one for one in lines if one.about != "time"])
    assert lines[0].rule == "synthetic"
    assert not re.search(r"\b(jester|something|kinetics)\b(?!-fixture)", " ".join(one.text for one in lines))
    (variant, caveat), *_ = CAVEATS.items()
    assert [one.about for one in lines if caveat in one.text] == [variant]


def test_real_clips_are_called_real_with_their_note(tables):
    real = {name: table.replace(DATASET, "jester") for name, table in tables.items()}
    found = sentence(change(real, "statistics", {"variant": "full"}, note="a subset: 60 of 99"), "data")
    assert found.rule == "real"
    assert "a subset: 60 of 99" in found.text


@pytest.mark.parametrize(("gradient", "rule"), [(0.0, "blind"), (0.1, "sees")])
def test_counts_sensitivity_and_better_readings_are_one_sentence(tables, gradient, rule):
    found = sentence(change(tables, "readings", {"default": True}, d_logits_d_rgb=gradient), "text")
    better = tables["readings"].query("delta_ci_low > 0")
    names = [f"{row.discrepancy}: {row.reading}" for row in better.itertuples()]
    assert (found.rule, len(names)) == (rule, 2)
    assert all(text in found.text for text in ("+9.0% (lcr-xl-224)", *names))


def test_rows_of_one_cause_and_verdict_count_once_and_each_group_apart():
    rows = [
        ("claim", "printed", "unit", "contradicted"),
        ("claim", "printed", "unit", "contradicted"),
        ("claim", "printed", "unit", "supported"),
        ("claim", "implied", "depth", "untestable"),
        ("cell", "printed", "unit", "contradicted"),
        ("cell", "implied", "settings", "supported"),
        ("hypothesis", "implied", "x", "untested"),
    ]
    groups = by_group(pd.DataFrame(rows, columns=["kind", "printed", "cause", "verdict"]))
    assert [len(group) for group in groups.values()] == [3, 1, 2, 1]
    counts = [{verdict: n for verdict, n in verdict_counts(group).items() if n} for group in groups.values()]
    assert counts == [
        {"supported": 1, "contradicted": 1},
        {"untestable": 1},
        {"supported": 1, "contradicted": 1},
        {"untested": 1},
    ]


def test_the_ledgers_line_gives_causes_and_rows_of_each_group_that_has_any(tables):
    claims = tables["claims"].assign(verdict="untested", cause="one", kind="claim", printed="printed")
    claims.loc[0, "verdict"] = "contradicted"
    texts = [sentence(tables | {"claims": table}, "claims").text for table in (claims, claims[:1])]
    found = [re.findall(r"\d+", text) for text in texts]
    assert found == [["2", str(len(claims)), "1", "1"], ["1", "1", "1"]]
