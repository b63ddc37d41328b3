"""The annotation files of the three formats: rows and classes, and malformed files refused by file and line."""

import json
import re
from pathlib import Path

import pytest

from lcr.data.formats import jester, kinetics, something
from lcr.data.formats.annotations import Annotation
from lcr.util.errors import InputError
from tests.data.conftest import KINETICS

READERS = {"jester": jester, "something": something, "kinetics": kinetics}
JESTER, SOMETHING = "jester-v1-", "something-something-v2-"


def test_jester_has_ids_labels_and_folders(media: Path) -> None:
    found = jester.read(media / "jester")
    assert found.classes == ("Swiping Left", "Swiping Right", "Thumb Up")
    assert found.rows[0] == Annotation("1", "Swiping Left", "train", "20bn-jester-v1/1")
    assert found.rows[-1] == Annotation("15", None, "test", "20bn-jester-v1/15")


@pytest.mark.parametrize("prefix", [SOMETHING, ""])
def test_something_has_labels_of_templates_and_classes_by_number(copies: Path, prefix: str) -> None:
    for file in (copies / "something").glob("*.json"):
        file.rename(file.with_name(prefix + file.name.removeprefix(SOMETHING)))
    found = something.read(copies / "something")
    assert found.classes == ("Holding something", "Pushing something from left to right", "Moving something up")
    assert [row.split for row in found.rows] == ["train"] * 6 + ["validation"] * 3 + ["test"]
    label, path = "Pushing something from left to right", "20bn-something-something-v2/2.webm"
    assert (found.rows[1].label, found.rows[1].path, found.rows[-1].label) == (label, path, None)


def test_kinetics_finds_clips_in_label_folders_and_flat_ones(copies: Path) -> None:
    (copies / "kinetics/__xyz_00000_000012_000022.mp4").unlink()  # its row stays
    found = kinetics.read(copies / "kinetics")
    assert found.classes == ("abseiling", "archery"), "the official order of the labels in use"
    rows = {(row.label or "", row.split, row.path) for row in found.rows}
    assert rows == {
        (label, split.replace("val", "validation"), f"{folder}/{name}_{start:06d}_{start + 10:06d}.mp4".lstrip("/"))
        for label, name, start, split, folder in KINETICS
    }


@pytest.mark.parametrize("dataset", READERS)
def test_annotations_that_are_written_read_the_same(copies: Path, dataset: str) -> None:
    root, reader = copies / dataset, READERS[dataset]
    found = reader.read(root)
    for file in [*root.glob("*.csv"), *root.glob("*.json")]:
        file.unlink()
    reader.write(root, found)
    assert reader.read(root) == found


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("jester/jester-v1-test.csv", ""),
        ("jester/jester-v1-test.csv", None),
        ("jester/jester-v1-train.csv", "1;Swiping Left\r\n"),
        ("something/something-something-v2-test.json", None),
        ("kinetics/test.csv", "youtube_id,time_start,time_end,split\ntesttest_-_,100,110,test\n"),
        ("kinetics/notes.csv", "of another kind"),
    ],
)
def test_harmless_variants_of_the_files_are_read(copies: Path, file: str, text: str | None) -> None:
    place = copies / file
    place.unlink(missing_ok=True) if text is None else place.write_text(text, newline="")
    rows = READERS[file.split("/")[0]].read(copies / file.split("/")[0]).rows
    assert {row.label is None for row in rows if row.split == "test"} <= {True}
    assert next(row.label for row in rows if row.split == "train") in ("Swiping Left", "Moving something up", "archery")


def entries(*found: dict) -> str:
    return json.dumps(found)


