"""A study's data: made when missing or stale, by one process, never half; and what a check of them tells."""

import multiprocessing
import re
import shutil
from pathlib import Path

import pytest

from lcr.config.run import Data
from lcr.data import prepare as preparing
from lcr.data.check import Report, check_manifest, check_pack
from lcr.data.clips import Clips
from lcr.data.manifest import build_manifest, read_manifest
from lcr.data.prepare import KEY, Steps, prepare
from lcr.util.errors import InputError
from tests.data.conftest import data_of


def synthetic(train: int = 2) -> Data:
    fixture = {"train": train, "validation": 1, "classes": ("Swiping Left", "Swiping Right")}
    return data_of(None, "jester-fixture", pack=True, fixture=fixture)


def clips_of(data: Data) -> Clips:
    return Clips(data.folder, "train", data.config.data, data.frame_size)


def times(folder: Path) -> dict[str, int]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {file.relative_to(folder).as_posix(): file.stat().st_mtime_ns for file in files}


def test_synthetic_data_are_drawn_indexed_and_packed_then_left_alone_and_may_be_moved(tmp_path, monkeypatch) -> None:
    folder = prepare(synthetic(), progress=False)
    assert folder == Path(".lcr/data/test/jester-fixture")
    before = times(folder)
    assert {"manifest.parquet", "packed/frames.bin", "packed/edges.bin", "packed/index.parquet"} <= set(before)
    assert (prepare(synthetic(), progress=False), times(folder), len(clips_of(synthetic()))) == (folder, before, 4)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".lcr").rename(tmp_path / "elsewhere/.lcr")
    monkeypatch.chdir(tmp_path / "elsewhere")
    data = synthetic().config.data.model_copy(update={"pack": False})
    clips = Clips(folder, "train", data, 48)
    assert clips.train_batch(clips.labels[:1] * 0, 0, 0).frames.any()


def test_another_configuration_makes_the_data_again() -> None:
    folder = prepare(synthetic(), progress=False)
    assert read_manifest(folder / "manifest.parquet").table.num_rows == 6
    prepare(synthetic(train=3), progress=False)
    assert (read_manifest(folder / "manifest.parquet").table.num_rows, len(clips_of(synthetic()))) == (8, 6)


def test_half_done_and_damaged_parts_are_made_again(jester_root: Path) -> None:
    data = data_of(jester_root, pack=True)
    (data.folder / ".packed.123.tmp").mkdir(parents=True)
    (data.folder / ".packed.123.tmp/frames.bin").write_bytes(b"half")
    (data.folder / ".manifest.123.tmp.parquet").write_bytes(b"half")
    folder = prepare(data, progress=False)
    assert {path.name for path in folder.iterdir()} == {"manifest.parquet", "packed"}
    (folder / "manifest.parquet").write_bytes(b"")
    (folder / "packed/index.parquet").unlink()
    prepare(data, progress=False)
    (folder / "packed/frames.bin").unlink()
    prepare(data, progress=False)
    assert len(clips_of(data)) == 9


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: (raw / "jester-v1-train.csv").unlink(),
        lambda raw: [shutil.rmtree(clip) for clip in (raw / "20bn-jester-v1").iterdir()],
        lambda raw: (raw / KEY).write_text(""),
        lambda raw: (raw / KEY).write_text((raw / KEY).read_text().splitlines()[0]),
        shutil.rmtree,
    ],
    ids=["annotations", "media", "empty stamp", "stamp without names", "all"],
)
def test_synthetic_clips_that_lost_files_are_drawn_again(damage) -> None:
    folder = prepare(synthetic(), progress=False)
    before, steps = set(times(folder / "raw")), Steps(synthetic())
    damage(folder / "raw")
    assert steps.stale() == steps.fixture
    prepare(synthetic(), progress=False)
    assert steps.stale() is None
    assert set(times(folder / "raw")) == before


def test_clips_indexed_again_are_packed_again(jester_root: Path) -> None:
    data = data_of(jester_root, pack=True, max_unusable_share=0.1)
    prepare(data, progress=False)
    (jester_root / "20bn-jester-v1/1/00002.jpg").unlink()
    Steps(data, progress=False).index()
    prepare(data, progress=False)
    assert len(clips_of(data)) == 8


