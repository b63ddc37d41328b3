"""Decoding of folders and videos, and the damage that a probe finds."""

import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from lcr.data.decode import cut_short, probe, read_frames
from lcr.data.transforms import fit
from lcr.util.errors import InputError
from tests.data.conftest import picture, write_jpegs, write_video


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_jpegs(tmp_path / "clip", 0, 6)
    return tmp_path / "clip"


@pytest.fixture(params=["clip.webm", "clip.mp4"])
def video(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    write_video(tmp_path / request.param, 0, 30)
    return tmp_path / request.param


def test_a_whole_clip_is_ok_with_its_frames_size_and_hash(folder: Path, video: Path) -> None:
    for path, expected in ((folder, (6, 40, 30)), (video, (30, 64, 36))):
        found = probe(path)
        assert (found.status, found.frames, found.width, found.height) == ("ok", *expected)
        assert probe(path) == found
    before = probe(folder).hash
    cv2.imwrite(str(folder / "00003.jpg"), picture(5, 5, 30, 40))
    assert probe(folder).hash != before


def third(change):
    """Damage to the third frame of a folder: its bytes, changed."""
    return lambda clip: (clip / "00003.jpg").write_bytes(change((clip / "00003.jpg").read_bytes()))


@pytest.mark.parametrize(
    ("status", "named", "damage"),
    [
        ("missing", "", lambda clip: clip.rename(clip.with_name("gone"))),
        ("empty", "00001.jpg", lambda clip: [file.unlink() for file in clip.iterdir()]),
        ("empty", "00003.jpg", third(lambda data: b"")),
        ("unreadable", "00003.jpg", third(lambda data: b"not an image" * 20)),
        ("truncated", "00003.jpg", lambda clip: (clip / "00003.jpg").unlink()),
        ("truncated", "00003.jpg", third(lambda data: data[:-200])),
        ("truncated", "00001.jpg", lambda clip: (clip / "00001.jpg").rename(clip / "00000.jpg")),
        ("unreadable", "00003.jpg", lambda clip: cv2.imwrite(str(clip / "00003.jpg"), np.zeros((30, 42, 3), np.uint8))),
        ("unreadable", "", lambda clip: (clip / "00003.jpg").unlink() or (clip / "00003.jpg").mkdir()),
    ],
)
def test_damage_to_a_folder_is_found_and_named(folder: Path, status: str, named: str, damage) -> None:
    damage(folder)
    found = probe(folder)
    assert (found.status, found.frames, named in found.why) == (status, 0, True)


def claiming(width: int, height: int):
    """A change of a JPEG: its header claims this size."""

    def change(data: bytes) -> bytes:
        at = next(at for at in (data.find(b"\xff\xc0"), data.find(b"\xff\xc2")) if at > 0)
        return data[: at + 5] + height.to_bytes(2) + width.to_bytes(2) + data[at + 9 :]

    return change


def piped(clip: Path) -> None:
    (clip / "00003.jpg").unlink()
    os.mkfifo(clip / "00003.jpg")


def linked(to: str):
    """The third frame of a folder becomes a link."""
    return lambda clip: (clip / "00003.jpg").unlink() or (clip / "00003.jpg").symlink_to(to)


def png(data: bytes) -> bytes:
    return cv2.imencode(".png", np.zeros((30, 40, 3), np.uint8))[1].tobytes()


@pytest.mark.parametrize(
    ("named", "damage"),
    [
        ("65000×65000", third(claiming(65000, 65000))),
        ("15000×15000", third(claiming(15000, 15000))),
        ("JPEG", third(png)),
        ("00003.jpg", third(lambda data: b"\xff\xd8" + b"\xff" * 50)),
        ("00003.jpg", piped),
        ("00003.jpg", linked("/dev/zero")),
        ("00003.jpg", linked("00003.jpg")),
    ],
)
def test_frames_that_claim_too_much_or_are_no_files_are_named_and_not_decoded(folder: Path, named: str, damage) -> None:
    damage(folder)
    found = probe(folder)
    assert found.status in ("unreadable", "truncated")
    assert "00003.jpg" in found.why
    assert named in found.why


def test_the_limit_on_pixels_holds_for_folders_and_videos_and_may_be_raised(folder: Path, video: Path) -> None:
    for path, pixels in ((folder, 40 * 30), (video, 64 * 36)):
        assert probe(path, max_pixels=pixels).status == "ok"
        found = probe(path, max_pixels=pixels - 1)
        assert (found.status, "max_pixels" in found.why) == ("unreadable", True)


@pytest.mark.parametrize("damage", [third(claiming(65000, 65000)), piped])
def test_a_frame_that_became_hostile_after_indexing_is_named(folder: Path, damage) -> None:
    damage(folder)
    with pytest.raises(InputError, match=r"00003\.jpg"):
        read_frames(folder, range(6), partial(fit, resize="square", side=8))


@pytest.mark.parametrize(
    ("status", "change"),
    [
        ("missing", None),
        ("empty", lambda data: b""),
        ("unreadable", lambda data: b"not a video" * 100),
        ("truncated", lambda data: data[: len(data) // 2]),
        ("truncated", lambda data: data[:-40]),
    ],
)
def test_damage_to_a_video_is_found(video: Path, status: str, change) -> None:
    video.unlink() if change is None else video.write_bytes(change(video.read_bytes()))
    assert probe(video).status == status


EBML, SEGMENT = b"\x1a\x45\xdf\xa3\x81.", b"\x18\x53\x80\x67"


@pytest.mark.parametrize(
    ("name", "content", "cut"),
    [
        ("a.webm", EBML, True),
        ("a.webm", EBML + SEGMENT, True),
        ("a.webm", EBML + SEGMENT + b"\x00" * 300, True),
        ("a.webm", EBML + b"." * 300, False),
        ("a.webm", EBML + SEGMENT + b"\x01" + b"\xff" * 7, False),  # of unknown length, as live streams have it
        ("a.webm", EBML + SEGMENT + b"\x83abc", False),
        ("a.webm", EBML + SEGMENT + b"\x84abc", True),
        ("a.webm", b"no EBML", False),
        ("a.mp4", b"\0\0\0\x0cftypmore", False),
        ("a.mp4", b"\0\0\0\x0dftypmore", True),
        ("a.mp4", b"\0\0\0\x01mdat" + (20).to_bytes(8) + b"more", False),
        ("a.mp4", b"\0\0\0\0mdat" + b"to the end", False),
        ("a.mp4", b"\0\0\0\x08free" + bytes(9), False),
    ],
)
def test_a_container_says_where_it_ends(tmp_path: Path, name: str, content: bytes, cut: bool) -> None:
    (tmp_path / name).write_bytes(content)
    assert cut_short(tmp_path / name) is cut


def test_frames_come_in_order_as_rgb_and_may_repeat(folder: Path, video: Path) -> None:
    files = [cv2.imread(str(folder / f"0000{number}.jpg"))[..., ::-1] for number in (1, 3, 3, 6)]
    assert np.array_equal(read_frames(folder, [0, 2, 2, 5], np.asarray), np.stack(files).transpose(0, 3, 1, 2))
    small = partial(fit, resize="square", side=16)
    every = read_frames(video, range(30), small)
    assert np.array_equal(read_frames(video, [1, 7, 7, 29], small), every[[1, 7, 7, 29]])
    assert not np.array_equal(every[1], every[7])


def test_a_frame_that_went_after_indexing_is_named(folder: Path, video: Path) -> None:
    with pytest.raises(InputError, match=r"00009\.jpg"):
        read_frames(folder, [8], np.asarray)
    with pytest.raises(InputError, match=f"{video}.* 40 "):
        read_frames(video, [40], np.asarray)


PROBE = "from lcr.data.decode import probe; probe(path)"
READ = "from lcr.data.decode import read_frames; read_frames(path, [0], lambda frame: frame)"
WRITE = (
    "import numpy as np; from lcr.synthetic.video import write_video; "
    "write_video(path, np.zeros((2, 16, 16, 3), np.uint8), 'mp4v', 12)"
)


@pytest.mark.parametrize(("name", "code"), [("clip.mp4", PROBE), ("clip", READ), ("new.mp4", WRITE)])
def test_a_path_that_the_locale_does_not_know_is_refused(tmp_path: Path, name: str, code: str) -> None:
    write_jpegs(tmp_path / "Gebärden/clip", 0, 2)
    write_video(tmp_path / "Gebärden/clip.mp4", 0, 2)
    code = f"import sys; from pathlib import Path; path = Path(sys.argv[1]); {code}"
    command = [sys.executable, "-c", code, str(tmp_path / "Gebärden" / name)]
    environment = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, "no crash"
    assert re.search("InputError: .*LC_ALL=C.UTF-8", done.stderr.splitlines()[-1])
