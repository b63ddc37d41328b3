"""Tiny media in the three formats, drawn by cv2: a gradient that moves, so that frames differ and order shows."""

import csv
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from lcr.config.run import Data
from lcr.config.study import StudyConfig

CLASSES = ("Swiping Left", "Swiping Right", "Thumb Up")
TEMPLATES = ("Moving something up", "Pushing something from left to right", "Holding something")


def picture(clip: int, number: int, height: int, width: int) -> np.ndarray:
    """Frame `number` of clip `clip`, BGR: a bright box on a gradient."""
    rows, columns = np.mgrid[:height, :width]
    frame = np.stack([rows * 3 + clip * 17, columns * 2 + number * 5, (rows + columns) * 2], -1) % 160
    at = (number * 2 + clip * 3) % (width - 8)
    frame[height // 3 : height // 3 + 8, at : at + 8] = 250
    return frame.astype(np.uint8)


def write_jpegs(folder: Path, clip: int, frames: int, height: int = 30, width: int = 40) -> None:
    folder.mkdir(parents=True)
    for number in range(frames):
        cv2.imwrite(str(folder / f"{number + 1:05d}.jpg"), picture(clip, number, height, width))


def write_video(file: Path, clip: int, frames: int, height: int = 36, width: int = 64) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    code = cv2.VideoWriter_fourcc(*("VP80" if file.suffix == ".webm" else "mp4v"))
    writer = cv2.VideoWriter(str(file), code, 12, (width, height))
    for number in range(frames):
        writer.write(picture(clip, number, height, width))
    writer.release()


def make_jester(root: Path, frames: Sequence[int] = (14, 20, 7)) -> Path:
    """Clips 1 to 9 to train, 10 to 14 to validate, 15 without a label; number n has class (n - 1) mod 3."""
    root.mkdir(parents=True)
    lines: dict[str, list[str]] = {"labels": list(CLASSES), "train": [], "validation": [], "test": []}
    for number in range(15):
        split = "train" if number < 9 else "validation" if number < 14 else "test"
        lines[split].append(f"{number + 1}" + (split != "test") * f";{CLASSES[number % 3]}")
        folder = root / "20bn-jester-v1" / str(number + 1)
        write_jpegs(folder, number, frames[number % len(frames)], width=40 + number % 4)
    for name, text in lines.items():
        (root / f"jester-v1-{name}.csv").write_text("\n".join(text) + "\n")
    return root


def make_something(root: Path) -> Path:
    """Clips 1 to 6 to train, 101 to 103 to validate, 201 without a label; the labels' numbers give their order."""
    labels = {label: str(2 - number) for number, label in enumerate(TEMPLATES)}
    content: dict[str, object] = {"labels": labels, "test": [{"id": "201"}]}
    for split, first, count in (("train", 1, 6), ("validation", 101, 3)):
        templates = [TEMPLATES[number % 3].replace("something", "[something]") for number in range(count)]
        content[split] = [{"id": str(first + at), "template": text, "label": "."} for at, text in enumerate(templates)]
    for number, id_ in enumerate((1, 2, 3, 4, 5, 6, 101, 102, 103, 201)):
        write_video(root / f"20bn-something-something-v2/{id_}.webm", number, 9 + number)
    for name, entries in content.items():
        (root / f"something-something-v2-{name}.json").write_text(json.dumps(entries))
    return root


KINETICS = (  # label, youtube id, start, split, folder
    ("archery", "-aB_cDeFg_1", 3, "train", "train/archery"),
    ("abseiling", "__xyz_00000", 12, "train", ""),
    ("archery", "123_654321_", 0, "val", "val/archery"),
    ("", "testtest_-_", 100, "test", "test"),
)


def make_kinetics(root: Path) -> Path:
    for number, (label, name, start, split, folder) in enumerate(KINETICS):
        write_video(root / folder / f"{name}_{start:06d}_{start + 10:06d}.mp4", number, 10 + number)
        first = not (root / f"{split}.csv").exists()
        with (root / f"{split}.csv").open("a", newline="") as opened:
            rows = [["label", "youtube_id", "time_start", "time_end", "split", "is_cc"]] * first
            csv.writer(opened).writerows([*rows, [label, name, start, start + 10, split, 0]])
    return root


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three roots, made once; tests that spoil them take copies."""
    folder = tmp_path_factory.mktemp("media")
    for make in (make_jester, make_something, make_kinetics):
        make(folder / make.__name__.removeprefix("make_"))
    return folder


@pytest.fixture
def copies(media: Path, tmp_path: Path) -> Path:
    """A copy of the three roots."""
    return Path(shutil.copytree(media, tmp_path / "media"))


@pytest.fixture
def jester_root(media: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(media / "jester", tmp_path / "jester"))


def study_of(root: Path | None, dataset: str = "jester", fixture: dict | None = None, **data) -> StudyConfig:
    """A study of one dataset, with the tiny model."""
    config = {
        "model": "lcr-tiny",
        "root": root and str(root),
        "fixture": fixture,
        "data": {"frames": 12} | data,
        "train": {"epochs": 1, "batch_size": 4, "learning_rate": 1e-3},
        "protocol": {},
    }
    about = {"name": "test", "question": "?", "variants": ["full"], "seeds": [0], "table2": dataset}
    return StudyConfig.model_validate(about | {"datasets": {dataset: config}})


def data_of(root: Path | None, dataset: str = "jester", **options) -> Data:
    return Data.of(study_of(root, dataset, **options), dataset)
