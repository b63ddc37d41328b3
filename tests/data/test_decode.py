"""What is found wrong with a clip, and which frames are decoded."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from lcr.data.decode import probe, read_frames
from lcr.data.transforms import fit
from lcr.util.errors import InputError
from tests.data.conftest import picture, write_jpegs, write_video


def whole(frame: np.ndarray) -> np.ndarray:
    return frame


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_jpegs(tmp_path / "clip", 0, 6)
    return tmp_path / "clip"


@pytest.fixture(params=["clip.webm", "clip.mp4"])
def video(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    write_video(tmp_path / request.param, 0, 30)
    return tmp_path / request.param


def test_a_whole_folder_is_ok_with_its_frames_and_size(folder: Path) -> None:
    found = probe(folder)
    assert (found.status, found.frames, found.width, found.height, len(found.hash)) == ("ok", 6, 40, 30, 64)


def test_a_whole_video_is_ok_with_its_frames_and_size(video: Path) -> None:
    found = probe(video)
    assert (found.status, found.frames, found.width, found.height, len(found.hash)) == ("ok", 30, 64, 36, 64)


def test_the_hash_follows_the_content(folder: Path) -> None:
    before = probe(folder).hash
    assert probe(folder).hash == before
    cv2.imwrite(str(folder / "00003.jpg"), picture(5, 5, 30, 40))
    assert probe(folder).hash != before


@pytest.mark.parametrize(
    ("status", "why", "damage"),
    [
        ("missing", "no such folder", lambda clip: clip.rename(clip.with_name("gone"))),
        ("empty", "no frame", lambda clip: [file.unlink() for file in clip.iterdir()]),
        ("empty", "00003.jpg has no bytes", lambda clip: (clip / "00003.jpg").write_bytes(b"")),
        ("unreadable", "00003.jpg is no JPEG", lambda clip: (clip / "00003.jpg").write_bytes(b"not an image" * 20)),
        ("truncated", "00003.jpg is missing", lambda clip: (clip / "00003.jpg").unlink()),
        (
            "truncated",
            "00003.jpg ends early",
            lambda clip: (clip / "00003.jpg").write_bytes((clip / "00003.jpg").read_bytes()[:-200]),
        ),
        ("truncated", "frame 00001.jpg is missing", lambda clip: (clip / "00001.jpg").rename(clip / "00000.jpg")),
        (
            "unreadable",
            "another size",
            lambda clip: cv2.imwrite(str(clip / "00003.jpg"), np.zeros((30, 42, 3), np.uint8)),
        ),
    ],
)
def test_damage_to_a_folder_is_found_and_named(folder: Path, status: str, why: str, damage) -> None:
    damage(folder)
    found = probe(folder)
    assert found.status == status
    assert why in found.why
    assert found.frames == 0


@pytest.mark.parametrize(
    ("status", "damage"),
    [
        ("missing", lambda clip: clip.unlink()),
        ("empty", lambda clip: clip.write_bytes(b"")),
        ("unreadable", lambda clip: clip.write_bytes(b"not a video" * 100)),
        ("truncated", lambda clip: clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])),
        ("truncated", lambda clip: clip.write_bytes(clip.read_bytes()[:-40])),
    ],
)
def test_damage_to_a_video_is_found(video: Path, status: str, damage) -> None:
    damage(video)
    assert probe(video).status == status


def test_frames_come_in_order_as_rgb_and_may_repeat(folder: Path) -> None:
    frames = read_frames(folder, [0, 2, 2, 5], whole)
    assert frames.shape == (4, 3, 30, 40)
    expected = cv2.cvtColor(cv2.imread(str(folder / "00003.jpg")), cv2.COLOR_BGR2RGB).transpose(2, 0, 1)
    assert np.array_equal(frames[1], expected)
    assert np.array_equal(frames[1], frames[2])


def test_some_frames_of_a_video_equal_those_of_all(video: Path) -> None:
    small = partial(fit, resize="square", side=16)
    every = read_frames(video, range(30), small)
    assert np.array_equal(read_frames(video, [1, 7, 7, 29], small), every[[1, 7, 7, 29]])
    assert not np.array_equal(every[1], every[7])


def test_a_frame_that_went_after_indexing_is_named(folder: Path, video: Path) -> None:
    with pytest.raises(InputError, match=r"00009\.jpg cannot be read any more"):
        read_frames(folder, [8], whole)
    with pytest.raises(InputError, match="frame 40 cannot be read any more"):
        read_frames(video, [40], whole)


PROBE = "from lcr.data.decode import probe; probe(path)"
READ = "from lcr.data.decode import read_frames; read_frames(path, [0], lambda frame: frame)"
WRITE = (
    "import numpy as np; from lcr.synthetic.formats import write_video; "
    "write_video(path, np.zeros((2, 16, 16, 3), np.uint8), 'mp4v', 12)"
)


@pytest.mark.parametrize(
    ("name", "code"),
    [("clip.mp4", PROBE), ("clip", PROBE), ("clip.mp4", READ), ("clip", READ), ("new.mp4", WRITE)],
)
def test_a_path_that_the_locale_does_not_know_is_refused(tmp_path: Path, name: str, code: str) -> None:
    write_jpegs(tmp_path / "Gebärden/clip", 0, 2)
    write_video(tmp_path / "Gebärden/clip.mp4", 0, 2)
    code = f"import sys; from pathlib import Path; path = Path(sys.argv[1]); {code}"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "Gebärden" / name)],
        env=os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, "no crash"
    assert "InputError: " in done.stderr.splitlines()[-1]
    assert "set LC_ALL=C.UTF-8" in done.stderr.splitlines()[-1]
