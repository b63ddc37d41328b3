"""Space of readings for the search: the ways in which Table 1's two columns may have been counted.

An *axis* is one open question with its possible answers, the reading used here first. Axes whose counts depend on one
another stand in one *block*, so that a combination's count is the sum of one entry a block. The *accounting* says how
the FLOPs column was counted, and over which frames and tokens.

The space leaves out the readings that change neither column: the source of K and V, the cell's equation, the residual,
eq. 12's input, the edge map's index, and the start of Z.
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from lcr.cost.parts import (
    Count,
    bi_wkv,
    channel_mix,
    classifier,
    data_dependent_decay,
    data_dependent_mixes,
    linear,
    norm,
    patch_convolution,
    pointwise_on_patches,
    rotary,
    spatial_mix,
    vector,
)
from lcr.cost.table1 import Row

Change = dict[str, Any] | None  # fields of `Readings` that make the model so; None where the model has no such reading
Answers = dict[str, str]  # by axis


class Sizes(NamedTuple):
    """Table 1's sizes, each an integer array with one entry a row. large: whether the row is of a 224-pixel model."""

    c: Any
    d: Any
    p: Any
    patches: Any
    depth: Any
    large: Any

    @classmethod
    def of(cls, rows: tuple[Row, ...]) -> "Sizes":
        """Sizes of the rows' models."""
        names = ("hidden", "head_width", "patch_size", "patches", "depth")
        columns = [[getattr(row.config, name) for row in rows] for name in names]
        return cls(*map(np.array, columns), np.array([row.config.frame_size == 224 for row in rows]))


class Entry(NamedTuple):
    """One combination of answers to the axes of a block, and its count."""

    answers: Answers
    count: Count
    change: Change


class Block(NamedTuple):
    """Axes that are counted together: each axis' answers with their changes, and the count of a combination."""

    axes: dict[str, dict[str, Change]]
    count: Callable[[Sizes, Answers], Count]

    def entries(self, sizes: Sizes) -> Iterator[Entry]:
        """All combinations of answers; the first is the reading used here."""
        for chosen in product(*self.axes.values()):
            answers = dict(zip(self.axes, chosen, strict=True))
            changes = [self.axes[axis][answer] for axis, answer in answers.items()]
            change = None if None in changes else {key: value for one in changes for key, value in one.items()}
            yield Entry(answers, self.count(sizes, answers), change)


RGB = "RGB's own embedding, then 1×1 in each layer"
_LAYERED, _ONCE = "an embedding, then 1×1 in each layer", "an embedding, then 1×1 once"


def _embeddings(s: Sizes, answers: Answers) -> Count:
    kernel = s.p if answers["patch kernel"] == "P" else 16
    own, pointwise = patch_convolution(1, s.p, s.c), pointwise_on_patches(s.c)
    shared = Count(patch=3 * kernel**2 * s.c)  # edge maps through the frames' embedding add no parameter
    edges = {"P×P": own, _LAYERED: own + pointwise * s.depth, RGB: shared + pointwise * s.depth, _ONCE: own + pointwise}
    return patch_convolution(3, kernel, s.c) + vector(s.c) + edges[answers["zero convolution"]]


EMBEDDINGS = Block(
    {
        "patch kernel": {"P": {}, "16": {"patch_kernel": "overlapping"}},
        "zero convolution": {"P×P": {}, _LAYERED: {"zero_conv": "pointwise"}, RGB: None, _ONCE: None},
    },
    _embeddings,
)

_POSITIONS: dict[str, Callable[[Sizes], Count]] = {
    "one a token": lambda s: vector(s.c, s.patches + 1),
    "P²×C (eq. 1)": lambda s: vector(s.c, s.p**2),
    "rotary": lambda s: rotary(s.d) * s.depth,
    "none": lambda s: Count(),
}
POSITIONS = Block(
    {"position": {"one a token": {}, "P²×C (eq. 1)": None} | {name: {"position": name} for name in ("rotary", "none")}},
    lambda s, answers: _POSITIONS[answers["position"]](s),
)

EDGE_TOKEN = Block(
    {"edge class token": {"none": {}, "learned": {"edge_class_token": "learned"}}},
    lambda s, answers: vector(s.c, int(answers["edge class token"] == "learned")),
)

CLASSES = {"27 / 400": (27, 400), "27 / 174": (27, 174), "27 everywhere": (27, 27), "not counted": (0, 0)}


def _head(s: Sizes, answers: Answers) -> Count:
    jester, large = CLASSES[answers["classes"]]
    width = 2 * s.c if answers["head width"].startswith("2C") else s.c
    return classifier(width, np.where(s.large, large, jester)) if large else norm(width)


HEAD = Block(
    {
        "classes": {name: {} if name == "27 / 400" else None for name in CLASSES},
        "head width": {"2C (eq. 12)": {}, "C": None},
    },
    _head,
)


