"""Rows of reading_search and reading_search_axes: which readings give Table 1's two columns, and which cannot.

reading_search: the ten best combinations by each ranking, and the reading used here, whatever its errors.
    ranking: params, flops or both (least worst relative error over the rows), simplest (fewest departures from the
    reading used here among those whose parameters are within 2%), default.
    reading, departures: where it differs from the reading used here, and on how many axes. One column an axis.
    params_worst_pct, params_worst_row, params_rows_alike: the worst relative error over the six rows, whose it is, and
    how many of the six print alike; the same for the FLOPs, under the accounting in the last four axes. Then the
    columns themselves, in the units of Table 1.
reading_search_axes: what the best combination with each single answer reaches; within_2_pct counts those with it whose
    parameters are within 2%.
"""

import numpy as np

from lcr.cost.search import WITHIN, Index, Search, bound, errors, fits_by_answer
from lcr.cost.space import ACCOUNTING, BLOCKS
from lcr.study.tables.rows import Row

AXES = (*(axis for block in BLOCKS for axis in block.axes), *ACCOUNTING)
_MODELS = ("lcr-s-112", "lcr-base-112", "lcr-l-112", "lcr-base-224", "lcr-l-224", "lcr-xl-224")
COLUMNS = (
    *("study", "ranking", "rank", "reading", "departures", *AXES),
    *("params_worst_pct", "params_worst_row", "params_rows_alike"),
    *("flops_worst_pct", "flops_worst_row", "flops_rows_alike"),
    *(f"params_m {model}" for model in _MODELS),
    *(f"flops_t {model}" for model in _MODELS),
)
AXES_COLUMNS = ("study", "axis", "answer", "params_worst_pct", "flops_worst_pct", "both_worst_pct", "within_2_pct")


def search_rows(study: str, found: Search) -> list[Row]:
    """The default first, then each ranking's best."""
    rankings = {
        "params": found.ranked(found.params.worst, found.departures, found.flops.worst),
        "flops": found.ranked(found.flops.worst, found.params.worst, found.departures),
        "both": found.ranked(found.both, found.departures),
        "simplest": found.ranked(found.departures, found.params.worst, among=found.params.worst.ravel() <= WITHIN),
    }
    rows = [_row(study, found, "default", 0, found.default)]
    return rows + [
        _row(study, found, name, rank, index) for name, best in rankings.items() for rank, index in enumerate(best, 1)
    ]


def _row(study: str, found: Search, ranking: str, rank: int, index: Index) -> Row:
    # The reading used here has its own accounting; every other combination the one that suits it best.
    way = found.accountings[0 if ranking == "default" else found.accounting[index]]
    count = found.count(index)
    params, flops = np.asarray(count.params) / 1e6, way.flops(count, found.sizes) / 1e12
    answers, used = found.answers(index), found.answers(found.default)
    departures = [f"{axis} {answer}" for axis, answer in answers.items() if answer != used[axis]]
    row = {"study": study, "ranking": ranking, "rank": str(rank), "departures": str(len(departures))}
    row |= {"reading": "; ".join(departures) or "as used here"} | answers | way.answers
    for name, values in (("params", params), ("flops", flops)):
        off = errors(values, [one.params_m if name == "params" else one.flops_t for one in found.rows])
        row[f"{name}_worst_pct"] = f"{off.worst:.3f}"
        row[f"{name}_worst_row"] = found.rows[int(off.row)].name
        row[f"{name}_rows_alike"] = str(off.alike)
    for number, one in enumerate(found.rows):
        row[f"params_m {one.name}"] = f"{params[number]:.4f}"
        row[f"flops_t {one.name}"] = f"{flops[number]:.5f}"
    return row


def axes_rows(study: str, found: Search) -> list[Row]:
    """One row an answer, in the order of the space."""

    def said(percent: float) -> str:
        return "" if np.isnan(percent) else f"{percent:.3f}"

    return [
        {
            "study": study,
            "axis": fit.axis,
            "answer": fit.answer,
            "params_worst_pct": said(fit.params),
            "flops_worst_pct": said(fit.flops),
            "both_worst_pct": said(fit.both),
            "within_2_pct": "" if fit.axis in ACCOUNTING else str(fit.within),
        }
        for fit in fits_by_answer(found)
    ]


def summary(found: Search) -> str:
    """The search's answer in a few lines."""
    readings, rows = int(np.prod(found.shape)), len(found.rows)
    lines = [
        f"{found.combinations:,} combinations: {readings:,} readings, each under {len(found.accountings)} accountings"
    ]
    for name, column, alike in (
        ("parameters", found.params, found.params.alike),
        ("FLOPs", found.flops, found.most_alike),
    ):
        best = found.best(column.worst)
        lines.append(
            f"{name}: least worst error {column.worst[best]:.2f}% (row {found.rows[column.row[best]].name}); "
            f"{int((column.worst <= WITHIN).sum()):,} readings within {WITHIN:g}%; "
            f"{int((alike == rows).sum())} print all {rows} rows alike, {int(alike.max())} rows at most"
        )
    best = found.best(found.both)
    lines.append(
        f"both columns at once: {found.both[best]:.2f}% at worst "
        f"(parameters {found.params.worst[best]:.2f}%, FLOPs {found.flops.worst[best]:.2f}%)"
    )
    default = _row("", found, "default", 0, found.default)
    lines.append(
        f"the reading used here: parameters {default['params_worst_pct']}% off at worst "
        f"({default['params_worst_row']}), FLOPs {default['flops_worst_pct']}% ({default['flops_worst_row']})"
    )
    free, digits = bound(found.rows), bound(found.rows, in_half_digits=True)
    lines.append(
        f"free coefficients: (15·C² + {free.layer:.0f}·C) a layer + {free.around:.0f}·C is {free.worst:.2f}% off at "
        f"worst; those that come nearest to the printed digits, {digits.layer:.0f} and {digits.around:.0f}, are "
        f"{digits.worst:.1f} times the rounding off"
    )
    return "\n".join(lines)
