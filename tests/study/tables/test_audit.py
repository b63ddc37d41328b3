"""The audit's checks fail where what they check is wrong."""

import numpy as np
import pytest

from lcr.config.files import load_interpretation, load_variant
from lcr.config.load import load_study
from lcr.model.models import model_by_name
from lcr.study.predictions import Results, load
from lcr.study.tables import audit
from lcr.study.tables.frame import Source
from lcr.study.tables.registry import TABLES
from tests.micro import PROJECT

SOURCE = Source(load_study("tiny"), PROJECT / "results/reference")


@pytest.mark.parametrize(
    ("interpretation", "variant", "expected"),
    [
        ("additive", "full", (True, True)),
        ("additive", "no_edge_prompt", (True, False)),
        ("literal", "full", (False, True)),
        ("literal", "no_edge_prompt", (False, True)),  # the edge maps in the frames' place
        ("tokens", "lstm_gate", (True, True)),
    ],
)
def test_what_a_model_reads_is_found(interpretation, variant, expected):
    base = model_by_name("lcr-tiny").model_copy(update={"readings": load_interpretation(interpretation).bundle})
    assert audit.reads(load_variant(variant).apply(base)) == expected


def test_the_late_gain_is_from_four_fifths_to_the_end_and_none_without_a_curve():
    lines = [{"step": step, "steps": 10, "validation_accuracy": step / 20} for step in (2, 8, 10)]
    assert audit._late_gain(lines) == pytest.approx(10)
    assert audit._late_gain([{"step": 10, "steps": 10}]) is None


@pytest.fixture(scope="module")
def loaded():
    """What the audit loads of the reference, by reader; once, before a test's own sources come into play."""
    found = {}

    def keep(runs, read, *, mixed):
        found[read] = load(runs, read, mixed=mixed)
        return found[read]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit, "load", keep)
        found["table"] = TABLES["audit"].make(SOURCE)
    return found


@pytest.fixture(scope="module")
def reference(loaded):
    return loaded["table"]


def failing(frame) -> set[tuple[str, str]]:
    return {(row.check, row.variant) for row in frame[~frame.holds].itertuples()}


def test_each_check_has_rows_and_an_arm_that_hardly_trains_fails_by_name(reference):
    assert len(reference.check.unique()) >= 11
    assert ("above the bag of frames", "full") not in failing(reference)
    assert all(variant == "no_edge_prompt" for _, variant in failing(reference))


def test_an_arm_with_fulls_answers_and_a_bag_of_frames_that_sees_time_are_found(loaded, reference, monkeypatch):
    full = {}

    def damaged(runs, read, *, mixed):
        found = loaded[read]
        full.update({one.run.variant.name: one for one in found})

        def changed(one: Results) -> Results:
            if one.run.variant.name == "lstm_gate":
                return one._replace(arrays=full["full"].arrays)
            if one.run.variant.method == "bag_of_frames" and "as_is" in one.arrays:
                return one._replace(arrays=one.arrays | {"as_is": np.ones_like(one.arrays["as_is"])})
            return one

        return [changed(one) for one in found]

    monkeypatch.setattr(audit, "load", damaged)
    new = failing(TABLES["audit"].make(SOURCE)) - failing(reference)
    assert ("same answers as full", "lstm_gate") in new
    assert {name for check, name in new if check == "pair accuracy"} >= {"bag_of_frames-rgb", "bag_of_frames-both"}
