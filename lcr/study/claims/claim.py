"""A claim of the paper: its words, its place, and its test.

A test is one of five:

- `Numbers`: two functions, of the printed numbers, facts of the text and counts;
- `Quantity`: a number that a study measures, which must equal, exceed or stay below a bound;
- `Growth`: how time or memory grows, or which system needs the least, by `docs/growth.csv`;
- `Untestable`: the reason why no measurement could contradict the claim;
- a text: the reason why this project has not tested the claim.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

# The basis of a verdict: printed numbers against one another; against closed forms, official lists or measured costs;
# against runs; is it there?
ARITHMETIC, COUNT, ACCURACY, AVAILABILITY = "internal arithmetic", "count", "accuracy", "availability"
# The kind of a row: a sentence of the paper, a cell of its tables, or the hypothesis of one of our ablations.
SENTENCE, CELL, HYPOTHESIS = "claim", "cell", "hypothesis"
PRINTED, IMPLIED = "printed", "implied"


@dataclass(frozen=True)
class Numbers:
    """A test that needs no run.

    value: returns the number or the list of numbers that the ledger shows as measured.
    holds: returns whether the claim holds, given that value; None if the value leaves that open.
    text: both functions as the ledger shows them.
    why: the reason, true for either verdict; {measured} stands for the value.
    digits: decimals of the value. evidence: the file or folder that the numbers come from.
    """

    value: Callable[[], Any]
    holds: Callable[[Any], bool | None]
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


@dataclass(frozen=True, kw_only=True)
class Growth:
    """A statement about measured time or memory of one inference, over frames or tokens of a frame.

    axis: what grows. column: the measured cost.
    statement: the cost of LCR is linear in the axis, or LCR needs less of it than the other systems at the largest
        value.
    """

    axis: Literal["frames", "tokens"]
    column: Literal["seconds", "peak_bytes"]
    statement: Literal["linear", "least"]


@dataclass(frozen=True)
class Untestable:
    """The reason why no measurement could contradict the claim."""

    why: str


@dataclass(frozen=True)
class Claim:
    """One claim.

    where: its place in the paper. basis: ARITHMETIC, COUNT, ACCURACY or AVAILABILITY.
    published: the printed number, as printed, where there is one.
    cause: claims that stand or fall together share it, and are counted once; if empty, the claim's own id.
    implied: the paper does not print the statement; its words or numbers imply it.
    """

    id: str
    where: str
    basis: str
    claim: str
    test: Numbers | Quantity | Growth | Untestable | str
    published: str = ""
    cause: str = ""
    implied: bool = False
