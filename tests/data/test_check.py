"""What a check finds."""

import shutil
from pathlib import Path

from lcr.config.run import Data
from lcr.data.check import check_manifest, check_pack
from lcr.data.manifest import build_manifest, read_manifest
from lcr.data.prepare import Steps, prepare
from tests.data.conftest import study_of


def check(root: Path, path: Path):
    build_manifest("jester", root, progress=False).write(path)
    return check_manifest(read_manifest(path), path, progress=False)


def test_data_as_indexed_have_no_fault(jester_root: Path, tmp_path: Path) -> None:
    report = check(jester_root, tmp_path / "manifest.parquet")
    assert report.faults == []
    assert report.facts[0] == "train: 9 clips, 3 of 3 classes, 7 to 20 frames (median 14)"


def test_a_clip_that_changed_is_named(jester_root: Path, tmp_path: Path) -> None:
    path = tmp_path / "manifest.parquet"
    check(jester_root, path)
    shutil.copy(jester_root / "20bn-jester-v1/1/00001.jpg", jester_root / "20bn-jester-v1/1/00002.jpg")
    (jester_root / "20bn-jester-v1/2/00003.jpg").unlink()
    (fault,) = check_manifest(read_manifest(path), path, progress=False).faults
    assert fault.startswith("2 clips changed since they were indexed: 1, 2 (truncated: frame 00003.jpg is missing)")


def test_the_same_clip_in_two_splits_is_a_fault(jester_root: Path, tmp_path: Path) -> None:
    shutil.rmtree(jester_root / "20bn-jester-v1/12")
    shutil.copytree(jester_root / "20bn-jester-v1/3", jester_root / "20bn-jester-v1/12")
    (fault,) = check(jester_root, tmp_path / "manifest.parquet").faults
    assert fault == "1 clips stand in two splits: 3 (train) = 12 (validation)"


def test_classes_without_clips_are_warned_of(jester_root: Path, tmp_path: Path) -> None:
    with (jester_root / "jester-v1-labels.csv").open("a") as opened:
        opened.write("Stop Sign\n")
    assert "train: no clip of Stop Sign" in check(jester_root, tmp_path / "manifest.parquet").warnings


def test_a_packed_clip_that_differs_is_named(jester_root: Path) -> None:
    study = study_of(jester_root, pack=True)
    folder = prepare(Data.of(study, "jester"), progress=False)
    steps, manifest = Steps(Data.of(study, "jester")), read_manifest(folder / "manifest.parquet")
    report = check_manifest(manifest, folder / "manifest.parquet", progress=False)
    check_pack(steps, manifest, report)
    assert report.faults == []
    assert report.facts[-1] == "packed: 15 clips decoded again, all equal"
    with (folder / "packed/frames.bin").open("rb+") as opened:
        opened.write(b"\x01\x02\x03")
    check_pack(steps, manifest, report)
    assert report.faults == ["packed clips differ from their files: 1; pack again"]