def _causal(taps: int, times: int) -> Callable[[Sizes], Count]:
    """Depth-wise with `taps` taps and a bias, then a pointwise layer whose product is made `times` times a token."""
    return lambda s: vector(s.c, taps + 1) + Count(params=s.c * s.c + s.c, token=times * s.c * s.c)


_APART = "kernel {}, pointwise of frame and past apart"
_CAUSAL: dict[str, Callable[[Sizes], Count]] = {
    _APART.format(2): _causal(2, 2),
    _APART.format(4): _causal(4, 2),
    "kernel 2, pointwise": _causal(2, 1),
    "kernel 4, pointwise": _causal(4, 1),
    "depth-wise alone, kernel 2": lambda s: vector(s.c, 3),
    "depth-wise alone, kernel 4": lambda s: vector(s.c, 5),
    "dense on (h, x)": lambda s: linear(2 * s.c, s.c) + vector(s.c),
}
CAUSAL = Block(
    {"causal convolution": dict.fromkeys(_CAUSAL) | {_APART.format(2): {}, _APART.format(4): {"cauconv": "tokens"}}},
    lambda s, answers: _CAUSAL[answers["causal convolution"]](s) * s.depth,
)

MIX_RANKS = {"static": 0, "low rank 16": 16, "low rank 32": 32, "low rank 64": 64}
DECAY_RANKS = {"static": 0, "static, heads alike": 0, "low rank 32": 32, "low rank 64": 64, "low rank 128": 128}


def _spatial(s: Sizes, answers: Answers) -> Count:
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
        "mixes": {name: None if rank else {} for name, rank in MIX_RANKS.items()},
        "decay": dict.fromkeys(DECAY_RANKS) | {"static": {}, "low rank 64": {"decay": "data_dependent"}},
    },
    _spatial,
)

_CHANNEL: dict[str, Callable[[Sizes], Count]] = {
    "one mix (eq. 6)": lambda s: channel_mix(s.c),
    "two mixes (VRWKV6)": lambda s: channel_mix(s.c, 2),
    "two mixes, low rank 32": lambda s: channel_mix(s.c, 2) + data_dependent_mixes(s.c, 2),
}
CHANNEL = Block(
    {"channel mix": dict.fromkeys(_CHANNEL) | {"one mix (eq. 6)": {}}},
    lambda s, answers: (norm(s.c) + _CHANNEL[answers["channel mix"]](s)) * s.depth,
)

_VECTORS = {"edge norm": 2, "layer scale": 2, "biases": 5 + 6}  # a layer, each of C
VECTORS = Block(
    {
        "edge norm": {"no": {}, "yes": {"edge_norm": True}},
        "layer scale": {"no": {}, "yes (VRWKV6-B)": None},
        "biases": {"none": {}, "on every matrix": None},
    },
    lambda s, answers: (
        vector(s.c, sum(_VECTORS[axis] for axis, answer in answers.items() if answer not in ("no", "none"))) * s.depth
    ),
)

BLOCKS = (EMBEDDINGS, POSITIONS, EDGE_TOKEN, HEAD, CAUSAL, SPATIAL, CHANNEL, VECTORS)


# Each first answer of the accounting is the reading used here.
FRAMES = (32, 8, 16, 24, 64)
DROPPED = (0.0, 0.3, 0.5, 0.75)
UNITS = {"FLOPs": 2, "multiply-adds": 1}
OPERATOR: dict[str, Callable[[Sizes], Count]] = {
    "Bi-WKV in chunk form": lambda s: Count(),
    "Bi-WKV as 7·D (Vision-RWKV)": lambda s: (Count(token=7 * s.d * s.c) + bi_wkv(s.c, s.d) * -1) * s.depth,
    "Bi-WKV left out (fvcore)": lambda s: bi_wkv(s.c, s.d) * -1 * s.depth,
}
ACCOUNTING = ("frames", "tokens dropped at inference", "unit", "operator")


class Accounting(NamedTuple):
    """One way to make the FLOPs column from a model's counts."""

    frames: int
    dropped: float
    unit: str
    operator: str

    @property
    def answers(self) -> Answers:
        """The answer on each axis of `ACCOUNTING`, as written in the tables."""
        return dict(zip(ACCOUNTING, (str(self.frames), f"{self.dropped:g}", self.unit, self.operator), strict=True))

    def flops(self, count: Count, sizes: Sizes) -> Any:
        """FLOPs or multiply-adds (…, rows), in 1, of a count (…, rows)."""
        kept = sizes.patches - np.round(sizes.patches * self.dropped).astype(int)
        whole = count + OPERATOR[self.operator](sizes)
        return UNITS[self.unit] * whole.multiply_adds(kept, self.frames)


def accountings() -> list[Accounting]:
    """All accountings; the first is the reading used here."""
    return [Accounting(*answers) for answers in product(FRAMES, DROPPED, UNITS, OPERATOR)]
