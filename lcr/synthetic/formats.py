"""The files of Jester, Something-Something-V2 and Kinetics-400: annotations at once, media clip by clip."""

import csv
import io
import json
import os
import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from lcr.synthetic import jester, kinetics, something
from lcr.synthetic.scene import Performer, performer
from lcr.util.errors import InputError
from lcr.util.files import checked_name

SPLITS = ("train", "validation", "test")
CAST = {"train": (0, 400), "validation": (400, 150), "test": (550, 150)}  # first performer, how many: never shared
ONE = (1).to_bytes(8, "big")
LETTERS = np.array([*"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"])


@dataclass(frozen=True)
class Drawn:
    """One clip to draw: where it goes and what decides its pixels."""

    path: str
    label: str
    split: str
    number: int  # among the clips of its split and label
    seed: int

    def source(self) -> np.random.Generator:
        """The clip's own random source."""
        return np.random.default_rng(
            [self.seed, SPLITS.index(self.split), zlib.crc32(self.label.encode()), self.number]
        )


def cast(split: str, draw: np.random.Generator, seed: int) -> Performer:
    """Someone of a split's performers."""
    first, many = CAST[split]
    return performer(first + int(draw.integers(many)), seed)


def plan(labels: Sequence[str], counts: dict[str, int], seed: int) -> dict[str, list[tuple[str, int]]]:
    """Shuffled (label, number) pairs of each split that has any."""
    mix = np.random.default_rng([seed, 5])
    shuffled = {}
    for split in SPLITS:
        clips = [(label, number) for label in labels for number in range(counts[split])]
        if clips:
            shuffled[split] = [clips[at] for at in mix.permutation(len(clips))]
    return shuffled


def numbered(clips: dict[str, list[tuple[str, int]]], seed: int) -> Iterable[str]:
    """Names 1 to N in random order, so that a name tells nothing."""
    order = 1 + np.random.default_rng([seed, 6]).permutation(sum(map(len, clips.values())))
    return map(str, order.tolist())


# Jester ---------------------------------------------------------------------------------------------------------------


def _draw_jester(clip: Drawn) -> np.ndarray:
    draw = clip.source()
    return jester.draw_clip(clip.label, draw, cast(clip.split, draw, clip.seed))


def _write_jester(folder: Path, clip: Drawn) -> None:
    place = folder / clip.path
    place.mkdir(parents=True)
    for index, frame in enumerate(_draw_jester(clip), start=1):
        bgr = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
        _, jpeg = cv2.imencode(".jpg", bgr, (cv2.IMWRITE_JPEG_QUALITY, 90))
        (place / f"{index:05d}.jpg").write_bytes(jpeg.tobytes())


def _plan_jester(folder: Path, labels: Sequence[str], counts: dict[str, int], seed: int) -> list[Drawn]:
    clips, todo = plan(labels, counts, seed), []
    names = iter(numbered(clips, seed))
    (folder / "jester-v1-labels.csv").write_text("".join(f"{label}\n" for label in labels), encoding="utf-8")
    for split, members in clips.items():
        rows = []
        for label, number in members:
            name = next(names)
            rows.append(name if split == "test" else f"{name};{label}")
            todo.append(Drawn(f"20bn-jester-v1/{name}", label, split, number, seed))
        (folder / f"jester-v1-{split}.csv").write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    return todo


# Video files ----------------------------------------------------------------------------------------------------------


