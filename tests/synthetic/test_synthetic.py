"""Generated clips: reproducible to the byte, in the real formats, by nobody in two splits."""

import csv
import hashlib
import json
import resource
from pathlib import Path

import cv2
import numpy as np
import pytest

from lcr import synthetic as fixtures
from lcr.data.formats import jester, kinetics, something
from lcr.data.reverses import reverse_classes
from lcr.synthetic.formats import CAST, SPLITS, Drawn, cast, without_random_track
from lcr.synthetic.scene import performer
from lcr.util import parallel
from lcr.util.errors import InputError

DOCS = Path(__file__).parents[2] / "docs" / "fixtures"
CLASSES = {
    "jester": ["Thumb Up", "Swiping Left", "No gesture"],
    "something": ["Opening something", "Moving something closer to something"],
    "kinetics": ["push up", "clapping"],
}


def write(dataset: str, out: Path, **options) -> Path:
    counts = {"train": 2, "validation": 1, "test": 1, "classes": CLASSES[dataset], "progress": False} | options
    fixtures.write(dataset, out, **counts)
    return out


def content(root: Path) -> dict[str, str]:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def roots(tmp_path_factory) -> dict[str, Path]:
    return {name: write(name, tmp_path_factory.mktemp(name) / "root") for name in CLASSES}


@pytest.mark.parametrize("dataset", CLASSES)
def test_a_seed_decides_every_byte(dataset, roots, tmp_path):
    assert content(write(dataset, tmp_path / "again")) == content(roots[dataset])
    other = content(write(dataset, tmp_path / "other", seed=1))
    media = {name: value for name, value in other.items() if name.endswith((".jpg", ".webm", ".mp4"))}
    assert not set(media.values()) & set(content(roots[dataset]).values())


@pytest.mark.parametrize("dataset", ["jester", "something"])
def test_the_number_of_processes_changes_no_byte(dataset, tmp_path, monkeypatch):
    many = {"train": 31, "classes": CLASSES[dataset][:1]}  # fewer are not worth a second process
    spread, plain = [], parallel._spread

    def recording(work, items, workers):
        spread.append(workers)
        return plain(work, items, workers)

    monkeypatch.setattr(parallel, "_spread", recording)
    one, two = (content(write(dataset, tmp_path / str(workers), workers=workers, **many)) for workers in (1, 2))
    assert one == two
    assert spread == [2]


def test_more_clips_or_classes_leave_a_clip_as_it_was(roots, tmp_path):
    more = write("jester", tmp_path / "more", train=3, classes=[*CLASSES["jester"], "Stop Sign"])
    before, after = (
        {value for name, value in content(root).items() if name.endswith(".jpg")} for root in (roots["jester"], more)
    )
    assert before < after


def test_jester_lies_on_the_disk_as_distributed(roots):
    root = roots["jester"]
    assert (root / "jester-v1-labels.csv").read_text().splitlines() == ["Swiping Left", "Thumb Up", "No gesture"]
    rows = [line.split(";") for line in (root / "jester-v1-train.csv").read_text().splitlines()]
    assert sorted(label for _, label in rows) == sorted(CLASSES["jester"] * 2)
    assert all(line.isdecimal() for line in (root / "jester-v1-test.csv").read_text().splitlines())
    for name, _ in rows:
        frames = sorted((root / "20bn-jester-v1" / name).iterdir())
        assert [frame.name for frame in frames] == [f"{n:05d}.jpg" for n in range(1, len(frames) + 1)]
        height, width, _ = cv2.imread(str(frames[0])).shape
        assert height == 100
        assert 100 <= width <= 176
        assert 28 <= len(frames) <= 38


def test_something_lies_on_the_disk_as_distributed(roots):
    root = roots["something"]
    known = json.loads((root / "something-something-v2-labels.json").read_text())
    assert known == {"Moving something closer to something": "0", "Opening something": "1"}
    for entry in json.loads((root / "something-something-v2-train.json").read_text()):
        assert entry["template"].replace("[", "").replace("]", "") in known
        assert entry["template"].count("[something]") == len(entry["placeholders"])
        assert all(name in entry["label"] for name in entry["placeholders"])
        assert (root / "20bn-something-something-v2" / f"{entry['id']}.webm").stat().st_size > 1000
    assert all(set(entry) == {"id"} for entry in json.loads((root / "something-something-v2-test.json").read_text()))


def test_kinetics_lies_on_the_disk_as_distributed(roots, tmp_path):
    root = roots["kinetics"]
    with (root / "train.csv").open() as opened:
        rows = list(csv.DictReader(opened))
    assert list(rows[0]) == ["label", "youtube_id", "time_start", "time_end", "split", "is_cc"]
    for row in rows:
        start, end = int(row["time_start"]), int(row["time_end"])
        assert (root / "train" / row["label"] / f"{row['youtube_id']}_{start:06d}_{end:06d}.mp4").is_file()
    assert "label" not in (root / "test.csv").read_text().splitlines()[0]
    ids = [path.stem[:-14] for path in root.rglob("*.mp4")]
    assert all(len(one) == 11 for one in ids)
    assert any(one.startswith("-") for one in ids)
    assert any("_" in one for one in ids)


