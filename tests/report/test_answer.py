"""The words follow from the numbers: other numbers, other words."""

import re

import pytest

from lcr.report.answer import answer_lines
from tests.study import made_up


@pytest.fixture
def tables(finished) -> dict:
    return {name: finished.rows(name) for name in ("table2", "ablations", "temporal")}


def changed(tables: dict, table: str, variant: str, **cells: str) -> dict:
    """The tables with other cells in a variant's rows of one table, on Table 2's dataset."""
    rows = [
        row | cells if row["variant"] == variant and row["dataset"] == "jester-fixture" else row
        for row in tables[table]
    ]
    return tables | {table: rows}


def line(tables: dict, start: str) -> str:
    found = [one for one in answer_lines(tables, 12) if one.startswith(start)]
    assert len(found) == 1, found
    return found[0]


def difference(low: float, high: float, p: str = "0.01", floor: str = "0.01") -> dict[str, str]:
    ends = {"delta_ci_low": f"{low}", "delta_ci_high": f"{high}", "delta_top1": f"{(low + high) / 2}"}
    return ends | {"p_holm": p, "p_floor_holm": floor}


@pytest.mark.parametrize(
    ("cells", "said", "unsaid"),
    [
        (difference(-9, -5), "loses 7.00 points", "beats"),
        (difference(5, 9), "**beats the full model** by 7.00 points", "loses"),
        (difference(-3, 5), "makes no difference that 3 seeds × 60 clips could show: +1.00", "loses"),
        (difference(-9, -5), "p = 0.01 after Holm", "not confirmed"),
        (difference(-9, -5, p="0.2"), "not confirmed by the test over seeds: p = 0.2", "cannot be below"),
        (difference(-9, -5, p="0.2", floor="0.16"), "not confirmed: with these seeds p cannot be below 0.16", "p = "),
    ],
)
def test_an_ablations_line_follows_from_its_interval_and_its_test(tables, cells, said, unsaid):
    found = line(changed(tables, "table2", "no_tube_mask", **cells), "**No tube mask**")
    assert said in found
    assert unsaid not in found


def test_what_the_edge_prompt_is_compared_with_is_said(tables):
    assert "compares edge maps with RGB" in line(tables, "**No edge prompt**")
    assert "RGB" not in line(tables, "**No tube mask**")


def test_an_ablation_that_answers_as_full_does_tests_nothing(tables):
    row = {"dataset": "jester-fixture", "variant": "unidirectional_wkv", "detectable_interval": "1.50"}
    same = row | {"note": "answers every clip as full does: nothing is tested here"}
    assert "it tests nothing here" in line(tables | {"statistics": [same]}, "**Unidirectional WKV**")
    elsewhere = {"dataset": "kinetics-fixture", "variant": "unidirectional_wkv", **difference(-9, -5)}
    two = tables | {"statistics": [same], "ablations": [*tables["ablations"], elsewhere]}
    found = line(two, "**Unidirectional WKV**")
    assert "it tests nothing here. Elsewhere:" in found
    assert "`kinetics-fixture` -7.00 [-9.00, -5.00]" in found
    there = changed(tables | {"statistics": [row | {"note": ""}]}, "table2", "unidirectional_wkv", **difference(-1, 1))
    assert "of 1.50 points, 4 of 5 such studies would show it" in line(there, "**Unidirectional WKV**")


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [("20.00", "30.00", "above chance"), ("5.00", "30.00", "not to be told from chance"), ("1", "2", "below chance")],
)
def test_the_full_model_is_held_against_chance(tables, low, high, said):
    cells = {"top1_ci_low": low, "top1_ci_high": high}
    assert said in line(changed(tables, "table2", "full", **cells), "The full model reaches")


@pytest.mark.parametrize(("low", "said"), [("55.00", "sees time"), ("45.00", "does not see time")])
def test_seeing_time_needs_an_interval_above_half(tables, low, said):
    rows = [row | {"pair_accuracy_ci_low": low} if row["condition"] == "as_is" else row for row in tables["temporal"]]
    assert said in line(tables | {"temporal": rows}, "On time-reversed pairs")


def test_generated_clips_are_never_called_by_the_real_name(tables):
    lines = answer_lines(tables, 12)
    assert "**generated clips, not the paper's data**" in lines[0]
    for one in lines:
        assert not re.search(r"\b(jester|something|kinetics)\b(?!-fixture)", one), one


def test_real_clips_are_not_called_generated(tables):
    real = {
        name: [row | {"dataset": row["dataset"].replace("jester-fixture", "jester")} for row in rows]
        for name, rows in tables.items()
    }
    first = answer_lines(real, 12)[0]
    assert "generated clips, not" not in first.split(":")[0]
    assert "on the paper's data" in first


@pytest.mark.parametrize(("gradient", "said"), [("0", "do not depend on the RGB frames"), ("0.1", "depend on the RGB")])
def test_what_the_logits_see_and_what_counting_gives_is_one_line(tables, gradient, said):
    readings = [row | {"d_logits_d_rgb": gradient} if row["default"] == "yes" else row for row in made_up.readings()]
    found = line(tables | {"table1": made_up.table1(), "readings": readings}, "Counted as we read the text")
    assert said in found
    assert "parameters come out up to +9.0% (lcr-xl-224)" in found
    assert "of 4 other readings that were trained 2 do better" in found
    assert "1 do worse" in found


def test_verdicts_are_counted_with_the_kinds_that_fall(tables):
    claims = [
        {"verdict": verdict, "kind": kind, "where": "§1"}
        for verdict, kind in [("supported", "count"), ("contradicted", "internal arithmetic"), ("untested", "accuracy")]
    ]
    found = line(tables | {"claims": claims}, "Of 3 claims")
    assert found.endswith(
        "1 are supported, **1 contradicted** (1 of internal arithmetic), 0 inconclusive and 1 untested."
    )


def test_hypotheses_of_the_ablations_are_no_claims_of_the_paper(tables):
    paper = {"verdict": "supported", "kind": "count", "where": "Table 1"}
    own = [{"verdict": verdict, "kind": "accuracy", "where": "ablations/x.yaml"} for verdict in ("untested",) * 2]
    found = line(tables | {"claims": [paper, *own]}, "Of 1 claims of the paper")
    assert "0 untested; of the ablations’ own hypotheses 2 untested." in found


def test_with_every_table_there_are_ten_lines(tables):
    claims = [{"verdict": "untested", "kind": "accuracy", "where": "§1"}]
    every = tables | {"table1": made_up.table1(), "readings": made_up.readings(), "claims": claims}
    assert len(answer_lines(every, 12)) == 10
