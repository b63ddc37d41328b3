"""Synthetic Kinetics-400: one person at an activity, as MP4 files in folders by label and CSV files.

The real clips are ten seconds at some 25 frames a second and 256 rows and more; these are three to four seconds at 16
frames a second and 128 rows, to stay small. Their names claim ten seconds all the same, as the format has it.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lcr.synthetic.activities import ACTIVITIES, REVERSE_OF, perform
from lcr.synthetic.body import FLOOR, RATE, Stage
from lcr.synthetic.plan import Clip, by_split
from lcr.synthetic.scene import COLOURS, Performer, backdrop, colour_beside, grain, shoot, wall
from lcr.synthetic.video import write_video

HEIGHT = 128
LABELS = (*ACTIVITIES, *REVERSE_OF)
SPLIT_NAMES = {"train": "train", "validation": "val", "test": "test"}
LETTERS = np.array([*"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"])


def names(count: int, seed: int) -> list[str]:
    """Names <YouTube id>_<start>_<end>: one id in four begins with a dash, one in four holds an underscore for sure."""
    draw = np.random.default_rng([seed, 7])
    ids: dict[str, None] = {}
    while len(ids) < count:
        letters = LETTERS[draw.integers(len(LETTERS), size=11)]
        if len(ids) % 4 < 2:
            letters[(0, 5)[len(ids) % 4]] = "-_"[len(ids) % 4]
        ids["".join(letters)] = None
    starts = np.random.default_rng([seed, 8]).integers(0, 600, count)
    return [f"{id_}_{start:06d}_{start + 10:06d}" for id_, start in zip(ids, starts, strict=True)]


def annotate(folder: Path, labels: Sequence[str], clips: Sequence[Clip]) -> None:
    """Writes an annotation file a split; that of the test split has no column of labels."""
    for split, found in by_split(clips).items():
        name, first = SPLIT_NAMES[split], int(split == "test")
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as opened:
            rows = csv.writer(opened, lineterminator="\n")
            rows.writerow(("label", "youtube_id", "time_start", "time_end", "split", "is_cc")[first:])
            for clip in found:
                id_, start, end = clip.name.rsplit("_", 2)
                rows.writerow([clip.label, id_, int(start), int(end), name, 0][first:])


def write(folder: Path, clip: Clip) -> None:
    """Draws a clip and writes its video, into a folder by label except in the test split."""
    place = folder / SPLIT_NAMES[clip.split] / ("" if clip.split == "test" else clip.label)
    write_video(place / f"{clip.name}.mp4", draw(clip), "mp4v", RATE)


def draw(clip: Clip) -> np.ndarray:
    """Frames (F, 128, W, 3) uint8 RGB of one activity by one performer; W is even, as video codecs want it."""
    source, person = clip.start()
    width = 2 * round(max(person.width, 124) * HEIGHT / 200)
    shirt, trousers, shoes, accent = (COLOURS[colour_beside(person, source)] for _ in range(4))
    skin, hair = (tuple(colour.tolist()) for colour in (person.skin, person.hair))
    colours = {"skin": skin, "hair": hair, "shirt": shirt, "trousers": trousers, "shoes": shoes}
    stage = Stage(source, colours, person.light, accent, HEIGHT, width)
    painters = perform(clip.label, stage)
    behind = _hall(person, HEIGHT, width, source)
    return shoot(behind, grain(min(person.noise, 2.0)), stage.count, source, painters)


def _hall(person: Performer, height: int, width: int, draw: np.random.Generator) -> np.ndarray:
    """A floor before a wall, out of focus: (H, W, 3) uint8 RGB."""
    small = wall(person, height, width)
    edge = round(len(small) * (0.5 + FLOOR - draw.uniform(0.10, 0.16)))
    small[edge:] += np.array([10, 4, -4]) + draw.uniform(-14, 14)
    return backdrop(small, height, width, draw)