HELD, HEADER = {"id": "1", "template": "Holding [something]"}, "label,youtube_id,time_start,time_end,split,is_cc"
KIN = f"{HEADER}\narchery,a,1,11,train,0\n"
MALFORMED = [  # file, its text, and what the message names
    (JESTER + "train.csv", "1,Swiping Left\n", "line 1"),
    (JESTER + "train.csv", "\ufeff1;Swiping Left\n", "BOM"),
    (JESTER + "train.csv", "1;Swiping Left\n\n2;Thumb Up\n", "line 2"),
    (JESTER + "train.csv", "1;Swiping Left\n2;Thumb Up\n1;Swiping Left\n", "line 3: clip 1 .*line 1"),
    (JESTER + "train.csv", "1;Swiping Left\n../../etc;Thumb Up\n", "line 2: .*'../../etc'"),
    (JESTER + "train.csv", "a\\b;Thumb Up\n", "line 1"),
    (JESTER + "train.csv", ";Thumb Up\n", "line 1"),
    (JESTER + "train.csv", "1;Swiping Lift\n", "line 1: .*'Swiping Lift'.*'Swiping Left'"),
    (JESTER + "train.csv", "1;\n", "line 1: clip 1 "),
    (JESTER + "train.csv", "", ""),
    (JESTER + "train.csv", b"1;Thumb Up\n2;Thumb \xff\n", "line 2: .*UTF-8"),
    (JESTER + "validation.csv", "1;Swiping Left\n", r"line 1: clip 1 .*train\.csv, line 1"),
    (JESTER + "test.csv", "15,Thumb Up\n", "line 1: '15,Thumb Up'"),
    (JESTER + "labels.csv", "Thumb Up\nThumb Up\n", "line 2"),
    (JESTER + "labels.csv", "1;Thumb Up\n", "line 1"),
    (JESTER + "labels.csv", None, jester.LAYOUT),
    (
        SOMETHING + "train.json",
        entries(HELD | {"template": "Mowing [something] up"}),
        "entry 1: .*'Moving something up'",
    ),
    (SOMETHING + "train.json", entries(HELD | {"id": "../1"}), "entry 1: .*'../1'"),
    (SOMETHING + "train.json", entries(HELD | {"id": True}), "entry 1: .*'id'"),
    (SOMETHING + "train.json", entries(HELD | {"id": "1" * 5000}), "entry 1: "),
    (SOMETHING + "train.json", f'[{{"id": {"1" * 5000}}}]', ""),
    (SOMETHING + "labels.json", f'{{"A": "{"1" * 5000}"}}', "'A'"),
    (SOMETHING + "train.json", entries(HELD, HELD), "entry 2: clip 1 .*entry 1"),
    (SOMETHING + "train.json", entries({"template": "Holding [something]"}), "entry 1: .*'id'"),
    (SOMETHING + "train.json", entries({"id": "1", "label": "Holding a cup"}), "entry 1: clip 1 "),
    (SOMETHING + "train.json", entries({"id": "1", "template": 3}), "entry 1: 'template'"),
    (SOMETHING + "train.json", json.dumps(HELD), ""),
    (SOMETHING + "train.json", "[]", ""),
    (SOMETHING + "validation.json", '[{"id": "1",\n}]', "line 2: .*JSON"),
    (SOMETHING + "validation.json", '[{"id": "1", "id": "2"}]', "'id'"),
    (SOMETHING + "validation.json", "[" * 100_000, ""),
    (SOMETHING + "labels.json", '{"A": "0", "B": "0"}', "'B' .*'0'"),
    (SOMETHING + "labels.json", '{"A": "x"}', "'A' .*'x'"),
    (SOMETHING + "labels.json", '["A"]', ""),
    ("train.json", "[]", ""),
    ("train.csv", KIN.replace(",", ";"), "line 1: .*','"),
    ("train.csv", f"{HEADER}\narchery;a;1;11;train;0\n", "line 2: .*','"),
    ("train.csv", KIN + "\n", "line 3"),
    ("train.csv", KIN + "archery,a,1,11,train,0\n", "line 3: clip a_000001_000011 "),
    ("train.csv", KIN.replace(",a,", ",../a,"), "line 2: "),
    ("train.csv", KIN.replace("archery", "archrey"), "line 2: .*'archrey'.*'archery'"),
    ("train.csv", KIN.replace("1,11", "one,11"), "line 2: one "),
    ("train.csv", KIN.replace(",a,", ",,"), "line 2: .*youtube_id"),
    ("train.csv", KIN.replace("1,11", "11,1"), "line 2: .*11"),
    ("train.csv", KIN.replace("1,11", "11,11"), "line 2: .*11"),
    ("train.csv", KIN.replace("1,11", f"1,{'1' * 5000}"), "line 2: 1 to 1"),
    ("train.csv", KIN.replace(",a,", f",{'a' * 5000},"), "line 2: "),
    ("train.csv", KIN.replace("train", "trian"), "line 2: .*'trian'.*'train'"),
    ("train.csv", f"{HEADER}\n", ""),
    ("train.csv", f'{HEADER}\n"' + "a" * 140_000, "line 2: field"),
    ("train.csv", KIN.replace("label", "lable"), "line 1: .*label.*'lable'.*'label'"),
    ("train.csv", KIN.replace("split", "fold"), "line 1: .*split .*label,youtube_id,time_start,time_end,fold,is_cc"),
    ("val.csv", None, "validate.csv.*" + kinetics.LAYOUT[:24]),
    ("kinetics_train.csv", KIN, "train.csv"),
]


@pytest.mark.parametrize(("file", "text", "named"), MALFORMED)
def test_a_malformed_file_is_refused_by_file_and_line(copies: Path, file: str, text, named: str) -> None:
    dataset = "jester" if "jester" in file else "something" if file.endswith(".json") else "kinetics"
    place = copies / dataset / file
    place.unlink() if text is None else place.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError, match=("" if text is None else rf"{place}.*") + named):
        READERS[dataset].read(copies / dataset)


def test_kinetics_passes_links_that_lead_back_and_finds_each_clip_by_its_first_path(copies: Path) -> None:
    root = copies / "kinetics"
    before = {row.id: row.path for row in kinetics.read(root).rows}
    for name, target in (("zz_k400", "."), ("zz_above", ".."), ("zz_loop", "zz_loop")):
        (root / name).symlink_to(target)
    assert {row.id: row.path for row in kinetics.read(root).rows} == before


@pytest.mark.parametrize("dataset", READERS)
def test_a_root_without_clips_is_refused_with_its_layout(copies: Path, tmp_path: Path, dataset: str) -> None:
    root, reader = copies / dataset, READERS[dataset]
    for place in (root, tmp_path / "nowhere"):
        for folder in [*place.glob("20bn*"), *place.rglob("*.mp4")]:
            folder.rename(tmp_path / folder.name)
        with pytest.raises(InputError, match=f"{place}.*{re.escape(reader.LAYOUT)}"):
            reader.read(place)
