"""Which reading of the text gives Table 1's parameters and FLOPs? Every combination of the space, exactly.

A combination's count is a sum of one entry a block, so all of them are one broadcast sum. The FLOPs depend on fewer
axes than the parameters, and on the accounting besides: the best accounting is found once for each combination of
those axes, which searches all combinations under all accountings without listing them.

Errors are relative, in percent; a combination is as bad as its worst row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from lcr.cost.parts import Count
from lcr.cost.space import ACCOUNTING, BLOCKS, Accounting, Block, Entry, Sizes, accountings
from lcr.cost.table1 import Printed, Row, table1

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Index = tuple[int, ...]  # one entry's number for each block
MACS = ("patch", "token", "frame", "place")
WITHIN = 2.0  # percent: what counts as a fit of the parameters


class Errors(NamedTuple):
    """Of combinations (…): the worst relative error in percent, its row, and how many of the rows print alike."""

    worst: Floats
    row: Integers
    alike: Integers


def errors(counted: Floats, printed: Sequence[Printed]) -> Errors:
    """counted (…, rows) against a printed column, in the column's unit."""
    values, half_digits = np.array(printed).T
    off = np.abs(counted - values)
    relative = 100 * off / values
    return Errors(relative.max(-1), relative.argmax(-1), (off <= half_digits * (1 + 1e-9)).sum(-1))


