"""The paper's Table 1: six models' sizes, parameters and FLOPs, as printed."""

import csv
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from lcr.model.config import ModelConfig
from lcr.model.models import MODELS

FRAMES = 32  # of one view, as counted here; how many the paper counted it does not say (frames-in-flops)


class Printed(NamedTuple):
    """A number as printed, in the table's unit, and half of its last digit."""

    value: float
    half_digit: float

    @classmethod
    def read(cls, text: str) -> "Printed":
        """`0.022` -> 0.022 ± 0.0005."""
        decimals = len(text.partition(".")[2])
        return cls(float(text), 0.5 * 10**-decimals)


class Row(NamedTuple):
    """One row. name: as in lcr.model.models.MODELS; params in 1e6, flops in 1e12 of an unknown unit and length."""

    name: str
    label: str
    dataset: str
    config: ModelConfig
    params_m: Printed
    flops_t: Printed


@cache
def table1() -> tuple[Row, ...]:
    """The six rows in the paper's order, each with the named model of its sizes."""
    text = (files("lcr.paper") / "table1.csv").read_text(encoding="utf-8")
    return tuple(_row(cells) for cells in csv.DictReader(text.splitlines()))


def _row(cells: dict[str, str]) -> Row:
    size = {key: int(cells[key]) for key in ("frame_size", "patch_size", "depth", "hidden", "heads")}
    name = next(key for key, model in MODELS.items() if size.items() <= model.model_dump().items())
    printed = Printed.read(cells["params_m"]), Printed.read(cells["flops_t"])
    return Row(name, cells["model"], cells["dataset"], MODELS[name], *printed)
