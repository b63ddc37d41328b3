"""Jester's annotation files: what is read, and what is refused with file and line."""

from pathlib import Path

import pytest

from lcr.data.formats import jester
from lcr.util.errors import InputError


def test_reads_labels_splits_and_unlabelled_test_clips(jester_root: Path) -> None:
    found = jester.read(jester_root)
    assert found.classes == ("Swiping Left", "Swiping Right", "Thumb Up")
    first, last = found.rows[0], found.rows[-1]
    assert (first.id, first.label, first.split, first.path) == ("1", "Swiping Left", "train", "20bn-jester-v1/1")
    assert (last.id, last.label, last.split) == ("15", None, "test")


def test_reads_windows_line_ends(jester_root: Path) -> None:
    file = jester_root / "jester-v1-train.csv"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert jester.read(jester_root).rows[0].label == "Swiping Left"


@pytest.mark.parametrize("test_file", ["empty", "absent"])
def test_a_dataset_may_come_without_test_clips(jester_root: Path, test_file: str) -> None:
    file = jester_root / "jester-v1-test.csv"
    file.write_text("") if test_file == "empty" else file.unlink()
    assert {row.split for row in jester.read(jester_root).rows} == {"train", "validation"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,Swiping Left\n", "line 1: no ';'"),
        ("1\tSwiping Left\n", "line 1: no ';'"),
        ("\ufeff1;Swiping Left\n", "byte-order mark"),
        ("1;Swiping Left\n\n2;Thumb Up\n", "line 2: blank line"),
        ("1;Swiping Left\n2;Thumb Up\n1;Swiping Left\n", r"line 3: clip 1 is a duplicate of .*line 1"),
        ("1;Swiping Left\n../../etc;Thumb Up\n", "line 2: id '../../etc' holds a path"),
        ("a/b;Thumb Up\n", "line 1: id 'a/b' holds a path"),
        ("a\\b;Thumb Up\n", "line 1: id .* holds a path"),
        ("..;Thumb Up\n", "line 1: id '..' holds a path"),
        (";Thumb Up\n", "line 1: '' is no clip id"),
        ("1;Swiping Lift\n", "line 1: unknown label 'Swiping Lift'; did you mean 'Swiping Left'"),
        ("1;\n", "line 1: clip 1 has no label"),
        ("", "is empty"),
    ],
)
def test_a_malformed_train_file_is_refused_by_file_and_line(jester_root: Path, text: str, message: str) -> None:
    (jester_root / "jester-v1-train.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"jester-v1-train\.csv.*" + message):
        jester.read(jester_root)


def test_text_that_is_no_utf8_is_refused_with_its_line(jester_root: Path) -> None:
    (jester_root / "jester-v1-train.csv").write_bytes(b"1;Thumb Up\n2;Thumb \xff\n")
    with pytest.raises(InputError, match="line 2: not UTF-8"):
        jester.read(jester_root)


def test_a_clip_in_two_splits_is_refused(jester_root: Path) -> None:
    with (jester_root / "jester-v1-validation.csv").open("a") as opened:
        opened.write("1;Swiping Left\n")
    with pytest.raises(InputError, match=r"validation\.csv, line 6: clip 1 is a duplicate of .*train\.csv, line 1"):
        jester.read(jester_root)


def test_a_test_file_with_another_separator_is_refused(jester_root: Path) -> None:
    (jester_root / "jester-v1-test.csv").write_text("15,Thumb Up\n")
    with pytest.raises(InputError, match=r"test\.csv, line 1: '15,Thumb Up' is no clip id"):
        jester.read(jester_root)


@pytest.mark.parametrize("text", ["Thumb Up\nThumb Up\n", "1;Thumb Up\n"])
def test_a_malformed_label_file_is_refused(jester_root: Path, text: str) -> None:
    (jester_root / "jester-v1-labels.csv").write_text(text)
    with pytest.raises(InputError, match=r"labels\.csv, line"):
        jester.read(jester_root)


@pytest.mark.parametrize("name", ["jester-v1-train.csv", "jester-v1-labels.csv", "20bn-jester-v1"])
def test_what_is_missing_is_named_with_what_the_root_should_hold(jester_root: Path, name: str) -> None:
    (jester_root / name).rename(jester_root / "elsewhere")
    with pytest.raises(InputError, match=rf"{name}.*a Jester root holds"):
        jester.read(jester_root)


def test_a_missing_root_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no folder .*nowhere; a Jester root holds"):
        jester.read(tmp_path / "nowhere")


def test_what_is_written_reads_the_same(jester_root: Path, tmp_path: Path) -> None:
    found = jester.read(jester_root)
    for file in jester_root.glob("*.csv"):
        file.unlink()
    jester.write(jester_root, found)
    assert jester.read(jester_root) == found
