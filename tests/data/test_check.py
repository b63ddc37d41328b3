"""A check of prepared data: clips that changed, gaps, clips in two splits, packed clips that differ."""

import re
import shutil
from pathlib import Path

from lcr.data.check import check_manifest, check_pack
from lcr.data.manifest import build_manifest, read_manifest
from lcr.data.prepare import Steps, prepare
from tests.data.conftest import data_of


def check(root: Path, path: Path):
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
    assert ": 1, 2 (truncated: " in fault
    assert "00003.jpg" in fault


def test_gaps_and_a_clip_in_two_splits_are_told(jester_root: Path, tmp_path: Path) -> None:
    shutil.rmtree(jester_root / "20bn-jester-v1/12")
    shutil.copytree(jester_root / "20bn-jester-v1/3", jester_root / "20bn-jester-v1/12")
    shutil.rmtree(jester_root / "20bn-jester-v1/15")  # the only test clip
    with (jester_root / "jester-v1-labels.csv").open("a") as opened:
        opened.write("Stop Sign\n")
    report = check(jester_root, tmp_path / "manifest.parquet")
    assert [fault.split(": ")[1] for fault in report.faults] == ["3 (train) = 12 (validation)"]
    assert [text for text in report.warnings if "15 (missing)" in text]
    assert len([text for text in report.warnings if "Stop Sign" in text]) == 2


def test_a_packed_clip_that_differs_is_named(jester_root: Path) -> None:
    data = data_of(jester_root, pack=True)
    path = prepare(data, progress=False) / "manifest.parquet"
    report = check_manifest(read_manifest(path), path, progress=False)
    check_pack(Steps(data), read_manifest(path), report)
    assert (report.faults, len(report.facts)) == ([], 4)
    with (data.folder / "packed/frames.bin").open("rb+") as opened:
        opened.write(b"\x01\x02\x03")
    check_pack(Steps(data), read_manifest(path), report)
    (data.folder / "packed/frames.bin").unlink()
    check_pack(Steps(data), read_manifest(path), report)
    assert [named in fault for named, fault in zip((": 1;", "packed"), report.faults, strict=True)] == [True, True]
