"""Ranges of a named model's counts: under the readings used here, and the least and most under any registered reading.

A printed count contradicts a text with several readings only if no reading gives that count. The closed forms make
thousands of readings take no time.
"""

from functools import cache
from itertools import product
from typing import Any, NamedTuple, get_args

from lcr.cost.closed_form import counted, multiply_adds
from lcr.cost.table1 import FRAMES, teraflops
from lcr.model.config import ModelConfig, Readings
from lcr.model.models import model_by_name

OTHER_FRAMES = (16, 32, 64)  # §4.1 gives 32 for Jester; for the other datasets it gives 64 for LCR-XL alone
TUBE_RATIOS = (0.0, 0.3, 0.5, 0.75)  # §3.5 gives neither the ratio nor whether the mask is on at test time
CLASSES = {"jester": (27,), "kinetics": (400,), "something": (174,), "k400_ssv2": (400, 174)}


class Range(NamedTuple):
    """A count under the readings used here, and its least and most under all."""

    default: float
    low: float
    high: float


def _alternatives(config: ModelConfig) -> list[ModelConfig]:
    """`config` under every combination of the readings that change one of its counts."""

    def read(readings: dict[str, Any]) -> ModelConfig:
        return config.model_copy(update={"readings": config.readings.model_copy(update=readings)})

    choices: dict[str, list[Any]] = {}
    for name, info in Readings.model_fields.items():
        values = get_args(info.annotation) or (True, False)
        if changing := [one for one in values if counted(read({name: one}), FRAMES) != counted(config, FRAMES)]:
            choices[name] = [getattr(config.readings, name), *changing]
    return [read(dict(zip(choices, values, strict=True))) for values in product(*choices.values())]


@cache
def parameter_range(model: str, dataset: str) -> Range:
    """Parameters in 1e6 of a named model, with the classes of any dataset of its block in Table 1."""
    base = model_by_name(model)
    configs = [one.model_copy(update={"classes": count}) for one in _alternatives(base) for count in CLASSES[dataset]]
    found = [counted(one, 1).params / 1e6 for one in configs]
    return Range(counted(base, 1).params / 1e6, min(found), max(found))


@cache
def flops_range(model: str, dataset: str) -> Range:
    """FLOPs in 1e12 of one view of 32 frames, two a multiply-add; least and most over all that the text leaves open.

    The text leaves open the readings, one or two FLOPs a multiply-add, up to three quarters of the tokens masked, and,
    where it gives no frames, 16 to 64 of them.
    """
    base = model_by_name(model)
    tokens = [round(base.patches * (1 - ratio)) for ratio in TUBE_RATIOS]
    frames = (FRAMES,) if dataset == "jester" else OTHER_FRAMES
    found = [
        teraflops(sum(multiply_adds(one, number, kept).values())) * unit
        for one in _alternatives(base)
        for number in frames
        for kept in (min(tokens), max(tokens))
        for unit in (0.5, 1)
    ]
    return Range(teraflops(counted(base, FRAMES).macs), min(found), max(found))


def gmacs(model: str, frames: int = FRAMES, tokens: int | None = None, *, edge_prompt: bool = True) -> float:
    """Multiply-adds in 1e9 of one view of a named model, with `tokens` patch tokens (None: its own number)."""
    config = model_by_name(model).model_copy(update={"edge_prompt": edge_prompt})
    return sum(multiply_adds(config, frames, tokens).values()) / 1e9