def test_too_many_unusable_clips_leave_no_manifest(jester_root: Path) -> None:
    (jester_root / "20bn-jester-v1/1/00002.jpg").unlink()
    with pytest.raises(InputError, match=r"1 of 15 .*1 \(truncated\)"):
        prepare(data_of(jester_root), progress=False)
    assert not list(Path(".lcr/data/test/jester").glob("*"))


def test_steps_that_cannot_be_done_are_refused(jester_root: Path) -> None:
    steps = {
        "--data-root jester=DIR": lambda: prepare(data_of(None), progress=False),
        "'fixture' for jester": Steps(data_of(jester_root)).fixture,
        "lcr data fixture": Steps(synthetic()).index,
        "lcr data index": Steps(synthetic()).pack,
    }
    for named, step in steps.items():
        with pytest.raises(InputError, match=named):
            step()


def check(root: Path, path: Path) -> Report:
    build_manifest("jester", root, progress=False).write(path)
    return check_manifest(read_manifest(path), path, progress=False)


def test_clips_that_changed_are_named_and_others_have_no_fault(jester_root: Path, tmp_path: Path) -> None:
    path = tmp_path / "manifest.parquet"
    report = check(jester_root, path)
    assert (report.faults, report.warnings, len(report.facts)) == ([], [], 3)
    assert re.findall("[0-9]+", report.facts[0]) == ["9", "3", "3", "7", "20", "14"]  # clips, classes, frames
    shutil.copy(jester_root / "20bn-jester-v1/1/00001.jpg", jester_root / "20bn-jester-v1/1/00002.jpg")
    (jester_root / "20bn-jester-v1/2/00003.jpg").unlink()
    (fault,) = check_manifest(read_manifest(path), path, progress=False).faults
    assert re.search(r": 1, 2 \(truncated: .*00003\.jpg", fault)


def test_gaps_and_a_clip_in_two_splits_are_told(jester_root: Path, tmp_path: Path) -> None:
    shutil.rmtree(jester_root / "20bn-jester-v1/12")
    shutil.copytree(jester_root / "20bn-jester-v1/3", jester_root / "20bn-jester-v1/12")
    shutil.rmtree(jester_root / "20bn-jester-v1/15")  # the only test clip
    (jester_root / "jester-v1-labels.csv").write_text("Swiping Left\nSwiping Right\nThumb Up\nStop Sign\n")
    report = check(jester_root, tmp_path / "manifest.parquet")
    assert [fault.split(": ")[1] for fault in report.faults] == ["3 (train) = 12 (validation)"]
    assert [sum(named in text for text in report.warnings) for named in ("15 (missing)", "Stop Sign")] == [1, 2]


def test_a_packed_clip_that_differs_is_named(jester_root: Path) -> None:
    data = data_of(jester_root, pack=True)
    path = prepare(data, progress=False) / "manifest.parquet"
    report = check_manifest(read_manifest(path), path, progress=False)
    check_pack(Steps(data), read_manifest(path), report)
    assert (report.faults, len(report.facts)) == ([], 4)
    frames = data.folder / "packed/frames.bin"
    for damage in (lambda: frames.write_bytes(b"\x01\x02\x03" + frames.read_bytes()[3:]), frames.unlink):
        damage()
        check_pack(Steps(data), read_manifest(path), report)
    assert [named in fault for named, fault in zip(("clip 1)", "packed"), report.faults, strict=True)] == [True, True]


def _prepare(root: Path, log: Path) -> None:
    build = preparing.build_manifest
    preparing.build_manifest = lambda *given, **options: log.open("a").write("built\n") and build(*given, **options)
    prepare(data_of(root), progress=False)


def test_two_processes_prepare_once(jester_root: Path, tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    with context.Pool(2) as pool:
        pool.starmap_async(_prepare, [(jester_root, tmp_path / "log")] * 2, chunksize=1).get(60)
    assert (tmp_path / "log").read_text() == "built\n"
