"""From a clip's files to its frames, and to what is wrong with them.

A clip is a folder of numbered JPEG files, or one WebM or MP4 file. Videos are decoded from the start and no further
than the last frame asked for; cv2's seeking is not exact.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from lcr.util.errors import InputError
from lcr.util.files import checked_name, file_hash

VIDEO_SUFFIXES = (".webm", ".mp4")


@dataclass(frozen=True)
class Probe:
    """What a clip's files hold. status: ok | missing | unreadable | empty | truncated; why: in words, where not ok."""

    status: str
    frames: int = 0
    width: int = 0
    height: int = 0
    hash: str = ""
    why: str = ""


def is_video(path: Path) -> bool:
    """Whether the clip is one video file, rather than a folder of frames."""
    return path.suffix in VIDEO_SUFFIXES


def probe(path: Path) -> Probe:
    """Reads and decodes the whole clip: its frames, size, hash, and whether it can be used.

    Raises:
        InputError: the path has characters that the locale does not know.
    """
    checked_name(path)
    try:
        return _probe_video(path) if is_video(path) else _probe_folder(path)
    except OSError as error:
        return Probe("unreadable", why=error.strerror or str(error))


def frame_files(folder: Path) -> list[str]:
    """The numbered frames of a folder, in order; files of other names are not frames."""
    return sorted(file.name for file in folder.iterdir() if re.fullmatch(r"[0-9]{5}\.jpg", file.name))


def _probe_folder(folder: Path) -> Probe:
    if not folder.is_dir():
        return Probe("missing", why="no such folder")
    names = frame_files(folder)
    if not names:
        return Probe("empty", why="no frame 00001.jpg")
    gap = next((number for number, name in enumerate(names, start=1) if name != f"{number:05d}.jpg"), None)
    if gap is not None:
        return Probe("truncated", why=f"frame {gap:05d}.jpg is missing")
    digest = hashlib.sha256()
    size: tuple[int, ...] = ()
    for name in names:
        data = (folder / name).read_bytes()
        digest.update(f"{name} {len(data)}\n".encode() + data)
        if not data:
            return Probe("empty", why=f"{name} has no bytes")
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        if image is None and not data.startswith(b"\xff\xd8"):
            return Probe("unreadable", why=f"{name} is no JPEG image")
        if image is None or not data.rstrip(b"\0").endswith(b"\xff\xd9"):  # decoders fill a cut image up with grey
            return Probe("truncated", why=f"{name} ends early")
        if size and image.shape != size:
            return Probe("unreadable", why=f"{name} has another size than the frames before")
        size = image.shape
    return Probe("ok", len(names), size[1], size[0], digest.hexdigest())


def _probe_video(path: Path) -> Probe:
    if not path.is_file():
        return Probe("missing", why="no such file")
    if path.stat().st_size == 0:
        return Probe("empty", why="the file has no bytes")
    digest = file_hash(path)
    cut = cut_short(path)
    video = _open(path)
    announced = video.get(cv2.CAP_PROP_FRAME_COUNT)
    frames, size = 0, (0, 0)
    while video.grab():
        if not frames:
            _, image = video.retrieve()
            size = image.shape[:2] if image is not None else size
        frames += 1
    opened = video.isOpened()
    video.release()
    if cut:
        return Probe("truncated", why="the file ends before its last part does")
    if not opened:
        return Probe("unreadable", why="no video that can be opened")
    if not frames or not size[0]:
        return Probe("empty", why="no frame can be decoded")
    if frames < 0.9 * announced:  # containers round their counts; a real loss is larger
        return Probe("truncated", why=f"{frames} of {announced:.0f} frames can be decoded")
    return Probe("ok", frames, size[1], size[0], digest)


def _open(path: Path) -> cv2.VideoCapture:
    return cv2.VideoCapture(checked_name(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])


def cut_short(path: Path) -> bool:
    """Whether a WebM or MP4 file ends before its container says it does. Decoders pass over this in silence."""
    size = path.stat().st_size
    with path.open("rb") as opened:
        if opened.read(4) == b"\x1a\x45\xdf\xa3":  # EBML: a header, then the Segment with everything in it
            header = _ebml_size(opened.read(8))
            if header is None:
                return True
            opened.seek(4 + header[1] + header[0])
            if opened.read(4) != b"\x18\x53\x80\x67":
                return opened.tell() >= size
            start = opened.tell()
            segment = _ebml_size(opened.read(8))
            return segment is None or (segment[0] >= 0 and start + segment[1] + segment[0] > size)
        if path.suffix != ".mp4":
            return False
        place = 0
        while place + 8 <= size:  # MP4: boxes one after the other, each beginning with its length
            opened.seek(place)
            length, kind = int.from_bytes(opened.read(4)), opened.read(4)
            if not kind.isalnum() and kind != b"\xa9xyz":
                return False  # not a box: either no MP4 at all, or padding after its end
            if length == 1:
                length = int.from_bytes(opened.read(8))
            if length == 0:
                return False
            if length < 8:
                return False
            place += length
        return place > size


def _ebml_size(data: bytes) -> tuple[int, int] | None:
    """(value, bytes taken) of an EBML length; value -1 where it says "unknown", as live streams do; None when cut."""
    if not data or not data[0]:
        return None
    taken = 9 - data[0].bit_length()
    if len(data) < taken:
        return None
    value = int.from_bytes(data[:taken]) & ((1 << 7 * taken) - 1)
    return (-1 if value == (1 << 7 * taken) - 1 else value), taken


def read_frames(path: Path, numbers: Sequence[int] | np.ndarray, fit: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Decodes the frames asked for.

    Args:
        path: the clip's folder or file.
        numbers: (T,) frame numbers from 0, ascending; a number may stand there more than once.
        fit: what is done to each frame, (H, W, 3) uint8 -> (H', W', 3) uint8, before the next one is decoded.

    Returns:
        (T, 3, H', W') uint8, RGB.

    Raises:
        InputError: a frame cannot be decoded: the clip changed after it was indexed.
    """
    wanted, places = np.unique(np.asarray(numbers), return_inverse=True)
    frames = list(each_frame(path, wanted, fit))
    clip = np.empty((len(wanted), *frames[0].shape), np.uint8)
    for at, frame in enumerate(frames):
        clip[at] = frame
    return clip if len(wanted) == len(places) else clip[places]


def each_frame(path: Path, numbers: Iterable[int], fit: Callable[[np.ndarray], np.ndarray]) -> Iterator[np.ndarray]:
    """The frames asked for, one at a time, each (3, H', W') uint8, RGB; arguments and errors as of `read_frames`.

    Args:
        numbers: frame numbers from 0, strictly ascending.
    """
    decode = _decode_video if is_video(path) else _decode_folder
    for image in decode(path, numbers):
        yield cv2.cvtColor(fit(image), cv2.COLOR_BGR2RGB).transpose(2, 0, 1)


def _decode_folder(folder: Path, wanted: Iterable[int]) -> Iterator[np.ndarray]:
    for number in wanted:
        file = folder / f"{number + 1:05d}.jpg"
        image = cv2.imread(checked_name(file), cv2.IMREAD_COLOR)
        if image is None:
            raise InputError(f"{file} cannot be read any more; index the data again")
        yield image


def _decode_video(path: Path, wanted: Iterable[int]) -> Iterator[np.ndarray]:
    video = _open(path)
    try:
        at = -1
        for number in wanted:
            while at < number:
                if not video.grab():
                    raise InputError(f"{path}: frame {number} cannot be read any more; index the data again")
                at += 1
            yield video.retrieve()[1]
    finally:
        video.release()
