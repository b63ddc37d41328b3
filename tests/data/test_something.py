"""Something-Something-V2's annotation files: what is read, and what is refused by file and entry."""

import json
from pathlib import Path

import pytest

from lcr.data.formats import something
from lcr.util.errors import InputError
from tests.data.conftest import make_something


@pytest.mark.parametrize("prefix", ["something-something-v2-", ""])
def test_reads_both_ways_of_naming_the_files(tmp_path: Path, prefix: str) -> None:
    found = something.read(make_something(tmp_path / "root", prefix=prefix))
    assert [row.split for row in found.rows].count("train") == 6
    assert found.rows[1].label == "Pushing something from left to right", "brackets go, words stay"
    assert found.rows[1].path == "20bn-something-something-v2/2.webm"
    assert found.rows[-1].label is None


def test_classes_stand_in_the_order_of_their_numbers(something_root: Path) -> None:
    assert something.read(something_root).classes == (
        "Holding something",
        "Pushing something from left to right",
        "Moving something up",
    )


def test_brackets_of_every_template_go() -> None:
    template = "Putting [number of] [something] onto [something]"
    assert something.label_of(template) == "Putting number of something onto something"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            [{"id": "1", "template": "Mowing [something] up"}],
            "entry 1: unknown label .* did you mean 'Moving something up'",
        ),
        ([{"id": "../1", "template": "Holding [something]"}], "entry 1: id '../1' holds a path"),
        ([{"id": "1", "template": "Holding [something]"}] * 2, "entry 2: clip 1 is a duplicate of .*entry 1"),
        ([{"template": "Holding [something]"}], "entry 1: an object with an 'id'"),
        ([{"id": "1", "label": "Holding a cup"}], "entry 1: clip 1 has no label"),
        ([{"id": "1", "template": 3}], "entry 1: 'template' must be text"),
        ({"1": "Holding [something]"}, "a list of clips is expected"),
        ([], "names no clip"),
    ],
)
def test_a_malformed_train_file_is_refused_by_entry(something_root: Path, content: object, message: str) -> None:
    (something_root / "something-something-v2-train.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"v2-train\.json.*" + message):
        something.read(something_root)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"id": "1",\n}]', "line 2: no valid JSON"),
        ("\ufeff[]", "byte-order mark"),
        ("", "is empty"),
        ('[{"id": "1", "id": "2"}]', "duplicate key 'id'"),
        ("[" * 100_000, "nested too deep"),
    ],
)
def test_broken_json_is_refused(something_root: Path, text: str, message: str) -> None:
    (something_root / "something-something-v2-validation.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"validation\.json.*" + message):
        something.read(something_root)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"A": "0", "B": "0"}, "have the same number 0"),
        ({"A": "x"}, "has no number but 'x'"),
        (["A"], "an object of label and number"),
    ],
)
def test_a_malformed_label_file_is_refused(something_root: Path, content: object, message: str) -> None:
    (something_root / "something-something-v2-labels.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=message):
        something.read(something_root)


def test_two_files_for_one_thing_are_refused(something_root: Path) -> None:
    (something_root / "train.json").write_text("[]")
    with pytest.raises(InputError, match="which one is meant"):
        something.read(something_root)


def test_what_is_written_reads_the_same(something_root: Path) -> None:
    found = something.read(something_root)
    for file in something_root.glob("*.json"):
        file.unlink()
    something.write(something_root, found)
    assert something.read(something_root) == found
