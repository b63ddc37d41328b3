"""Synthetic clips: reproducible to the byte, in the real formats, no performer in two splits."""

import hashlib
import json
import resource
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from lcr.data.decode import probe
from lcr.data.formats import jester, kinetics, something
from lcr.data.labels import reverse_classes
from lcr.synthetic import dataset as synthetic
from lcr.synthetic.plan import CAST, SPLITS, Clip
from lcr.synthetic.scene import LUMA, performer
from lcr.synthetic.video import without_random_track, write_video
from lcr.util import parallel
from lcr.util.errors import InputError

DOCS = Path(__file__).parents[2] / "docs" / "fixtures"
SHAPES = {"jester": (100, 28, 38), "something": (96, 28, 38), "kinetics": (128, 44, 64)}  # rows, frames from, to
READERS = {"jester": jester, "something": something, "kinetics": kinetics}
CLASSES = {
    "jester": ["Thumb Up", "Swiping Left", "No gesture"],
    "something": ["Opening something", "Moving something closer to something"],
    "kinetics": ["push up", "clapping"],
}


def write(dataset: str, out: Path, **options) -> Path:
    counts = {"train": 2, "validation": 1, "test": 1, "classes": CLASSES[dataset], "workers": 1, "progress": False}
    synthetic.write(dataset, out, **counts | options)
    return out


def content(root: Path) -> dict[str, str]:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def roots(tmp_path_factory) -> dict[str, Path]:
    return {name: write(name, tmp_path_factory.mktemp(name) / "root") for name in CLASSES}


@pytest.mark.parametrize("dataset", CLASSES)
def test_a_seed_decides_every_byte(dataset, roots, tmp_path):
    first = content(roots[dataset])
    assert content(write(dataset, tmp_path / "again")) == first
    other = content(write(dataset, tmp_path / "other", seed=1))
    assert not {other[name] for name in other if name.endswith((".jpg", ".webm", ".mp4"))} & set(first.values())


@pytest.mark.slow
def test_the_number_of_processes_changes_no_byte(tmp_path, monkeypatch):
    many = {"train": 31, "classes": ["Thumb Up"]}  # fewer are not worth a second process
    spread, plain = [], parallel._spread
    monkeypatch.setattr(parallel, "_spread", lambda *work: spread.append(work[2]) or plain(*work))
    one, two = (content(write("jester", tmp_path / str(workers), workers=workers, **many)) for workers in (1, 2))
    assert (one, spread) == (two, [2])


def test_more_clips_or_classes_leave_a_clip_as_it_was(roots, tmp_path):
    more = content(write("jester", tmp_path / "more", train=3, classes=[*CLASSES["jester"], "Stop Sign"]))
    assert {value for name, value in content(roots["jester"]).items() if name.endswith(".jpg")} < set(more.values())


@pytest.mark.parametrize("dataset", READERS)
def test_the_readers_of_the_real_datasets_read_them(dataset, roots):
    found = READERS[dataset].read(roots[dataset])
    assert sorted(found.classes) == sorted(CLASSES[dataset])
    one = len(CLASSES[dataset])
    assert Counter(row.split for row in found.rows) == {"train": 2 * one, "validation": one, "test": one}
    height, *frames = SHAPES[dataset]
    for clip in (probe(roots[dataset] / row.path) for row in found.rows):
        assert (clip.status, clip.height, clip.width % 2) == ("ok", height, 0)
        assert frames[0] <= clip.frames <= frames[1]
    assert all((row.label is None) == (row.split == "test") for row in found.rows)


def test_something_has_the_templates_and_placeholders_of_the_real_one(roots):
    for entry in json.loads((roots["something"] / "something-something-v2-train.json").read_text()):
        assert entry["template"].count("[something]") == len(entry["placeholders"]) > 0
        assert all(name in entry["label"] for name in entry["placeholders"])
    tests = json.loads((roots["something"] / "something-something-v2-test.json").read_text())
    assert all(set(entry) == {"id"} for entry in tests)


def test_kinetics_has_the_columns_and_names_of_the_real_one(roots):
    root, columns = roots["kinetics"], ["label", "youtube_id", "time_start", "time_end", "split", "is_cc"]
    heads = [(root / f"{split}.csv").read_text().splitlines()[0].split(",") for split in ("train", "test")]
    ids = [path.stem[:-14] for path in root.rglob("*.mp4")]
    assert (heads, {len(one) for one in ids}) == ([columns, columns[1:]], {11})
    assert {any(one.startswith("-") for one in ids), any("_" in one for one in ids)} == {True}


@pytest.mark.slow
@pytest.mark.parametrize("dataset", CLASSES)
def test_every_label_is_drawn_and_moves(dataset):
    for label in synthetic.labels(dataset):
        frames = synthetic.format_module(dataset).draw(Clip("", label, "train", 0, 0))
        assert (frames.dtype, frames.shape[3]) == (np.uint8, 3)
        assert frames.std(0).mean() > 0.5


def test_enough_labels_are_drawn_and_shown_in_the_committed_sheets():
    assert {file.name for file in DOCS.iterdir()} == {f"{dataset}.jpg" for dataset in CLASSES}
    labels = {dataset: synthetic.labels(dataset) for dataset in CLASSES}
    assert {dataset: len(found) for dataset, found in labels.items()} == {"jester": 27, "something": 23, "kinetics": 18}
    assert [len(reverse_classes(found)) for found in labels.values()] == [20, 16, 6]


def test_only_the_random_track_number_of_a_webm_is_rewritten():
    before = b"\x1a\x45head\x73\xc5\x8812345678mid\x63\xc5\x8812345678\x1f\x43\xb6\x75\x73\xc5\x88pictures"
    assert without_random_track(before) == before.replace(b"12345678", bytes(7) + b"\x01")


def test_no_performer_is_in_two_splits_and_hands_stand_out_from_the_room():
    ranges = [set(range(first, first + many)) for first, many in CAST.values()]
    assert sum(map(len, ranges)) == len(set.union(*ranges))
    people = [[Clip("", "Stop Sign", split, n, 0).start()[1] for n in range(40)] for split in SPLITS]
    looks = [{tuple(person.skin) for person in split} for split in people]
    assert min(map(len, looks)) > 20
    assert sum(map(len, looks)) == len(set.union(*looks))
    for person in (performer(number, 0) for number in range(100)):
        assert np.abs(person.wall @ LUMA - person.skin @ LUMA).min() > 40


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"classes": ["Thumbs Up"]}, "'Thumb Up'"),
        ({"classes": []}, "0 classes"),
        ({"train": -1}, "-1"),
        ({"train": 0, "validation": 0, "test": 0}, "0"),
    ],
)
def test_wrong_classes_and_counts_are_refused(options, named, tmp_path):
    with pytest.raises(InputError, match=named):
        write("jester", tmp_path / "out", **options)
    with pytest.raises(InputError, match="'jester'"):
        synthetic.write("jestr", tmp_path / "out", train=1, validation=1)
    assert not list(tmp_path.iterdir())


def test_a_writer_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(cv2, "imencode", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write("jester", tmp_path / "out")
    with pytest.raises(InputError, match="xxxx"):
        write_video(tmp_path / "clip.mp4", np.zeros((2, 16, 16, 3), np.uint8), "xxxx", 12)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dataset", CLASSES)
@pytest.mark.parametrize("limit", [0, 300, 1000, 1500])
def test_a_disk_that_takes_no_more_is_told_in_one_line(dataset, limit, tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))  # writing beyond it fails, as on a full disk
    try:
        with pytest.raises(InputError, match=f"{tmp_path}"):
            write(dataset, tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())
