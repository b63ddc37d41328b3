"""A claim of the paper: its words, its place, and its test.

A test is one of three:

- `Numbers`: two functions, of the printed numbers, facts of the text and counts;
- `Quantity`: a number that a study measures, which must equal, exceed or stay below a bound;
- a text: the reason why this project cannot test the claim.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

# Printed numbers against one another; against closed forms or official lists; against runs; is it there?
ARITHMETIC, COUNT, ACCURACY, AVAILABILITY = "internal arithmetic", "count", "accuracy", "availability"


@dataclass(frozen=True)
class Numbers:
    """A test that needs no run.

    value: returns the number or the list of numbers that the ledger shows as measured.
    holds: returns whether the claim holds, given that value.
    text: both functions as the ledger shows them.
    why: the reason, true for either verdict; {measured} stands for the value.
    digits: decimals of the value. evidence: the file or folder that the numbers come from.
    """

    value: Callable[[], Any]
    holds: Callable[[Any], bool]
    text: str
    why: str
    digits: int = 2
    evidence: str = "lcr/paper"


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A number that a study measures, with the paper's statement about it (percent or percentage points).

    dataset: the paper's dataset; its synthetic twin gives a number, but no verdict.
    table, column, variant, condition: the row and the cell; `delta_top1` is variant minus full.
    statement, bound: the claim, such as below 0.
    model: the model that the claim is about; if empty, any model of Table 1 for the dataset.
    why: the reason, true for either verdict; {measured} stands for the number.
    """

    dataset: Literal["jester", "something", "kinetics"]
    table: Literal["statistics", "temporal"]
    column: Literal["top1", "top5", "delta_top1", "pair_accuracy"]
    statement: Literal["equals", "above", "below"]
    bound: float
    variant: str = "full"
    condition: str = ""
    model: str = ""
    why: str = ""


@dataclass(frozen=True)
class Claim:
    """One claim. where: its place in the paper. published: the printed number, as printed, where there is one."""

    id: str
    where: str
    kind: str
    claim: str
    test: Numbers | Quantity | str
    published: str = ""
