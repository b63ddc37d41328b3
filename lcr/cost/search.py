"""Search for the readings that give Table 1's parameters and FLOPs, over every combination of the space, exactly.

A combination's count is a sum of one entry a block, so that all combinations are one broadcast sum. The FLOPs depend on
fewer axes than the parameters, and on the accounting: the best accounting is found once for each combination of those
axes, which searches all combinations under all accountings without listing them.

Errors are relative, in percent; a combination is as bad as its worst row.
"""

from collections.abc import Callable, Sequence
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
MACS = ("patch", "token", "frame", "clip")
WITHIN = 2.0  # percent: the largest error of a fit of the parameters


class Errors(NamedTuple):
    """Errors of combinations (…): the worst relative error in percent, its row, and how many rows print alike."""

    worst: Floats
    row: Integers
    alike: Integers


def errors(counted: Floats, printed: Sequence[Printed]) -> Errors:
    """Errors of counts (…, rows) against a printed column, in the column's unit."""
    values, half_digits = np.array(printed).T
    off = np.abs(counted - values)
    relative = 100 * off / values
    return Errors(relative.max(-1), relative.argmax(-1), (off <= half_digits * (1 + 1e-9)).sum(-1))


def _sums(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Sums of one entry of each block, in all combinations: [(n1, k), (n2, k), …] -> (n1, n2, …, k)."""
    total = parts[0]
    for part in parts[1:]:
        total = total[..., None, :] + part
    return total


class Search:
    """All combinations, searched on Table 1's rows or on others.

    entries: of each block; `shape` is their numbers, and the shape of every array below.
    params: errors of the parameters. flops: errors of the FLOPs under the best accounting, by its number: `accounting`.
    both: the worst error over the rows of both columns, in percent.
    most_alike: the most FLOPs rows that any accounting prints alike. by_accounting: the least FLOPs error of each.
    departures: the number of axes, without the accounting's, on which a combination differs from `default`, the reading
        used here.

    Args:
        rows: Table 1's unless given.
        progress: told of each accounting before it is tried.
    """

    def __init__(
        self,
        rows: tuple[Row, ...] | None = None,
        blocks: Sequence[Block] = BLOCKS,
        progress: Callable[[Accounting], None] = lambda way: None,
    ) -> None:
        rows = table1() if rows is None else rows
        self.rows, self.sizes, self.accountings = rows, Sizes.of(rows), accountings()
        self.entries = [list(block.entries(self.sizes)) for block in blocks]
        self.shape: Index = tuple(map(len, self.entries))
        self.combinations = int(np.prod(self.shape)) * len(self.accountings)
        self.default: Index = (0,) * len(self.shape)
        self.params = errors(_sums(self._columns("params")) / 1e6, [row.params_m for row in rows])
        self._search_accountings(progress)
        self.both = np.maximum(self.params.worst, self.flops.worst)
        own = [
            np.array([[sum(block[0].answers[axis] != one for axis, one in entry.answers.items())] for entry in block])
            for block in self.entries
        ]
        self.departures = _sums(own)[..., 0]

    def _columns(self, name: str) -> list[Integers]:
        """One field of every entry's count, (entries, rows) for each block."""
        counts = [[getattr(entry.count, name) for entry in block] for block in self.entries]
        return [np.stack([np.broadcast_to(one, len(self.rows)) for one in block]).astype(np.int64) for block in counts]

    def _search_accountings(self, progress: Callable[[Accounting], None]) -> None:
        macs = [self._columns(name) for name in MACS]
        # A block on which no multiply-add depends is searched through its first entry alone.
        fixed = [all((part == part[:1]).all() for part in parts) for parts in zip(*macs, strict=True)]
        macs = [[part[:1] if alone else part for part, alone in zip(parts, fixed, strict=True)] for parts in macs]
        count = Count(**dict(zip(MACS, map(_sums, macs), strict=True)))
        printed = [row.flops_t for row in self.rows]
        best, number, alike, least = Errors(np.inf, 0, 0), 0, 0, []
        for i, way in enumerate(self.accountings):
            progress(way)
            here = errors(way.flops(count, self.sizes) / 1e12, printed)
            better = here.worst < best.worst
            best = Errors(*(np.where(better, new, old) for new, old in zip(here, best, strict=True)))
            number, alike = np.where(better, i, number), np.maximum(alike, here.alike)
            least.append(here.worst.min())
        self.flops = Errors(*(np.broadcast_to(part, self.shape) for part in best))
        self.accounting, self.most_alike = (np.broadcast_to(part, self.shape) for part in (number, alike))
        self.by_accounting = np.array(least)

    def count(self, index: Index) -> Count:
        """A combination's counts on all rows."""
        return sum((block[i].count for block, i in zip(self.entries, index, strict=True)), Count())

    def answers(self, index: Index) -> dict[str, str]:
        """A combination's answer on each axis."""
        entries: list[Entry] = [block[i] for block, i in zip(self.entries, index, strict=True)]
        return {axis: answer for entry in entries for axis, answer in entry.answers.items()}

    def best(self, key: NDArray[Any]) -> Index:
        """The combination of the least `key`."""
        return tuple(map(int, np.unravel_index(key.argmin(), self.shape)))

    def ranked(self, *keys: NDArray[Any], among: NDArray[np.bool_] | None = None, top: int = 10) -> list[Index]:
        """The first combinations by `keys`, one for each value of the first key; `among` restricts them."""
        flat = [np.ravel(key) for key in keys]
        chosen = np.arange(flat[0].size) if among is None else np.flatnonzero(among)
        order = chosen[np.lexsort([key[chosen] for key in reversed(flat)])]
        _, firsts = np.unique(np.round(flat[0][order], 9), return_index=True)
        return [tuple(map(int, np.unravel_index(order[i], self.shape))) for i in firsts[:top]]


def fits_by_answer(found: Search) -> list[dict[str, Any]]:
    """The least worst errors in percent with each answer on each axis; for the accounting's axes, of the FLOPs alone.

    within_2_pct: the number of combinations with the answer whose parameters are within WITHIN.
    """
    fits = []
    for number, block in enumerate(found.entries):
        for axis, answer in dict.fromkeys(item for entry in block for item in entry.answers.items()):
            own = [i for i, entry in enumerate(block) if entry.answers[axis] == answer]
            arrays = (found.params.worst, found.flops.worst, found.both)
            params, flops, both = (array.take(own, axis=number) for array in arrays)
            fits.append(
                {
                    "axis": axis,
                    "answer": answer,
                    "params_worst_pct": params.min(),
                    "flops_worst_pct": flops.min(),
                    "both_worst_pct": both.min(),
                    "within_2_pct": int((params <= WITHIN).sum()),
                }
            )
    axes = [axis for block in found.entries for axis in block[0].answers]
    fits.sort(key=lambda fit: axes.index(fit["axis"]))
    for axis in ACCOUNTING:
        for answer in dict.fromkeys(way.answers[axis] for way in found.accountings):
            own = [i for i, way in enumerate(found.accountings) if way.answers[axis] == answer]
            fits.append({"axis": axis, "answer": answer, "flops_worst_pct": found.by_accounting[own].min()})
    return fits


class Bound(NamedTuple):
    """The coefficients of (15·C² + layer·C) a layer + around·C that fit the parameters best.

    worst: the worst row's relative error in percent, or its distance in halves of the printed last digit (above 1, no
    such form prints all rows alike).
    """

    layer: float
    around: float
    worst: float


def bound(rows: tuple[Row, ...] | None = None, *, in_half_digits: bool = False) -> Bound:
    """The best fit of any reading with 15·C² a layer and all other parts in proportion to C.

    A linear programme in the two coefficients minimises the largest error of a row.
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
