"""Labels under a mirror and a reversal in time, against the official lists."""

import re

import pytest

from lcr.config.datasets import official_labels
from lcr.data.labels import MIRRORED, REVERSED, mirror_classes, reverse_classes

JESTER, SOMETHING, KINETICS = map(official_labels, ("jester", "something", "kinetics"))


def test_every_label_of_the_pairs_is_an_official_one_and_stands_once() -> None:
    for pairs in (MIRRORED, REVERSED):
        names = [name for pair in pairs for name in pair]
        assert len(set(names)) == len(names)
        assert set(names) <= {*JESTER, *SOMETHING, *KINETICS}
    assert (len(KINETICS), KINETICS[:2]) == (400, ("abseiling", "air drumming"))


@pytest.mark.parametrize("classes", [JESTER, SOMETHING])
def test_mirroring_swaps_each_label_that_spells_a_side_and_no_other(classes: tuple[str, ...]) -> None:
    mirrored = mirror_classes(classes)
    assert [mirrored[number] for number in mirrored] == list(range(len(classes)))
    spelled = {
        label for label in classes if re.search("[Ll]eft|[Rr]ight|lockwise", re.sub("upright|right out", "", label))
    }
    assert {classes[number] for number, other in enumerate(mirrored) if number != other} == spelled
    assert mirror_classes(["Swiping Left", "Thumb Up"]) == [-1, 1], "a label whose mirror image is no class"


def test_reversed_pairs_need_both_classes() -> None:
    official = (JESTER, SOMETHING, KINETICS)
    names = {classes[a]: classes[b] for classes in official for a, b in reverse_classes(classes).items()}
    assert [len(reverse_classes(classes)) for classes in official] == [20, 26, 6]
    assert names["Rolling Hand Forward"] == "Rolling Hand Backward"
    assert names["Pulling something from left to right"] == "Pushing something from right to left"
    assert "Thumb Up" not in names, "a thumb does not turn over in a reversed clip"
    assert all(names[names[label]] == label for label in names)
    assert reverse_classes(["Swiping Left", "Thumb Up"]) == reverse_classes(["abseiling", "squat"]) == {}
