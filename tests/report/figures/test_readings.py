"""Zero is a finding on a log axis, and the search's rows name what they read otherwise."""

from lcr.report.figures.readings import best_of_search, departures, readings_figure
from tests.study import made_up


def test_an_exact_zero_is_written_as_zero():
    sensitivity = readings_figure(made_up.readings(), made_up.search()).axes[2]
    zeros = [text for text in sensitivity.texts if text.get_text() == "0"]
    assert len(zeros) == 1, "of the reading used here, which is drawn once"


def test_a_reading_that_was_never_trained_says_so():
    first = readings_figure(made_up.readings(), made_up.search()).axes[0]
    assert [text.get_text().strip() for text in first.texts] == ["not trained"]


def test_departures_are_the_answers_that_differ_from_the_default():
    search = made_up.search()
    assert departures(search[1], search[0]) == {"zero convolution": "pointwise 1"}
    assert departures(search[0], search[0]) == {}
    assert len(best_of_search(search, each=2)) == 1 + 4 * 2
