"""Video files of synthetic clips: the same frames always give the same bytes."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from lcr.util.errors import InputError
from lcr.util.files import checked_name


def write_video(path: Path, frames: np.ndarray, codec: str, rate: int) -> None:
    """Encodes frames (F, H, W, 3) uint8 RGB, H and W even.

    Raises:
        InputError: this build of OpenCV has no such encoder, the disk is full, or the locale has no such path.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    name, (height, width) = checked_name(path), frames.shape[1:3]
    with _quiet():
        writer = cv2.VideoWriter(name, cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*codec), rate, (width, height))
    if not writer.isOpened():
        raise InputError(f"cannot write {path}: this OpenCV has no {codec} encoder, or the disk is full")
    for frame in frames:
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    writer.release()
    with _quiet():  # the encoder says nothing of a full disk
        written = cv2.VideoCapture(name, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        decoded = sum(1 for _ in iter(written.grab, False))
        written.release()
    if decoded != len(frames):
        raise InputError(f"cannot write {path}: {decoded} of {len(frames)} frames can be read back; is the disk full?")
    if path.suffix == ".webm":
        path.write_bytes(without_random_track(path.read_bytes()))


@contextmanager
def _quiet() -> Iterator[None]:
    """Drops the stderr of C code for the block: OpenCV prints for each WebM that it does not know the tag VP80."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def without_random_track(webm: bytes) -> bytes:
    """A WebM file whose track number is 1: FFmpeg draws a random TrackUID, and a TagTrackUID that refers to it."""
    head = webm[: webm.index(b"\x1f\x43\xb6\x75")]  # up to the first cluster
    plain = re.sub(rb"(\x73\xc5|\x63\xc5)\x88.{8}", b"\\1\x88" + bytes(7) + b"\x01", head, flags=re.DOTALL)
    return plain + webm[len(head) :]
