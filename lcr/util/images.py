"""Checks of an image's header before the image is decoded."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2

from lcr.util.errors import InputError

NO_SIZE = {0x00, 0x01, *range(0xD0, 0xD9)}  # JPEG markers that no length follows
SIZE = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # those of a frame header
SCAN = 0xDA
NOTHING = b"\0"  # which no decoder takes for an image


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a JPEG image as its header has them; None where no size comes before the first scan.

    Bytes between two segments are passed over, as decoders do.
    """
    at = 2
    while (at := data.find(b"\xff", at)) >= 0 and at + 9 <= len(data):
        marker = data[at + 1]
        if marker in SIZE:
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        if marker == SCAN:
            break
        at += 1 if marker == 0xFF else 2 if marker in NO_SIZE else 2 + int.from_bytes(data[at + 2 : at + 4])
    return None


def file_bytes(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        OSError: it is none, but a folder, a pipe or a device, which may never end.
    """
    if not path.is_file():
        raise OSError(f"{path.name} is no file")
    return path.read_bytes()


def decodable(data: bytes, name: str, max_pixels: int) -> bytes:
    """`data`, where it is JPEG; else bytes that are no image.

    Raises:
        OSError: the image would have more than `max_pixels` pixels.
    """
    if not data.startswith(b"\xff\xd8") or (size := jpeg_size(data)) is None:
        return NOTHING
    check_pixels(name, *size, max_pixels)
    return data


def check_pixels(name: str, width: float, height: float, max_pixels: int) -> None:
    """Refuses an image, or a video's frames, that would have more than `max_pixels` pixels.

    Raises:
        OSError: names the study's key.
    """
    if width * height > max_pixels:
        raise OSError(f"{name} has {width:.0f}×{height:.0f} pixels, more than {max_pixels} (data.max_pixels)")


@contextmanager
def decoder_errors() -> Iterator[None]:
    """Turns errors of the decoder in a block into OSError.

    Raises:
        OSError: the decoder gave up.
    """
    try:
        yield
    except cv2.error as error:
        raise OSError(f"the decoder gave up: {' '.join(str(error).split())[:120]}") from error


@contextmanager
def indexed_image(path: Path) -> Iterator[None]:
    """For a block that decodes an image which was whole when it was indexed.

    Raises:
        InputError: it is no file any more, or the decoder gave up.
    """
    if not path.is_file():
        raise InputError(f"{path} cannot be read any more; index the data again")
    try:
        yield
    except cv2.error as error:
        raise InputError(f"{path} cannot be decoded any more; index the data again") from error