def write_video(path: Path, frames: np.ndarray, codec: str, rate: int) -> None:
    """Encodes frames (F, H, W, 3) uint8 RGB, H and W even; the same frames give the same bytes.

    Raises:
        InputError: this build of OpenCV has no such encoder, the disk is full, or the locale has no such path.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    name, (height, width) = checked_name(path), frames.shape[1:3]
    with quiet():
        writer = cv2.VideoWriter(name, cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*codec), rate, (width, height))
    if not writer.isOpened():
        raise InputError(f"cannot write {path}: this OpenCV has no {codec} encoder, or the disk is full")
    for frame in frames:
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    writer.release()
    with quiet():  # the encoder says nothing of a full disk
        written = cv2.VideoCapture(name, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        decoded = sum(1 for _ in iter(written.grab, False))
        written.release()
    if decoded != len(frames):
        raise InputError(f"cannot write {path}: {decoded} of {len(frames)} frames can be read back; is the disk full?")
    if path.suffix == ".webm":
        path.write_bytes(without_random_track(path.read_bytes()))


@contextmanager
def quiet() -> Iterator[None]:
    """Drops what C code prints to stderr: of each WebM, OpenCV says that it does not know the tag VP80, and goes on."""
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
    """A WebM file whose track number is 1: FFmpeg draws one at random (TrackUID, and TagTrackUID that refers to it)."""
    head = webm[: webm.index(b"\x1f\x43\xb6\x75")]  # up to the first cluster
    plain = re.sub(rb"(\x73\xc5|\x63\xc5)\x88.{8}", lambda found: found[1] + b"\x88" + ONE, head, flags=re.DOTALL)
    return plain + webm[len(head) :]


# Something-Something-V2 -----------------------------------------------------------------------------------------------


def _draw_something(clip: Drawn) -> np.ndarray:
    draw = clip.source()
    return something.draw_clip(clip.label, draw, cast(clip.split, draw, clip.seed))


def _write_something(folder: Path, clip: Drawn) -> None:
    write_video(folder / clip.path, _draw_something(clip), "VP80", something.RATE)


def _template(label: str) -> str:
    return re.sub(r"\b[Ss]omething\b", r"[\g<0>]", label)


def _entry(clip: Drawn, name: str) -> dict:
    draw = clip.source()
    names = [prop.name for prop in something.props(clip.label, draw, cast(clip.split, draw, clip.seed))]
    template, filled = _template(clip.label), clip.label
    for one in names:
        filled = re.sub(r"\b[Ss]omething\b", one, filled, count=1)
    return {"id": name, "label": filled.lower(), "template": template, "placeholders": names}


def _plan_something(folder: Path, labels: Sequence[str], counts: dict[str, int], seed: int) -> list[Drawn]:
    clips, todo = plan(labels, counts, seed), []
    names = iter(numbered(clips, seed))

    def dump(split: str, content: object) -> None:
        text = json.dumps(content, indent=0, ensure_ascii=False)
        (folder / f"something-something-v2-{split}.json").write_text(text, encoding="utf-8")

    dump("labels", {label: str(number) for number, label in enumerate(labels)})
    for split, members in clips.items():
        entries = []
        for label, number in members:
            name = next(names)
            clip = Drawn(f"20bn-something-something-v2/{name}.webm", label, split, number, seed)
            entries.append({"id": name} if split == "test" else _entry(clip, name))
            todo.append(clip)
        dump(split, entries)
    return todo


# Kinetics-400 ---------------------------------------------------------------------------------------------------------


def _draw_kinetics(clip: Drawn) -> np.ndarray:
    draw = clip.source()
    return kinetics.draw_clip(clip.label, draw, cast(clip.split, draw, clip.seed))


def _write_kinetics(folder: Path, clip: Drawn) -> None:
    write_video(folder / clip.path, _draw_kinetics(clip), "mp4v", kinetics.RATE)


def _youtube_ids(count: int, seed: int) -> list[str]:
    """Eleven characters each; one in four begins with a dash, one in four holds an underscore for sure."""
    draw = np.random.default_rng([seed, 7])
    ids: dict[str, None] = {}
    while len(ids) < count:
        one = LETTERS[draw.integers(len(LETTERS), size=11)]
        if len(ids) % 4 == 0:
            one[0] = "-"
        elif len(ids) % 4 == 1:
            one[5] = "_"
        ids["".join(one)] = None
    return list(ids)


def _plan_kinetics(folder: Path, labels: Sequence[str], counts: dict[str, int], seed: int) -> list[Drawn]:
    clips, todo = plan(labels, counts, seed), []
    ids = iter(_youtube_ids(sum(map(len, clips.values())), seed))
    starts = np.random.default_rng([seed, 8])
    for split, members in clips.items():
        short = "val" if split == "validation" else split
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(
            [*(() if split == "test" else ("label",)), "youtube_id", "time_start", "time_end", "split", "is_cc"]
        )
        for label, number in members:
            name, start = next(ids), int(starts.integers(0, 600))
            rows.writerow([*(() if split == "test" else (label,)), name, start, start + 10, short, 0])
            place = short if split == "test" else f"{short}/{label}"
            todo.append(Drawn(f"{place}/{name}_{start:06d}_{start + 10:06d}.mp4", label, split, number, seed))
        (folder / f"{short}.csv").write_text(text.getvalue(), encoding="utf-8")
    return todo


@dataclass(frozen=True)
class Format:
    """What the writer needs to know of a dataset."""

    drawable: Callable[[], Iterable[str]]
    plan: Callable[[Path, Sequence[str], dict[str, int], int], list[Drawn]]
    write: Callable[[Path, Drawn], None]
    draw: Callable[[Drawn], np.ndarray]


FORMATS = {
    "jester": Format(jester.labels, _plan_jester, _write_jester, _draw_jester),
    "something": Format(something.labels, _plan_something, _write_something, _draw_something),
    "kinetics": Format(kinetics.labels, _plan_kinetics, _write_kinetics, _draw_kinetics),
}
