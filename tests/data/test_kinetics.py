"""Kinetics-400's file names and annotation files."""

from pathlib import Path

import pytest

from lcr.config.datasets import official_labels
from lcr.data.formats import kinetics
from lcr.util.errors import InputError

HEADER = "label,youtube_id,time_start,time_end,split,is_cc"


@pytest.mark.parametrize(
    ("stem", "parsed"),
    [
        ("-aB_cDeFg_1_000003_000013", ("-aB_cDeFg_1", 3, 13)),
        ("___________000000_000010", ("__________", 0, 10)),
        ("abc_123456_654321_000001_000011", ("abc_123456_654321", 1, 11)),
        ("abc_12_000001", None),
        ("_000001_000011", None),
        ("abc", None),
    ],
)
def test_names_are_read_from_the_right(stem: str, parsed: tuple | None) -> None:
    assert kinetics.parse_name(stem) == parsed


def test_reads_label_folders_and_flat_clips_and_unlabelled_test_clips(kinetics_root: Path) -> None:
    found = kinetics.read(kinetics_root)
    assert found.classes == ("abseiling", "archery"), "the official order of the labels in use"
    paths = {row.id: (row.path, row.split, row.label) for row in found.rows}
    assert paths == {
        "-aB_cDeFg_1_000003_000013": ("train/archery/-aB_cDeFg_1_000003_000013.mp4", "train", "archery"),
        "__xyz_00000_000012_000022": ("__xyz_00000_000012_000022.mp4", "train", "abseiling"),
        "zzzzzzzzzz9_000000_000010": ("val/archery/zzzzzzzzzz9_000000_000010.mp4", "validation", "archery"),
        "testtest_-__000100_000110": ("test/testtest_-__000100_000110.mp4", "test", None),
    }


def test_there_are_400_official_labels_and_the_order_is_alphabetical() -> None:
    labels = official_labels("kinetics")
    assert len(labels) == 400
    assert labels[:2] == ("abseiling", "air drumming")


def test_a_test_file_may_lack_the_label_column(kinetics_root: Path) -> None:
    (kinetics_root / "test.csv").write_text("youtube_id,time_start,time_end,split\ntesttest_-_,100,110,test\n")
    assert [row.label for row in kinetics.read(kinetics_root).rows if row.split == "test"] == [None]


def test_a_clip_that_is_not_there_keeps_its_row(kinetics_root: Path) -> None:
    (kinetics_root / "__xyz_00000_000012_000022.mp4").unlink()
    row = next(row for row in kinetics.read(kinetics_root).rows if row.label == "abseiling")
    assert row.path == "__xyz_00000_000012_000022.mp4"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER.replace(",", ";") + "\narchery;a;1;11;train;0\n", "line 1: the header .* separator must be ','"),
        (f"{HEADER}\narchery;a;1;11;train;0\n", "line 2: 1 fields where the header has 6"),
        (f"\ufeff{HEADER}\n", "byte-order mark"),
        (f"{HEADER}\narchery,a,1,11,train,0\n\n", "line 3: blank line"),
        (f"{HEADER}\narchery,a,1,11,train,0\narchery,a,1,11,train,0\n", "line 3: clip a_000001_000011 is a duplicate"),
        (f"{HEADER}\narchery,../a,1,11,train,0\n", "line 2: id .* holds a path"),
        (f"{HEADER}\narchrey,a,1,11,train,0\n", "line 2: unknown label 'archrey'; did you mean 'archery'"),
        (f"{HEADER}\narchery,a,one,11,train,0\n", "line 2: 'one' is no time"),
        (f"{HEADER}\narchery,a,1,11,trian,0\n", "line 2: unknown split 'trian'; did you mean 'train'"),
        (f"{HEADER}\n", "names no clip"),
        (f'{HEADER}\n"' + "a" * 140_000, "line 2: field larger than field limit.*quotation mark left open"),
        ("a" * 140_000, "line 1: field larger than field limit"),
        (
            f"{HEADER.replace('label', 'lable')}\narchery,a,1,11,train,0\n",
            "line 1: the header lacks label .* 'lable'; did you mean 'label'",
        ),
        (
            f"{HEADER.replace('label', 'lable').replace('split,', '')}\narchery,a,1,11,0\n",
            "line 1: the header lacks split, label .* 'lable'; did you mean 'label'",
        ),
        (f"{HEADER.replace('_id', '-id')}\narchery,a,1,11,train,0\n", "line 1.*did you mean 'youtube_id'"),
        (
            f"{HEADER.replace('split', 'fold')}\narchery,a,1,11,train,0\n",
            "lacks split of [^;]*; it has label,youtube_id,time_start,time_end,fold,is_cc$",
        ),
        (f"{HEADER[6:]}\na,1,11,train,0\n", "line 1: the header lacks label .* it has youtube_id,time_start"),
    ],
)
def test_a_malformed_train_file_is_refused_by_file_and_line(kinetics_root: Path, text: str, message: str) -> None:
    (kinetics_root / "train.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"train\.csv.*" + message):
        kinetics.read(kinetics_root)


def test_a_missing_file_is_named_with_what_the_root_should_hold(kinetics_root: Path) -> None:
    (kinetics_root / "val.csv").unlink()
    with pytest.raises(InputError, match=r"validate\.csv; a Kinetics-400 root holds"):
        kinetics.read(kinetics_root)


def test_a_root_without_clips_is_refused(kinetics_root: Path) -> None:
    for clip in kinetics_root.rglob("*.mp4"):
        clip.unlink()
    with pytest.raises(InputError, match="no clip below"):
        kinetics.read(kinetics_root)


def test_what_is_written_reads_the_same(kinetics_root: Path) -> None:
    found = kinetics.read(kinetics_root)
    for file in kinetics_root.glob("*.csv"):
        file.unlink()
    kinetics.write(kinetics_root, found)
    assert kinetics.read(kinetics_root) == found
