"""The claims as data: `lcr/paper/claims.yaml`, checked, and what its expressions may use.

A claim says in one of three ways how it is tested:

- value and holds: expressions over the published numbers, facts of the text, and our counts (`names`); what
  `value` gives is shown as measured, and `holds`, which may use it as `measured`, is the verdict;
- measured: a quantity of a study's runs that must equal, exceed or stay below a number, decided where it was measured
  on the paper's data;
- untested: why nothing here can test it.
"""

import csv
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from math import sqrt
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import model_validator

from lcr import paper
from lcr.config.datasets import official_labels
from lcr.cost.baselines import BASELINES
from lcr.cost.ranges import gmacs
from lcr.model.config import Frozen
from lcr.paper.facts import fact
from lcr.util.errors import InputError
from lcr.util.schema import parse, read_yaml

Kind = Literal["internal arithmetic", "count", "accuracy", "availability"]


class Quantity(Frozen):
    """A number that a study measures, and what the paper says of it (percent or percentage points).

    dataset: the paper's; its generated stand-in gives a number, but no verdict.
    table, column, variant, condition: the row and the cell; `delta_top1` is variant - full.
    equals, above, below: exactly one is given.
    model: the one that the number is of; any of Table 1's for the data set if not given.
    """

    dataset: Literal["jester", "something", "kinetics"]
    table: Literal["statistics", "temporal"]
    column: Literal["top1", "top5", "delta_top1", "pair_accuracy"]
    variant: str = "full"
    condition: str = ""
    model: str = ""
    equals: float | None = None
    above: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def _one_statement(self) -> Self:
        if sum(value is not None for value in (self.equals, self.above, self.below)) != 1:
            raise ValueError("give one of equals, above and below")
        return self


class Claim(Frozen):
    """One claim: an id, where it stands, in which words, and how it is tested.

    published: the printed number, as printed, where there is one.
    why: the reason, in words that are true whichever way it comes out; {measured} and {published} are filled in.
    """

    id: str
    where: str
    kind: Kind
    claim: str
    why: str = ""
    published: str = ""
    value: str = ""
    holds: str = ""
    digits: int = 2
    measured: Quantity | None = None
    untested: str = ""
    evidence: str = ""

    @model_validator(mode="after")
    def _one_test(self) -> Self:
        if sum(map(bool, (self.holds, self.measured, self.untested))) != 1:
            raise ValueError("give one of holds, measured and untested")
        if not self.untested and not self.why:
            raise ValueError("a claim that is tested needs a why")
        return self


@cache
def _rows(name: str) -> list[dict[str, str]]:
    text = (files("lcr.paper") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def table1() -> list[dict[str, str]]:
    """The rows of the paper's Table 1."""
    return _rows("table1.csv")


def table2() -> list[dict[str, str]]:
    """The rows of the paper's Table 2."""
    return _rows("table2.csv")


@cache
def claims() -> tuple[Claim, ...]:
    """The claims of `lcr/paper/claims.yaml`.

    Raises:
        InputError: an entry is malformed, or two have one id.
    """
    entries = read_yaml(Path(paper.__file__).with_name("claims.yaml"))
    found = tuple(parse(Claim, entry, f"lcr/paper/claims.yaml, {entry.get('id')}") for entry in entries)
    if len({claim.id for claim in found}) != len(found):
        raise InputError("lcr/paper/claims.yaml: two claims have one id")
    return found


def cell1(dataset: str, model: str, column: str) -> float:
    """A cell of Table 1; its models have one name on two data sets."""
    return next(float(row[column]) for row in table1() if (row["dataset"], row["model"]) == (dataset, model))


def cell2(method: str, column: str) -> float:
    """A cell of Table 2."""
    return next(float(row[column]) for row in table2() if row["method"] == method)


def _column1(column: str, dataset: str = "") -> list[float]:
    return [float(row[column]) for row in table1() if dataset in ("", row["dataset"])]


def _column2(column: str, without: str = "", only: list[str] | None = None) -> list[float]:
    """A column of Table 2 without its blanks."""
    rows = [row for row in table2() if row["method"] != without and (only is None or row["method"] in only)]
    return [float(row[column]) for row in rows if row[column]]


def _fact(name: str, at: int | None = None) -> Any:
    value = fact(name)
    return value if at is None else value[at]


def _below(values: list[float], limit: float) -> int:
    return sum(value < limit for value in values)


def _half_width(percent: float, clips: int) -> float:
    """Half of the 95% interval of a share of `clips` independent clips, in points (normal approximation)."""
    share = percent / 100
    return 100 * 1.96 * sqrt(share * (1 - share) / clips)


def names() -> dict[str, Callable[..., Any]]:
    """What the ledger's expressions may call."""
    return {
        "t1": cell1,
        "t2": cell2,
        "column1": _column1,
        "column2": _column2,
        "fact": _fact,
        "below": _below,
        "half_width": _half_width,
        "classes": lambda kind: len(official_labels(kind)),
        "gmacs": gmacs,
        "baseline_gflops": lambda method: 2 * BASELINES[method][1] / 1e9,
        "min": min,
        "max": max,
        "abs": abs,
        "len": len,
        "round": round,
    }
