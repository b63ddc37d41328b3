"""A study's data: made when missing or stale, by one process, and never half."""

import multiprocessing
import shutil
from pathlib import Path

import pytest

from lcr.config.run import Data
from lcr.data import prepare as preparing
from lcr.data.clips import Clips
from lcr.data.manifest import read_manifest
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
    assert prepare(synthetic(), progress=False) == folder
    assert times(folder) == before
    assert len(clips_of(synthetic())) == 4
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".lcr").rename(tmp_path / "elsewhere/.lcr")
    monkeypatch.chdir(tmp_path / "elsewhere")
    data = synthetic().config.data.model_copy(update={"pack": False})
    clips = Clips(folder, "train", data, 48)
    assert clips.train_batch(clips.labels[:1] * 0, 0, 0).frames.any()


def test_another_configuration_makes_the_data_again() -> None:
    folder = prepare(synthetic(), progress=False)
    before = read_manifest(folder / "manifest.parquet")
    prepare(synthetic(train=3), progress=False)
    after = read_manifest(folder / "manifest.parquet")
    assert (before.table.num_rows, after.table.num_rows, len(clips_of(synthetic()))) == (6, 8, 6)


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


def _prepare(root: Path, log: Path) -> None:
    build = preparing.build_manifest
    preparing.build_manifest = lambda *given, **options: log.open("a").write("built\n") and build(*given, **options)
    prepare(data_of(root), progress=False)


def test_two_processes_prepare_once(jester_root: Path, tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    both = [context.Process(target=_prepare, args=(jester_root, tmp_path / "log")) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    assert (tmp_path / "log").read_text() == "built\n"
