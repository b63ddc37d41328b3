"""Cells: every number in Tables 1 and 2, and the settings of Table 1.

Counts of Table 1 are compared with the model's closed forms. Counts of Table 2 are compared with the closed forms of
the baselines whose architecture is published, accuracies with runs on Jester.
"""

from typing import Any

from lcr.cost.baselines import BASELINES
from lcr.cost.ranges import Range, flops_range, parameter_range
from lcr.cost.table1 import FRAMES, Printed, error_percent, table1, teraflops
from lcr.study.claims import printed, verdicts
from lcr.study.claims.claim import ACCURACY, ARITHMETIC, CELL, COUNT, IMPLIED, PRINTED, Quantity
from lcr.study.claims.measured import Measurements
from lcr.study.tables.frame import Row

_SIZES = ("frame_size", "patch_size", "depth", "hidden", "heads")
_UNITS = {
    "top1": "% Top-1",
    "top5": "% Top-5",
    "param_m_as_printed": "M parameters",
    "flops_t_as_printed": "T FLOPs",
    "mem_g_as_printed": "G of memory",
}
_COUNTS = "lcr/cost; results/table1.csv"
_BASELINES = "lcr/cost/baselines.py"


def table1_claims() -> list[Row]:
    """Settings, parameters and FLOPs of each row of Table 1."""
    rows = []
    for row in table1():
        config = row.config
        name = f"{row.label} ({config.frame_size}×{config.frame_size})"
        where = {"where": f"Table 1, {name}", "kind": CELL, "printed": PRINTED}
        settings = ", ".join(f"{size} {getattr(config, size)}" for size in _SIZES)
        fits = config.frame_size % config.patch_size == 0 and config.hidden % (4 * config.heads) == 0
        params, flops = f"{row.params_m.value:g}", f"{row.flops_t.value:g}"
        space = "any reading, number of frames, share of masked tokens and unit that the text leaves open"
        rows += [
            where
            | {
                "id": f"table1-{row.name}-settings",
                "cause": "settings",
                "printed": IMPLIED,
                "basis": ARITHMETIC,
                "claim": f"the settings {settings} make a model",
                "test": "patches tile the frame; Q-Shift's quarters divide each head",
                "verdict": verdicts.of_fact(fits),
                "why": f"{config.frame_size} over {config.patch_size}, {config.hidden} over 4 × {config.heads}",
                "evidence": "lcr/paper/table1.csv",
            },
            where
            | {
                "id": f"table1-{row.name}-params",
                "cause": _cause(row.name, "params"),
                "claim": f"{name} has {params}M parameters",
            }
            | _counted(params, parameter_range(row.name, row.dataset), "M", "any combination of readings"),
            where
            | {
                "id": f"table1-{row.name}-flops",
                "cause": _cause(row.name, "flops"),
                "claim": f"{name} has {flops} TFLOPs",
            }
            | _counted(flops, flops_range(row.name, row.dataset), f"T for {FRAMES} frames", space),
        ]
    return rows


def _cause(model: str, column: str) -> str:
    """Parameters of a model stand for themselves; all FLOPs of LCR share unit, frames and masked tokens."""
    return f"table1-{model}-params" if column == "params" else "flops-of-lcr"


def _counted(text: str, found: Range, unit: str, space: str = "") -> Row:
    """A printed count against ours. space: the range of low and high, in words; empty if there is only one count."""
    value, rounding = Printed.read(text)
    default, low, high = (f"{value:.4g}" for value in found)
    error = f"{error_percent(found.default, value):+.1f}%"
    test = f"within {verdicts.TOLERANCE:.0%} of the count"
    cells = {
        "basis": COUNT,
        "published": text,
        "measured": default,
        "verdict": verdicts.of_count(value, *found, rounding=rounding),
    }
    if not space:
        return cells | {"test": test, "why": f"{default} {unit} ({error})", "evidence": _BASELINES}
    return cells | {
        "test": f"{test} under the readings used here; the interval is the least and the most under {space}",
        "ci_low": low,
        "ci_high": high,
        "why": f"{default} {unit} under the readings used here ({error}), {low} to {high} under all",
        "evidence": _COUNTS,
    }


def table2_claims(measured: Measurements) -> list[Row]:
    """Accuracies, parameters, FLOPs and memory of each row of Table 2; a blank claims nothing."""
    return [_printed(row, column, measured) for row in printed.table2() for column in _UNITS if row[column]]


def _printed(row: Row, column: str, measured: Measurements) -> Row:
    method, text, is_accuracy = row["method"], row[column], column.startswith("top")
    words = "".join(letter if letter.isalnum() else " " for letter in method.lower()).split()
    head = {
        "id": f"table2-{'-'.join(words)}-{column.removesuffix('_as_printed')}",
        "where": f"Table 2, {method}",
        "kind": CELL,
        "printed": PRINTED,
        "basis": ACCURACY if is_accuracy else COUNT,
        "claim": f"{method} has {text} {_UNITS[column]} on Jester",
        "published": text,
    }
    cells = _accuracy(method, column, text, measured) if is_accuracy else _count(method, column, text)
    return {"cause": head["id"]} | head | cells


def _untested(why: str, cause: str) -> Row:
    return {"verdict": verdicts.UNTESTED, "why": why, "cause": cause}


def _accuracy(method: str, column: Any, text: str, measured: Measurements) -> Row:
    if method != "LCR":
        return _untested(f"there is no {method} here", f"not-run-{method}")
    place = {"dataset": "jester", "table": "statistics", "column": column, "model": "lcr-base-112"}
    cells, reason, _ = measured.of(Quantity(**place, statement="equals", bound=float(text)))
    why = reason or "{measured}% [{ci_low}, {ci_high}] on the whole validation split".format_map(cells)
    return cells | {"test": f"95% interval within {verdicts.MARGIN:g} point of the published value", "why": why}


def _count(method: str, column: str, text: str) -> Row:
    if column == "mem_g_as_printed":
        return _untested(f"memory depends on machine and library, and there is no {method} here", "memory-machine")
    is_params = column == "param_m_as_printed"
    if method == "LCR":
        found = (parameter_range if is_params else flops_range)("lcr-base-112", "jester")
        cells = _counted(text, found, "M" if is_params else "T", "any reading, as in Table 1")
        return cells | {"cause": _cause("lcr-base-112", "params" if is_params else "flops")}
    if method not in BASELINES:
        return _untested(f"the table does not say which {method} of several it is", f"unnamed-{method}")
    params, macs = BASELINES[method]
    if is_params:
        return _counted(text, Range(*[params / 1e6] * 3), "M in closed form")
    if not macs:
        why = "its architecture is known, but not the frames and their size behind the number"
        return _untested(why, f"unnamed-{method}")
    found = Range(teraflops(macs), macs / 1e12, teraflops(macs))
    return {"cause": "table2-unit"} | _counted(
        text, found, f"T in closed form, {FRAMES} frames of 112×112, two FLOPs a multiply-add"
    )
