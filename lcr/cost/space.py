"""The space of readings that the search goes through: what Table 1's two columns may have counted.

An *axis* is one open question with its possible answers, the reading that this project uses first. Axes whose counts
depend on one another stand in one *block*, so that a combination's count is the plain sum of one entry a block. A
second list, the *accounting*, says what was counted as FLOPs and over which frames and tokens.

Not here, because they change neither column: the source of K and V, the cell's equation, the residual, eq. 12's input,
the edge map's index, and the initialisation of Z.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from lcr.cost.parts import (
    Count,
    bi_wkv,
    channel_mix,
    classifier,
    data_dependent_decay,
    data_dependent_mixes,
    learned_positions,
    linear,
    low_rank,
    norm,
    patch_convolution,
    pointwise_on_patches,
    rotary_key_angles,
    rotary_positions,
    spatial_mix,
    vector,
)
from lcr.cost.table1 import Row


@dataclass(frozen=True)
class Sizes:
    """Table 1's sizes, each an integer array with one entry a row. large: whether the row is of a 224-pixel model."""

    c: Any
    d: Any
    p: Any
    patches: Any
    depth: Any
    large: Any

    @classmethod
    def of(cls, rows: tuple[Row, ...]) -> "Sizes":
        configs = [row.config for row in rows]
        columns = {"c": "hidden", "d": "head_width", "p": "patch_size", "patches": "patches", "depth": "depth"}
        arrays = {key: np.array([getattr(one, name) for one in configs]) for key, name in columns.items()}
        return cls(**arrays, large=np.array([one.frame_size == 224 for one in configs]))


@dataclass(frozen=True)
class Choice:
    """One answer. change: the fields of `Readings` that make the model so; None where the model has no such reading."""

    name: str
    count: Callable[[Sizes], Count] = lambda s: Count()
    change: dict[str, Any] | None = None


@dataclass(frozen=True)
class Entry:
    """One entry of a block: the answer on each of its axes, and the count of them together."""

    answers: dict[str, str]
    count: Count
    change: dict[str, Any] | None


@dataclass(frozen=True)
class Block:
    """Axes that are counted together. joint: what a combination of answers counts beyond the sum of its answers."""

    axes: dict[str, tuple[Choice, ...]]
    joint: Callable[[Sizes, dict[str, str]], Count] = field(default=lambda s, answers: Count())

    def entries(self, sizes: Sizes) -> Iterator[Entry]:
        """All combinations of answers; the first is the reading used here."""
        for choices in product(*self.axes.values()):
            answers = {axis: choice.name for axis, choice in zip(self.axes, choices, strict=True)}
            changes = [choice.change for choice in choices]
            change = None if None in changes else {key: value for one in changes for key, value in one.items()}
            count = sum((choice.count(sizes) for choice in choices), self.joint(sizes, answers))
            yield Entry(answers, count, change)


RGB = "RGB's own embedding, then 1×1 in each layer"
_LAYERED = "an embedding, then 1×1 in each layer"


def _shared_embedding(s: Sizes, answers: dict[str, str]) -> Count:
    """Edge maps through the frames' patch embedding: no parameters, but its multiply-adds once more."""
    if answers["zero convolution"] != RGB:
        return Count()
    kernel = s.p if answers["patch kernel"] == "P" else 16
    return Count(patch=3 * kernel**2 * s.c)


EMBEDDINGS = Block(
    {
        "patch kernel": (
            Choice("P", lambda s: patch_convolution(3, s.p, s.c) + vector(s.c), {}),
            Choice("16", lambda s: patch_convolution(3, 16, s.c) + vector(s.c), {"patch_kernel": "overlapping"}),
        ),
        "zero convolution": (
            Choice("P×P", lambda s: patch_convolution(1, s.p, s.c), {}),
            Choice(
                _LAYERED,
                lambda s: patch_convolution(1, s.p, s.c) + pointwise_on_patches(s.c) * s.depth,
                {"zero_conv": "pointwise"},
            ),
            Choice(RGB, lambda s: pointwise_on_patches(s.c) * s.depth),
            Choice("an embedding, then 1×1 once", lambda s: patch_convolution(1, s.p, s.c) + pointwise_on_patches(s.c)),
        ),
    },
    _shared_embedding,
)

POSITIONS = Block(
    {
        "position": (
            Choice("one a token", lambda s: learned_positions(s.patches, s.c), {}),
            Choice("P²×C (eq. 1)", lambda s: vector(s.c) * s.p**2),
            Choice(
                "rotary",
                lambda s: (rotary_positions(s.d) + rotary_key_angles(s.d)) * s.depth,
                {"position": "rotary"},
            ),
            Choice("none", change={"position": "none"}),
        )
    }
)

EDGE_TOKEN = Block(
    {
        "edge class token": (
            Choice("learned", lambda s: vector(s.c), {}),
            Choice("none", change={"edge_class_token": "mean"}),
        )
    }
)

CLASSES = {"27 / 400": (27, 400), "27 / 174": (27, 174), "27 everywhere": (27, 27), "not counted": (0, 0)}


def _head(s: Sizes, answers: dict[str, str]) -> Count:
    jester, large = CLASSES[answers["classes"]]
    width = 2 * s.c if answers["head width"].startswith("2C") else s.c
    classes = np.where(s.large, large, jester)
    return classifier(width, classes) if large else norm(width)