def _sums(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """One entry of each block, added, in all combinations: [(n1, k), (n2, k), …] -> (n1, n2, …, k)."""
    total = parts[0]
    for part in parts[1:]:
        total = total[..., None, :] + part
    return total


@dataclass(frozen=True)
class Search:
    """All combinations, searched.

    entries: of each block. shape: their numbers; every array below has it.
    params: errors of the parameters. flops: errors of the FLOPs under the best accounting; its number: accounting.
    most_alike: the most FLOPs rows that any accounting prints alike. by_accounting: the least FLOPs error of each.
    departures: on how many axes (the accounting's not among them) a combination differs from the reading used here.
    """

    rows: tuple[Row, ...]
    sizes: Sizes
    entries: list[list[Entry]]
    params: Errors
    flops: Errors
    accounting: Integers
    accountings: list[Accounting]
    most_alike: Integers
    by_accounting: Floats
    departures: Integers

    @property
    def shape(self) -> Index:
        return tuple(len(block) for block in self.entries)

    @property
    def combinations(self) -> int:
        """How many readings were searched, each under each accounting."""
        return int(np.prod(self.shape)) * len(self.accountings)

    @cached_property
    def both(self) -> Floats:
        """The worst relative error over the rows of both columns, in percent."""
        return np.maximum(self.params.worst, self.flops.worst)

    @property
    def default(self) -> Index:
        """The reading used here."""
        return (0,) * len(self.entries)

    def count(self, index: Index) -> Count:
        """A combination's counts on all rows."""
        return sum((block[i].count for block, i in zip(self.entries, index, strict=True)), Count())

    def answers(self, index: Index) -> dict[str, str]:
        """A combination's answer on each axis."""
        entries = [block[i] for block, i in zip(self.entries, index, strict=True)]
        return {axis: answer for entry in entries for axis, answer in entry.answers.items()}

    def best(self, key: NDArray[Any]) -> Index:
        """The combination of the least `key`."""
        return tuple(map(int, np.unravel_index(key.argmin(), self.shape)))

    def ranked(self, *keys: NDArray[Any], among: NDArray[np.bool_] | None = None, top: int = 10) -> list[Index]:
        """The first combinations by `keys`, of each value of the first key one; `among`: only these."""
        flat = [np.ravel(key) for key in keys]
        chosen = np.arange(flat[0].size) if among is None else np.flatnonzero(among)
        order = chosen[np.lexsort([key[chosen] for key in reversed(flat)])]
        _, firsts = np.unique(np.round(flat[0][order], 9), return_index=True)
        return [tuple(map(int, np.unravel_index(order[i], self.shape))) for i in firsts[:top]]


def search(
    rows: tuple[Row, ...] | None = None,
    blocks: Sequence[Block] = BLOCKS,
    progress: Callable[[Accounting], None] = lambda way: None,
) -> Search:
    """Searches the space on Table 1's rows, or on others; `progress` is told each accounting before it is tried."""
    rows = table1() if rows is None else rows
    sizes = Sizes.of(rows)
    entries = [list(block.entries(sizes)) for block in blocks]
    first = [block[0].answers for block in entries]

    def column(block: list[Entry], name: str) -> Integers:
        counts = [np.broadcast_to(getattr(entry.count, name), len(rows)) for entry in block]
        return np.stack(counts).astype(np.int64)

    macs = {name: [column(block, name) for block in entries] for name in MACS}
    # A block on which no multiply-add depends is searched through its first entry alone.
    for number in range(len(entries)):
        parts = [macs[name][number] for name in MACS]
        if all((part == part[:1]).all() for part in parts):
            for name in MACS:
                macs[name][number] = macs[name][number][:1]
    count = Count(**{name: _sums(parts) for name, parts in macs.items()})
    ways = accountings()
    best, accounting, alike, by_accounting = _best_accounting(count, sizes, ways, rows, progress)
    shape = tuple(len(block) for block in entries)
    apart = [
        np.array([[sum(entry.answers[axis] != answer for axis, answer in own.items())] for entry in block])
        for block, own in zip(entries, first, strict=True)
    ]
    return Search(
        rows=rows,
        sizes=sizes,
        entries=entries,
        params=errors(_sums([column(block, "params") for block in entries]) / 1e6, [row.params_m for row in rows]),
        flops=Errors(*(np.broadcast_to(part, shape) for part in best)),
        accounting=np.broadcast_to(accounting, shape),
        accountings=ways,
        most_alike=np.broadcast_to(alike, shape),
        by_accounting=by_accounting,
        departures=_sums(apart)[..., 0],
    )


def _best_accounting(
    count: Count, sizes: Sizes, ways: list[Accounting], rows: tuple[Row, ...], progress: Callable[[Accounting], None]
) -> tuple[Errors, Integers, Integers, Floats]:
    printed = [row.flops_t for row in rows]
    progress(ways[0])
    best = errors(ways[0].flops(count, sizes) / 1e12, printed)
    number, alike, least = np.zeros(best.worst.shape, np.int64), best.alike, [best.worst.min()]
    for i, way in enumerate(ways[1:], 1):
        progress(way)
        here = errors(way.flops(count, sizes) / 1e12, printed)
        better = here.worst < best.worst
        best = Errors(*(np.where(better, new, old) for new, old in zip(here, best, strict=True)))
        number, alike = np.where(better, i, number), np.maximum(alike, here.alike)
        least.append(here.worst.min())
    return best, number, alike, np.array(least)


class AnswerFit(NamedTuple):
    """How well one answer can do, whatever the others are: least worst errors in percent; NaN where it has no say."""

    axis: str
    answer: str
    params: float
    flops: float
    both: float
    within: int  # combinations with the answer whose parameters are within WITHIN


def fits_by_answer(found: Search) -> list[AnswerFit]:
    """The best that can be reached with each answer on each axis; of the accounting's, in the FLOPs alone."""
    fits = []
    for number, block in enumerate(found.entries):
        for axis in block[0].answers:
            for answer in dict.fromkeys(entry.answers[axis] for entry in block):
                own = [i for i, entry in enumerate(block) if entry.answers[axis] == answer]
                params, flops, both = (
                    array.take(own, axis=number) for array in (found.params.worst, found.flops.worst, found.both)
                )
                within = int((params <= WITHIN).sum())
                fits.append(AnswerFit(axis, answer, params.min(), flops.min(), both.min(), within))
    nan = float("nan")
    for axis in ACCOUNTING:
        for answer in dict.fromkeys(way.answers[axis] for way in found.accountings):
            own = [i for i, way in enumerate(found.accountings) if way.answers[axis] == answer]
            fits.append(AnswerFit(axis, answer, nan, found.by_accounting[own].min(), nan, 0))
    return fits


class Bound(NamedTuple):
    """(15·C² + layer·C) a layer + around·C: the coefficients that fit the parameters best.

    worst: the worst row's relative error in percent, or its distance in halves of the printed last digit (above 1, no
    such form prints all rows alike).
    """

    layer: float
    around: float
    worst: float


def bound(rows: tuple[Row, ...] | None = None, *, in_half_digits: bool = False) -> Bound:
    """The best that any reading can do with 15·C² a layer and all other parts in proportion to C.

    A linear programme in the two coefficients; what it makes least is the largest error of a row.
    """
    rows = table1() if rows is None else rows
    sizes, printed = Sizes.of(rows), np.array([1e6 * row.params_m.value for row in rows])
    unit = np.array([1e6 * row.params_m.half_digit for row in rows]) if in_half_digits else printed / 100
    terms = np.stack([sizes.c * sizes.depth, sizes.c], 1) / unit[:, None]
    left = (printed - 15 * sizes.c**2 * sizes.depth) / unit
    error = np.ones((len(rows), 1))  # ±(terms·x - left) <= error
    sides = np.vstack([np.hstack([terms, -error]), np.hstack([-terms, -error])])
    solved = linprog([0, 0, 1], sides, np.concatenate([left, -left]), bounds=[(0, None)] * 3)
    return Bound(*map(float, solved.x))
