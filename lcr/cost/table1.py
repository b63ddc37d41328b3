"""Table 1 of the paper: six models' sizes, parameters and FLOPs, as printed."""

import csv
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from lcr.model.config import ModelConfig
from lcr.model.models import MODELS

FRAMES = 32  # of one view, as counted here; the paper does not give the number (frames-in-flops in the register)


class Printed(NamedTuple):
    """A number as printed, in the table's unit, and half of its last digit."""

    value: float
    half_digit: float

    @classmethod
    def read(cls, text: str) -> "Printed":
        """`0.022` -> 0.022 ± 0.0005."""
        return cls(float(text), 0.5 * 10 ** -len(text.partition(".")[2]))


class Row(NamedTuple):
    """One row. name: as in `lcr.model.MODELS`; params in 1e6, flops in 1e12 of an unknown unit and length."""

    name: str
    label: str
    dataset: str
    config: ModelConfig
    params_m: Printed
    flops_t: Printed


def teraflops(macs: float) -> float:
    """FLOPs in 1e12, two a multiply-add: the unit in which counts stand beside the printed FLOPs."""
    return 2 * macs / 1e12


def error_percent(counted: float, published: float) -> float:
    """The error of a count against the printed number, both in the printed number's unit, in percent."""
    return 100 * (counted / published - 1)


@cache
def table1() -> tuple[Row, ...]:
    """The six rows in the paper's order, each with the named model of its sizes."""
    rows = []
    for cells in csv.DictReader((files("lcr.paper") / "table1.csv").read_text(encoding="utf-8").splitlines()):
        size = {key: int(cells[key]) for key in ("frame_size", "patch_size", "depth", "hidden", "heads")}
        name = next(key for key, model in MODELS.items() if size.items() <= model.model_dump().items())
        printed = (Printed.read(cells[column]) for column in ("params_m", "flops_t"))
        rows.append(Row(name, cells["model"], cells["dataset"], MODELS[name], *printed))
    return tuple(rows)