@pytest.mark.parametrize(("dataset", "reader"), [("jester", jester), ("something", something), ("kinetics", kinetics)])
def test_the_readers_of_the_real_datasets_read_them(dataset, reader, roots):
    found = reader.read(roots[dataset])
    assert sorted(found.classes) == sorted(CLASSES[dataset])
    counts = {split: sum(row.split == split for row in found.rows) for split in SPLITS}
    assert counts == {"train": 2 * len(CLASSES[dataset]), "validation": len(found.classes), "test": len(found.classes)}
    assert all((roots[dataset] / row.path).exists() for row in found.rows)
    assert all(row.label is None for row in found.rows if row.split == "test")


@pytest.mark.parametrize("dataset", ["something", "kinetics"])
def test_a_video_decodes_to_what_was_drawn(dataset, roots):
    clips = sorted(path for path in roots[dataset].rglob("*") if path.suffix in (".webm", ".mp4"))
    reader, frames = cv2.VideoCapture(str(clips[0])), []
    while (got := reader.read())[0]:
        frames.append(got[1])
    assert len(frames) >= 28
    assert np.std(frames[0]) > 5
    assert max(np.abs(frame.astype(int) - frames[0]).mean() for frame in frames) > 0.5


def test_only_the_random_track_number_of_a_webm_is_rewritten():
    before = b"\x1a\x45head\x73\xc5\x8812345678mid\x63\xc5\x8812345678\x1f\x43\xb6\x75\x73\xc5\x88pictures"
    after = without_random_track(before)
    assert after == before.replace(b"12345678", bytes(7) + b"\x01")


def test_no_performer_is_in_two_splits():
    ranges = [set(range(first, first + many)) for first, many in CAST.values()]
    assert sum(map(len, ranges)) == len(set.union(*ranges))
    looks = {}
    for split in SPLITS:
        drawn = [cast(split, Drawn("", "Stop Sign", split, n, 0).source(), 0) for n in range(40)]
        looks[split] = {tuple(person.look.skin) for person in drawn}
        assert len(looks[split]) > 20
    assert not looks["train"] & looks["validation"]
    assert not (looks["train"] | looks["validation"]) & looks["test"]


def test_hands_stand_out_from_the_room():
    luma = np.array([0.299, 0.587, 0.114])
    for number in range(100):
        person = performer(number, 0)
        assert np.abs(person.wall @ luma - person.look.skin @ luma).min() > 40


def test_every_reversed_pair_of_jester_is_drawn():
    drawn = fixtures.labels("jester")
    assert len(drawn) == 27
    assert len(reverse_classes(drawn)) == 20


def test_the_other_datasets_are_wide_enough():
    assert len(fixtures.labels("something")) >= 12
    assert len(reverse_classes(fixtures.labels("something"))) >= 12
    assert len(fixtures.labels("kinetics")) >= 8


def test_a_clip_is_rendered_without_a_disk():
    clip = fixtures.render("kinetics", "squat", seed=3)
    assert clip.dtype == np.uint8
    assert clip.shape[1:] == (128, clip.shape[2], 3)
    assert np.array_equal(clip, fixtures.render("kinetics", "squat", seed=3))
    assert not np.array_equal(clip[0], fixtures.render("kinetics", "squat", seed=4)[0][: len(clip[0]), : clip.shape[2]])


def test_a_sheet_has_a_row_for_each_class(tmp_path, monkeypatch):
    monkeypatch.setattr("lcr.synthetic.contact.labels", lambda dataset: CLASSES[dataset])
    fixtures.sheet("jester", tmp_path / "sheet.png")
    rows = np.array_split(cv2.imread(str(tmp_path / "sheet.png")), len(CLASSES["jester"]))
    assert all(row.shape[0] == 104 for row in rows)
    assert all(row[:, :150].min() < 100 for row in rows)  # the label
    assert all(row[:, 150:].std() > 10 for row in rows)


@pytest.mark.parametrize("dataset", CLASSES)
def test_the_committed_sheets_are_there(dataset):
    assert 10_000 < (DOCS / f"{dataset}.png").stat().st_size < 1_500_000


def test_unknown_names_are_refused_with_the_nearest_known(tmp_path):
    with pytest.raises(InputError, match="did you mean 'Thumb Up'"):
        write("jester", tmp_path / "out", classes=["Thumbs Up"])
    with pytest.raises(InputError, match="did you mean 'jester'"):
        fixtures.write("jestr", tmp_path / "out", train=1, validation=1)
    with pytest.raises(InputError, match="0 or more"):
        write("jester", tmp_path / "out", train=-1)
    assert not list(tmp_path.iterdir())


def test_a_writer_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(cv2, "imencode", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write("jester", tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dataset", CLASSES)
@pytest.mark.parametrize("limit", [0, 300, 1000, 1500])
def test_a_disk_that_takes_no_more_is_told_in_one_line(dataset, limit, tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))  # writing beyond it fails, as on a full disk
    try:
        with pytest.raises(InputError, match="cannot write"):
            write(dataset, tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())
