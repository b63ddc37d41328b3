"""Decoding: the frames of a clip's JPEG files or of its WebM or MP4 video, and a probe that finds damage.

Videos are decoded in `_decode_video`, from the start and no further than the last frame asked for, since cv2's seeking
is not exact.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np

from lcr.config.study import MAX_PIXELS
from lcr.util.errors import InputError
from lcr.util.files import checked_name, file_hash
from lcr.util.images import check_pixels, decodable, decoder_errors, file_bytes, indexed_image


def is_video(path: Path) -> bool:
    """Whether the clip is one video file, rather than a folder of frames."""
    return path.suffix in (".webm", ".mp4")


# Frames ---------------------------------------------------------------------------------------------------------------


def read_frames(path: Path, numbers: Sequence[int] | np.ndarray, fit: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Decodes the frames asked for.

    Args:
        path: the clip's folder or file.
        numbers: (T,) frame numbers from 0, ascending; a number may stand there more than once.
        fit: applied to each frame, (H, W, 3) uint8 -> (H', W', 3) uint8, before the next one is decoded.

    Returns:
        (T, 3, H', W') uint8, RGB.

    Raises:
        InputError: a frame cannot be decoded: the clip changed after it was indexed.
    """
    wanted, positions = np.unique(np.asarray(numbers), return_inverse=True)
    frames = list(each_frame(path, wanted, fit))
    clip = np.stack(frames, out=np.empty((len(frames), *frames[0].shape), np.uint8))
    return clip if len(wanted) == len(positions) else clip[positions]


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
        with indexed_image(file):
            image = cv2.imread(checked_name(file), cv2.IMREAD_COLOR)
        if image is None:
            raise InputError(f"{file} cannot be read any more; index the data again")
        yield image


def _decode_video(path: Path, wanted: Iterable[int]) -> Iterator[np.ndarray]:
    video, at = _open(path), -1
    for number in wanted:
        while at < number:
            if not video.grab():
                raise InputError(f"{path}: frame {number} cannot be read any more; index the data again")
            at += 1
        yield video.retrieve()[1]


def _open(path: Path) -> cv2.VideoCapture:
    return cv2.VideoCapture(checked_name(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])


# Damage ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Probe:
    """The content of a clip's files. status: ok | missing | unreadable | empty | truncated; why: the reason, if not ok.

    width and height are in pixels; hash is SHA-256 of the video, or of the frames with their names and lengths.
    """

    status: str
    frames: int = 0
    width: int = 0
    height: int = 0
    hash: str = ""
    why: str = ""


def probe(path: Path, max_pixels: int = MAX_PIXELS) -> Probe:
    """Reads and decodes the whole clip: its frames, size, hash, and whether it can be used.

    Args:
        max_pixels: of a frame; a clip whose headers claim more is unreadable, and not decoded.

    Raises:
        InputError: the path has characters that the locale does not know.
    """
    checked_name(path)
    try:
        with decoder_errors():
            return _probe_video(path, max_pixels) if is_video(path) else _probe_folder(path, max_pixels)
    except OSError as error:
        return Probe("unreadable", why=error.strerror or str(error))


def _probe_folder(folder: Path, max_pixels: int) -> Probe:
    if not folder.is_dir():
        return Probe("missing", why="no such folder")
    names = sorted(file.name for file in folder.iterdir() if re.fullmatch(r"[0-9]{5}\.jpg", file.name))
    if not names:
        return Probe("empty", why="no frame 00001.jpg")
    digest, size = hashlib.sha256(), tuple[int, ...]()
    for number, name in enumerate(names, start=1):
        if name != f"{number:05d}.jpg":
            return Probe("truncated", why=f"frame {number:05d}.jpg is missing")
        data = file_bytes(folder / name)
        digest.update(f"{name} {len(data)}\n".encode() + data)
        if not data:
            return Probe("empty", why=f"{name} has no bytes")
        image = cv2.imdecode(np.frombuffer(decodable(data, name, max_pixels), np.uint8), cv2.IMREAD_COLOR)
        if image is None and not data.startswith(b"\xff\xd8"):
            return Probe("unreadable", why=f"{name} is no JPEG image")
        if image is None or not data.rstrip(b"\0").endswith(b"\xff\xd9"):  # decoders fill a cut image up with grey
            return Probe("truncated", why=f"{name} ends early")
        if image.shape != (size := size or image.shape):
            return Probe("unreadable", why=f"{name} has another size than the frames before")
    return Probe("ok", len(names), size[1], size[0], digest.hexdigest())


def _probe_video(path: Path, max_pixels: int) -> Probe:
    if not path.is_file():
        return Probe("missing", why="no such file")
    if path.stat().st_size == 0:
        return Probe("empty", why="the file has no bytes")
    if cut_short(path):
        return Probe("truncated", why="the file ends before its last part does")
    video = _open(path)
    if not video.isOpened():
        return Probe("unreadable", why="no video that can be opened")
    check_pixels("a frame", video.get(cv2.CAP_PROP_FRAME_WIDTH), video.get(cv2.CAP_PROP_FRAME_HEIGHT), max_pixels)
    announced, image = video.get(cv2.CAP_PROP_FRAME_COUNT), video.read()[1]
    if image is None:
        return Probe("empty", why="no frame can be decoded")
    frames = 1 + sum(1 for _ in iter(video.grab, False))
    if frames < 0.9 * announced:  # containers round their counts; a real loss is larger
        return Probe("truncated", why=f"{frames} of {announced:.0f} frames can be decoded")
    return Probe("ok", frames, image.shape[1], image.shape[0], file_hash(path))


def cut_short(path: Path) -> bool:
    """Whether a WebM or MP4 file ends before its container says it does. Decoders pass over this in silence."""
    size = path.stat().st_size
    with path.open("rb") as opened:
        if opened.read(4) == b"\x1a\x45\xdf\xa3":
            return _webm_end(opened, size) > size
        return path.suffix == ".mp4" and _mp4_end(opened, size) > size


def _webm_end(opened: BinaryIO, size: int) -> int:
    """The end of the Segment, which follows a WebM's header and holds all else; `size` where its length is unknown.

    Its length is an EBML number: the leading zero bits of its first byte tell how many bytes follow.
    """
    start, head = opened.tell(), opened.read(256)
    at = head.find(b"\x18\x53\x80\x67") + 4
    taken = 9 - int.from_bytes(head[at : at + 1]).bit_length()
    if at < 4 or len(head[at : at + 8]) < taken:
        return size + (at >= 4 or len(head) < 256)
    unknown = (1 << 7 * taken) - 1  # as live streams have it
    length = int.from_bytes(head[at : at + taken]) & unknown
    return size if length == unknown else start + at + taken + length


def _mp4_end(opened: BinaryIO, size: int) -> int:
    """The end of an MP4's last box; each box begins with its length. `size` where a length is unknown."""
    end = 0
    while end + 8 <= size:
        opened.seek(end)
        length, kind = int.from_bytes(opened.read(4)), opened.read(4)
        if length == 1:
            length = int.from_bytes(opened.read(8))
        if length < 8 or not (kind.isalnum() or kind == b"\xa9xyz"):
            return size  # to the end of the file, or no box: no MP4 at all, or padding after its end
        end += length
    return end
