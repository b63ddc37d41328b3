"""Shares and recalls against counting by hand."""

import numpy as np
import pytest

from lcr.report.figures.confusion import NAMED, confusion_figure, recalls, shares
from lcr.report.finished import ClassAnswers

ANSWERS = ClassAnswers(
    "jester-fixture", ("a", "b", "c"), np.array([0, 0, 1]), np.array([[0, 1, 1], [0, 0, 1]])
)  # two seeds; no clip of class c


def test_a_row_holds_the_shares_of_its_class_answers():
    found = shares(ANSWERS)
    np.testing.assert_allclose(found[:2], [[0.75, 0.25, 0], [0, 1, 0]])
    assert np.isnan(found[2]).all(), "a class without a clip has no share, not 0"


def test_recall_is_the_diagonal_with_an_interval_and_empty_without_clips():
    rows = recalls(ANSWERS)
    assert [row.get("recall") for row in rows] == ["75.00", "100.00", None]
    assert float(rows[0]["recall_ci_low"]) < 75 < float(rows[0]["recall_ci_high"])
    assert float(rows[1]["recall_ci_low"]) < 100, "one clip right is no certainty"


@pytest.mark.parametrize("classes", [NAMED, 400])
def test_many_classes_are_drawn_without_names_on_each_other(classes):
    labels = np.arange(classes).repeat(2)
    names = tuple(f"class {number}" for number in range(classes))
    figure = confusion_figure([ClassAnswers("kinetics", names, labels, np.stack([labels, labels]))], [], "made-up")
    assert figure.get_size_inches()[1] < 15
    ticks = [label.get_text() for label in figure.axes[0].get_yticklabels() if label.get_text()]
    assert len(ticks) == (classes if classes <= NAMED else 0)
