"""What a mirror and what a reversal do to labels, against the official lists."""

import pytest

from lcr.config.datasets import official_labels
from lcr.data.labels import MIRRORED, mirror_classes
from lcr.data.reverses import REVERSED, reverse_classes

JESTER, SOMETHING = official_labels("jester"), official_labels("something")


@pytest.mark.parametrize("pairs", [MIRRORED, REVERSED])
def test_every_label_of_the_pairs_is_an_official_one_and_stands_once(pairs: tuple) -> None:
    names = [name for pair in pairs for name in pair]
    assert len(set(names)) == len(names)
    assert set(names) <= {*JESTER, *SOMETHING}


@pytest.mark.parametrize("classes", [JESTER, SOMETHING])
def test_mirroring_twice_gives_the_label_back(classes: tuple[str, ...]) -> None:
    mirrored = mirror_classes(classes)
    assert [mirrored[number] for number in mirrored] == list(range(len(classes)))
    moved = {classes[number] for number, other in enumerate(mirrored) if number != other}
    words = ("Left", "Right", "left", "right", "lockwise")
    spelled = {
        label
        for label in classes
        if any(word in label.replace("upright", "").replace("right out", "") for word in words)
    }
    assert moved == spelled, "each label that spells a side is swapped, and no other"


def test_a_direction_whose_mirror_image_is_no_class_must_not_be_flipped() -> None:
    assert mirror_classes(["Swiping Left", "Thumb Up"]) == [-1, 1]


def test_reversed_pairs_of_jester() -> None:
    reverse = reverse_classes(JESTER)
    assert len(reverse) == 20
    assert JESTER[reverse[JESTER.index("Rolling Hand Forward")]] == "Rolling Hand Backward"
    assert JESTER.index("Thumb Up") not in reverse, "a thumb does not turn over in a reversed clip"
    assert all(reverse[reverse[number]] == number for number in reverse)


def test_pulling_reversed_is_pushing_the_other_way() -> None:
    reverse = reverse_classes(SOMETHING)
    pulled = SOMETHING.index("Pulling something from left to right")
    assert SOMETHING[reverse[pulled]] == "Pushing something from right to left"


def test_pairs_need_both_classes_and_kinetics_has_none() -> None:
    assert reverse_classes(["Swiping Left", "Thumb Up"]) == {}
    assert reverse_classes(official_labels("kinetics")) == {}
