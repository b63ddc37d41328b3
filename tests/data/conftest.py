"""Tiny media in the three formats, drawn by cv2: a gradient that moves, so that frames differ and order shows."""

import csv
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

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


def make_jester(root: Path, train: int = 9, validation: int = 5, frames: Sequence[int] = (14, 20, 7)) -> Path:
    """Clip number n has class n mod 3 and frames[n mod len]; ids are 1, 2, 3, …; one test clip without a label."""
    root.mkdir(parents=True)
    (root / "jester-v1-labels.csv").write_text("".join(f"{label}\n" for label in CLASSES))
    lines: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
    for number in range(train + validation + 1):
        split = "train" if number < train else "validation" if number < train + validation else "test"
        label = "" if split == "test" else f";{CLASSES[number % 3]}"
        lines[split].append(f"{number + 1}{label}\n")
        write_jpegs(
            root / "20bn-jester-v1" / str(number + 1), number, frames[number % len(frames)], width=40 + number % 4
        )
    for split, text in lines.items():
        (root / f"jester-v1-{split}.csv").write_text("".join(text))
    return root


def make_something(root: Path, train: int = 6, validation: int = 3, prefix: str = "something-something-v2-") -> Path:
    root.mkdir(parents=True)
    labels = {label: str(2 - number) for number, label in enumerate(TEMPLATES)}  # numbers, not places, give the order
    (root / f"{prefix}labels.json").write_text(json.dumps(labels))
    for split, first, count in (("train", 1, train), ("validation", 101, validation), ("test", 201, 1)):
        entries = []
        for number in range(count):
            entry = {"id": str(first + number)}
            if split != "test":
                template = TEMPLATES[number % 3].replace("something", "[something]")
                entry |= {
                    "label": template.replace("[something]", "a cup"),
                    "template": template,
                    "placeholders": ["a cup"],
                }
            entries.append(entry)
            write_video(root / f"20bn-something-something-v2/{first + number}.webm", number, 9 + number)
        (root / f"{prefix}{split}.json").write_text(json.dumps(entries))
    return root


KINETICS = (  # label, youtube id, start, split, folder
    ("archery", "-aB_cDeFg_1", 3, "train", "train/archery"),
    ("abseiling", "__xyz_00000", 12, "train", ""),
    ("archery", "zzzzzzzzzz9", 0, "val", "val/archery"),
    ("", "testtest_-_", 100, "test", "test"),
)


def make_kinetics(root: Path) -> Path:
    rows: dict[str, list] = {"train": [], "val": [], "test": []}
    for number, (label, name, start, split, folder) in enumerate(KINETICS):
        write_video(root / folder / f"{name}_{start:06d}_{start + 10:06d}.mp4", number, 10 + number)
        rows[split].append([label, name, start, start + 10, split, 0])
    for split, lines in rows.items():
        with (root / f"{split}.csv").open("w", newline="") as opened:
            csv.writer(opened).writerows([["label", "youtube_id", "time_start", "time_end", "split", "is_cc"], *lines])
    return root


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three roots, made once; tests get copies that they may spoil."""
    folder = tmp_path_factory.mktemp("media")
    make_jester(folder / "jester")
    make_something(folder / "something")
    make_kinetics(folder / "kinetics")
    return folder


@pytest.fixture
def jester_root(media: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(media / "jester", tmp_path / "jester"))


@pytest.fixture
def something_root(media: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(media / "something", tmp_path / "something"))


@pytest.fixture
def kinetics_root(media: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(media / "kinetics", tmp_path / "kinetics"))


def study_of(root: Path | None, dataset: str = "jester", **data) -> StudyConfig:
    """A study of one dataset, with the tiny model."""
    return StudyConfig.model_validate(
        {
            "name": "test",
            "question": "?",
            "variants": ["full"],
            "seeds": [0],
            "table2": dataset,
            "datasets": {
                dataset: {
                    "model": "lcr-tiny",
                    "root": None if root is None else str(root),
                    "data": {"frames": 12} | data,
                    "train": {"epochs": 1, "batch_size": 4, "learning_rate": 1e-3},
                    "protocol": {},
                }
            },
        }
    )
