"""Measured time and memory over frames and tokens (growth.csv, a copy of what `lcr bench growth` writes), for claims.

Columns: system, axis (frames or tokens), value, seconds, peak_bytes. A cost that grows as value^p has the slope p on
logarithmic axes; the fit takes the upper half of the values, where fixed costs weigh least.
"""

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from scipy import stats

from lcr.study.claims import verdicts
from lcr.study.claims.claim import Growth
from lcr.study.tables.frame import Row
from lcr.util.errors import InputError
from lcr.util.reading import read_whole

GROWTH = Path(__file__).with_name("growth.csv")
NAMED = "lcr/study/claims/growth.csv"
LCR = "lcr"
AGAIN = "lcr bench growth"
Costs = dict[str, list[tuple[float, float]]]  # by system: value and cost, in ascending order
LINEAR_RULE = "95% interval of p within 1 ± {:g}, where the cost grows as value^p (upper half)"
LEAST_RULE = "less than each other system by {:.0%}, at the largest value"


class Exponent(NamedTuple):
    """An exponent p with its 95% interval."""

    p: float
    low: float
    high: float


def exponent(points: Sequence[tuple[float, float]]) -> Exponent:
    """The exponent p of cost ∝ value^p: a straight line through the logarithms of the upper half of the points.

    Args:
        points: value and cost, both above 0, in ascending order of distinct values.

    Raises:
        ValueError: the upper half has fewer than three points, so that a line through them has no interval.
    """
    upper = points[len(points) // 2 :]
    if len(upper) < 3:
        raise ValueError(f"{len(points)} points, of which the upper half has fewer than 3")
    line = stats.linregress([math.log(value) for value, _ in upper], [math.log(cost) for _, cost in upper])
    half = stats.t.ppf(0.975, len(upper) - 2) * line.stderr
    return Exponent(line.slope, line.slope - half, line.slope + half)


def read_costs(axis: str, column: str, path: Path | None = None) -> Costs:
    """A cost of each system along an axis; empty if the file is not there.

    Raises:
        InputError: the file lacks a column, or a cell is no number above 0.
    """
    path = path or GROWTH
    if not path.is_file():
        return {}
    found: Costs = {}
    for line, row in enumerate(csv.DictReader(read_whole(path).decode("utf-8", "replace").splitlines()), 2):
        try:
            if row["axis"] == axis:
                point = float(row["value"]), float(row[column])
                if not all(0 < number < math.inf for number in point):
                    raise ValueError
                found.setdefault(row["system"], []).append(point)
        except (KeyError, TypeError, ValueError):
            raise InputError(f"{path}, line {line}: no {axis} and {column} above 0; make it again: {AGAIN}") from None
    return {system: sorted(points) for system, points in found.items()}


def growth_cells(test: Growth, costs: Costs) -> Row:
    """Cells of the ledger for a claim about growth; costs: from `read_costs`."""
    linear = test.statement == "linear"
    rule = LINEAR_RULE.format(verdicts.LINEAR) if linear else LEAST_RULE.format(verdicts.TOLERANCE)
    head = {"test": f"{test.column} over {test.axis}: {rule}"}
    if LCR not in costs or not (linear or len(costs) > 1):
        return head | {"verdict": verdicts.UNTESTED, "why": f"no {NAMED} with these systems; make it: {AGAIN}"}
    cells = _linear(test, costs[LCR]) if linear else _least(test, costs)
    return head | cells | {"evidence": NAMED}


def _linear(test: Growth, points: list[tuple[float, float]]) -> Row:
    try:
        p, low, high = exponent(points)
    except ValueError as error:
        return {"verdict": verdicts.UNTESTED, "why": str(error)}
    ends = f"{points[len(points) // 2][0]:g} to {points[-1][0]:g} {test.axis}"
    return {
        "measured": f"{p:.2f}",
        "ci_low": f"{low:.2f}",
        "ci_high": f"{high:.2f}",
        "verdict": verdicts.of_growth(low, high),
        "why": f"{test.column} of LCR grow as the power {p:.2f} [{low:.2f}, {high:.2f}] from {ends}",
    }


def _least(test: Growth, costs: Costs) -> Row:
    largest = max(set.intersection(*({value for value, _ in points} for points in costs.values())), default=None)
    if largest is None:
        return {"verdict": verdicts.UNTESTED, "why": f"the systems have no number of {test.axis} in common"}
    at = {system: dict(points)[largest] for system, points in costs.items()}
    own = at.pop(LCR)
    ratios = ", ".join(f"{own / other:.3g} times that of {system}" for system, other in at.items())
    here = "measured here, where LCR prepares all frames of a clip at once"
    return {
        "measured": f"{own:.4g}",
        "verdict": verdicts.of_least(own, list(at.values())),
        "why": f"{test.column} of LCR at {largest:g} {test.axis}: {ratios}; {here}",
    }
