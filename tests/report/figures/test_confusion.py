"""Shares and recalls against counting by hand."""

import numpy as np
import pytest

from lcr.report.figures.confusion import NAMED, confusion_figure, recalls, shares
from lcr.report.finished import ClassPredictions

FOUND = ClassPredictions(
    "jester-fixture", ("a", "b", "c"), np.array([0, 0, 1]), np.array([[0, 1, 1], [0, 0, 1]])
)  # two seeds; no clip of class c


def test_a_row_holds_the_shares_of_its_class_predictions():
    np.testing.assert_allclose(shares(FOUND), [[0.75, 0.25, 0], [0, 1, 0], [np.nan] * 3])


def test_recall_is_the_diagonal_with_an_interval_and_absent_without_clips():
    rows = recalls(FOUND)
    assert rows.recall.to_dict() == {0: 75, 1: 100}
    assert (rows.recall_ci_low < rows.recall).all(), "one clip right is no certainty"
    assert rows.recall_ci_high[0] > 75


@pytest.mark.parametrize("classes", [NAMED, 400])
def test_many_classes_are_drawn_without_names_on_each_other(classes, finished):
    labels = np.arange(classes).repeat(2)
    names = tuple(f"class {number}" for number in range(classes))
    found = [ClassPredictions("kinetics", names, labels, np.stack([labels, labels]))]
    figure = confusion_figure(found, finished.table("temporal").assign(condition=""), "made-up")
    assert figure.get_size_inches()[1] < 15
    ticks = [label.get_text() for label in figure.axes[0].get_yticklabels() if label.get_text()]
    assert len(ticks) == (classes if classes <= NAMED else 0)
