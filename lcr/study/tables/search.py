"""reading_search and reading_search_axes: the readings that come nearest to Table 1's two columns.

reading_search: the ten best combinations by each ranking, and the reading used here, whatever its errors.
    ranking: params, flops or both (least worst relative error over the rows), simplest (fewest departures from the
    reading used here among those whose parameters are within 2%), default.
    reading, departures: the axes on which it differs from the reading used here, and their number. One column an axis.
    params_worst_pct, params_worst_row, params_rows_alike: the worst relative error over the six rows, the row that has
    it, and the number of rows that print alike; the same for the FLOPs, under the accounting in the last four axes.
    Then the columns themselves, in the units of Table 1.
reading_search_axes: the least errors with each single answer; within_2_pct counts the combinations with this answer
    whose parameters are within 2%.
"""

from functools import cache

import numpy as np

from lcr.cost.search import WITHIN, Index, Search, bound, errors, fits_by_answer
from lcr.cost.space import ACCOUNTING, BLOCKS
from lcr.study.tables.frame import Row, Source, integer, number

AXES = (*(axis for block in BLOCKS for axis in block.axes), *ACCOUNTING)
_MODELS = ("lcr-s-112", "lcr-base-112", "lcr-l-112", "lcr-base-224", "lcr-l-224", "lcr-xl-224")
COLUMNS = (
    *("study", "ranking", *integer("rank"), "reading", *integer("departures"), *AXES),
    *(*number(".3f", "params_worst_pct"), "params_worst_row", *integer("params_rows_alike")),
    *(*number(".3f", "flops_worst_pct"), "flops_worst_row", *integer("flops_rows_alike")),
    *number(".4f", *(f"params_m {model}" for model in _MODELS)),
    *number(".5f", *(f"flops_t {model}" for model in _MODELS)),
)
AXES_COLUMNS = (
    *("study", "axis", "answer"),
    *number(".3f", "params_worst_pct", "flops_worst_pct", "both_worst_pct"),
    *integer("within_2_pct"),
)


_found = cache(Search)  # seconds of work that depend on nothing in `results`; a verifier asks more than once


def rows(source: Source) -> list[Row]:
    """reading_search of a study."""
    return search_rows(source.study.name, _found())


def rows_by_axis(source: Source) -> list[Row]:
    """reading_search_axes of a study."""
    return axes_rows(source.study.name, _found())


def search_rows(study: str, found: Search) -> list[Row]:
    """The reading used here first, then each ranking's best."""
    rankings = {
        "params": found.ranked(found.params.worst, found.departures, found.flops.worst),
        "flops": found.ranked(found.flops.worst, found.params.worst, found.departures),
        "both": found.ranked(found.both, found.departures),
        "simplest": found.ranked(found.departures, found.params.worst, among=found.params.worst.ravel() <= WITHIN),
    }
    places = [(name, rank, index) for name, best in rankings.items() for rank, index in enumerate(best, 1)]
    return [_row(study, found, *place) for place in (("default", 0, found.default), *places)]


def _row(study: str, found: Search, ranking: str, rank: int, index: Index) -> Row:
    # The reading used here has its own accounting; every other combination the one that suits it best.
    way = found.accountings[0 if ranking == "default" else found.accounting[index]]
    count = found.count(index)
    answers, used = found.answers(index), found.answers(found.default)
    departures = [f"{axis} {answer}" for axis, answer in answers.items() if answer != used[axis]]
    row: Row = {"study": study, "ranking": ranking, "rank": rank, "departures": len(departures)}
    row |= {"reading": "; ".join(departures) or "as used here"} | answers | way.answers
    for name, unit, values, printed in (
        ("params", "m", np.asarray(count.params) / 1e6, [one.params_m for one in found.rows]),
        ("flops", "t", way.flops(count, found.sizes) / 1e12, [one.flops_t for one in found.rows]),
    ):
        off = errors(values, printed)
        row |= {f"{name}_worst_pct": off.worst, f"{name}_rows_alike": off.alike}
        row |= {f"{name}_worst_row": found.rows[int(off.row)].name}
        row |= {f"{name}_{unit} {one.name}": value for one, value in zip(found.rows, values, strict=True)}
    return row


def axes_rows(study: str, found: Search) -> list[Row]:
    """One row an answer, in the order of the space."""
    return [{"study": study} | fit for fit in fits_by_answer(found)]


def summary(found: Search) -> str:
    """The search's result in a few lines."""
    readings, rows = int(np.prod(found.shape)), len(found.rows)
    columns = ("parameters", found.params, found.params.alike), ("FLOPs", found.flops, found.most_alike)
    both = found.best(found.both)
    default = _row("", found, "default", 0, found.default)
    free, digits = bound(found.rows), bound(found.rows, in_half_digits=True)
    lines = [
        f"{found.combinations:,} combinations: {readings:,} readings, each under {len(found.accountings)} accountings",
        *(
            f"{name}: least worst error {column.worst.min():.2f}% (row "
            f"{found.rows[column.row[found.best(column.worst)]].name}); "
            f"{int((column.worst <= WITHIN).sum()):,} readings within {WITHIN:g}%; "
            f"{int((alike == rows).sum())} print all {rows} rows alike, {int(alike.max())} rows at most"
            for name, column, alike in columns
        ),
        f"both columns at once: {found.both[both]:.2f}% at worst "
        f"(parameters {found.params.worst[both]:.2f}%, FLOPs {found.flops.worst[both]:.2f}%)",
        f"the reading used here: parameters {default['params_worst_pct']:.3f}% off at worst "
        f"({default['params_worst_row']}), FLOPs {default['flops_worst_pct']:.3f}% ({default['flops_worst_row']})",
        f"free coefficients: (15·C² + {free.layer:.0f}·C) a layer + {free.around:.0f}·C is {free.worst:.2f}% off at "
        f"worst; those that come nearest to the printed digits, {digits.layer:.0f} and {digits.around:.0f}, are "
        f"{digits.worst:.1f} times the rounding off",
    ]
    return "\n".join(lines)