HEAD = Block(
    {
        "classes": tuple(Choice(name, change={} if name == "27 / 400" else None) for name in CLASSES),
        "head width": (Choice("2C (eq. 12)", change={}), Choice("C")),
    },
    _head,
)


def _causal(taps: int, times: int) -> Callable[[Sizes], Count]:
    """Depth-wise with `taps` taps and a bias, then a pointwise layer whose product is made `times` times a token."""
    return lambda s: (vector(s.c, taps + 1) + Count(params=s.c * s.c + s.c, token=times * s.c * s.c)) * s.depth


CAUSAL = Block(
    {
        "causal convolution": (
            Choice("kernel 2, pointwise of frame and past apart", _causal(2, 2), {}),
            Choice("kernel 4, pointwise of frame and past apart", _causal(4, 2), {"cauconv": "tokens"}),
            Choice("kernel 2, pointwise", _causal(2, 1)),
            Choice("kernel 4, pointwise", _causal(4, 1)),
            Choice("depth-wise alone, kernel 2", lambda s: vector(s.c, 3) * s.depth),
            Choice("depth-wise alone, kernel 4", lambda s: vector(s.c, 5) * s.depth),
            Choice("dense on (h, x)", lambda s: (linear(2 * s.c, s.c) + vector(s.c)) * s.depth),
        )
    }
)

MIX_RANKS = {"static": 0, "low rank 16": 16, "low rank 32": 32, "low rank 64": 64}
DECAY_RANKS = {"static": 0, "static, heads alike": 0, "low rank 32": 32, "low rank 64": 64, "low rank 128": 128}


def _spatial(s: Sizes, answers: dict[str, str]) -> Count:
    mix, decay = MIX_RANKS[answers["mixes"]], DECAY_RANKS[answers["decay"]]
    count = norm(s.c) + vector(s.c, 4) + spatial_mix(s.c, s.d)
    if answers["decay"] == "static, heads alike":
        count += vector(s.d) + vector(s.c, -1)  # ω is one for all heads, as eq. 5's R^{D/h} may mean
    if decay:
        count += data_dependent_decay(s.c, decay)
    if mix:
        count += data_dependent_mixes(s.c, 5 if decay else 4, mix)
    return count * s.depth


SPATIAL = Block(
    {
        "mixes": tuple(Choice(name, change=None if rank else {}) for name, rank in MIX_RANKS.items()),
        "decay": tuple(
            Choice(name, change={"low rank 64": {"decay": "data_dependent"}, "static": {}}.get(name))
            for name in DECAY_RANKS
        ),
    },
    _spatial,
)

CHANNEL = Block(
    {
        "channel mix": (
            Choice("one mix (eq. 6)", lambda s: (norm(s.c) + channel_mix(s.c)) * s.depth, {}),
            Choice("two mixes (VRWKV6)", lambda s: (norm(s.c) + channel_mix(s.c, 2)) * s.depth),
            Choice(
                "two mixes, low rank 32",
                lambda s: (norm(s.c) + channel_mix(s.c, 3) + low_rank(s.c, 32, 2)) * s.depth,
            ),
        )
    }
)

VECTORS = Block(
    {
        "edge norm": (
            Choice("yes", lambda s: norm(s.c) * s.depth, {}),
            Choice("no", change={"edge_norm": False}),
        ),
        "layer scale": (Choice("no", change={}), Choice("yes (VRWKV6-B)", lambda s: vector(s.c, 2) * s.depth)),
        "biases": (Choice("none", change={}), Choice("on every matrix", lambda s: vector(s.c, 5 + 6) * s.depth)),
    }
)

BLOCKS = (EMBEDDINGS, POSITIONS, EDGE_TOKEN, HEAD, CAUSAL, SPATIAL, CHANNEL, VECTORS)


# What the FLOPs column counted; each first answer is the reading used here.
FRAMES = (32, 8, 16, 24, 64)
DROPPED = (0.0, 0.3, 0.5, 0.75)
UNITS = {"FLOPs": 2, "multiply-adds": 1}
OPERATOR = {
    "Bi-WKV in chunk form": lambda s: Count(),
    "Bi-WKV as 7·D (Vision-RWKV)": lambda s: (Count(token=7 * s.d * s.c) + bi_wkv(s.c, s.d) * -1) * s.depth,
    "Bi-WKV left out (fvcore)": lambda s: bi_wkv(s.c, s.d) * -1 * s.depth,
}
ACCOUNTING = ("frames", "tokens dropped at inference", "unit", "operator")


@dataclass(frozen=True)
class Accounting:
    """One way to make the FLOPs column from a model's counts."""

    frames: int
    dropped: float
    unit: str
    operator: str

    @property
    def answers(self) -> dict[str, str]:
        values = (str(self.frames), f"{self.dropped:g}", self.unit, self.operator)
        return dict(zip(ACCOUNTING, values, strict=True))

    def flops(self, count: Count, sizes: Sizes) -> Any:
        """The column's numbers, in 1, for a count (…, rows)."""
        kept = sizes.patches - np.round(sizes.patches * self.dropped).astype(int)
        whole = count + OPERATOR[self.operator](sizes)
        return UNITS[self.unit] * whole.multiply_adds(kept, self.frames)


def accountings() -> list[Accounting]:
    """All of them; the first is the reading used here."""
    return [Accounting(*answers) for answers in product(FRAMES, DROPPED, UNITS, OPERATOR)]
