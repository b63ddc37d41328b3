"""Synthetic Something-Something-V2: hands and things on a table, as WebM and JSON files, 12 frames a second.

The real clips have 240 rows; these have 96, to stay small.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lcr.synthetic.hand import Hand, Pose
from lcr.synthetic.plan import Clip, by_split, numbered
from lcr.synthetic.scene import Performer, backdrop, colour_beside, grain, shoot, wall
from lcr.synthetic.take import Take
from lcr.synthetic.templates import REVERSE_OF, TEMPLATES, perform
from lcr.synthetic.things import Prop
from lcr.synthetic.video import write_video

HEIGHT, RATE = 96, 12
LABELS = (*TEMPLATES, *REVERSE_OF)
names = numbered


def annotate(folder: Path, labels: Sequence[str], clips: Sequence[Clip]) -> None:
    """Writes the numbers of the labels and a list of clips a split."""
    files = {
        split: [{"id": clip.name} if split == "test" else _entry(clip) for clip in found]
        for split, found in by_split(clips).items()
    }
    for name, entries in {"labels": {label: str(at) for at, label in enumerate(labels)}, **files}.items():
        text = json.dumps(entries, indent=0, ensure_ascii=False)
        (folder / f"something-something-v2-{name}.json").write_text(text, encoding="utf-8")


def _entry(clip: Clip) -> dict:
    placeholders = [prop.name for prop in _props(clip.label, *clip.start())]
    filled = clip.label
    for name in placeholders:
        filled = re.sub(r"\b[Ss]omething\b", name, filled, count=1)
    template = re.sub(r"\b[Ss]omething\b", r"[\g<0>]", clip.label)
    return {"id": clip.name, "label": filled.lower(), "template": template, "placeholders": placeholders}


def write(folder: Path, clip: Clip) -> None:
    """Draws a clip and writes its video."""
    write_video(folder / f"20bn-something-something-v2/{clip.name}.webm", draw(clip), "VP80", RATE)


def draw(clip: Clip) -> np.ndarray:
    """Frames (F, 96, W, 3) uint8 RGB of one template by one performer; W is even, as video codecs want it."""
    source, person = clip.start()
    props = _props(clip.label, source, person)
    width = 2 * round(person.width * HEIGHT / 200)
    take = Take(source, person)
    actors = perform(clip.label, take, props)
    drawn = [Hand(actor, person, HEIGHT, width) if isinstance(actor, Pose) else actor for actor in actors]
    behind, noise = _table(person, HEIGHT, width, source), grain(min(person.noise, 2.0) / 3)
    return shoot(behind, noise, take.count, source, [actor.draw for actor in drawn])


def _props(label: str, draw: np.random.Generator, person: Performer) -> list[Prop]:
    """The props of a clip, one for each [something], no two of one colour; drawn first of all after the performer."""
    props: list[Prop] = []
    for kinds in TEMPLATES[REVERSE_OF.get(label, label)][0]:
        colour = colour_beside(person, draw)
        while any(colour == other.colour for other in props):
            colour = colour_beside(person, draw)
        props.append(Prop(str(draw.choice(kinds)), colour))
    return props


def _table(person: Performer, height: int, width: int, draw: np.random.Generator) -> np.ndarray:
    """A table before a wall, out of focus: (H, W, 3) uint8 RGB."""
    small = wall(person, height, width)
    edge = round(len(small) * (0.42 + draw.uniform(-0.04, 0.04)))
    top = person.shirt * 0.5 + person.wall.mean((0, 1)) * 0.5
    small[edge:] = 0.25 * small[edge:] + 0.75 * (top + np.linspace(-6, 10, len(small) - edge)[:, None, None])
    return backdrop(small, height, width, draw)
