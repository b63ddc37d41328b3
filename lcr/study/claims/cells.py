"""Claims that are made rather than written: every number in Tables 1 and 2, and every ablation's hypothesis.

Table 1's counts are held against the model's closed forms, Table 2's against those of the baselines whose architecture
is known; accuracies against runs on Jester, where there are any.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from lcr.config.datasets import dataset_format
from lcr.config.study import FULL, StudyConfig
from lcr.config.variant import VariantConfig
from lcr.cost.baselines import BASELINES
from lcr.cost.ranges import Range, flops_range, parameter_range
from lcr.cost.table1 import FRAMES, Printed, table1
from lcr.study.claims import verdicts
from lcr.study.claims.caveats import CAVEATS
from lcr.study.claims.ledger import Quantity, table2
from lcr.study.claims.measured import Measurements
from lcr.study.tables.rows import Row

_SIZES = ("frame_size", "patch_size", "depth", "hidden", "heads")
_UNITS = {"param_m_as_printed": "M parameters", "flops_t_as_printed": "T FLOPs", "mem_g_as_printed": "G of memory"}
_NO_BASELINE = "there is no {method} here"
_BASELINES = "lcr/study/baselines.py"


def printed_ids() -> list[str]:
    """The ids of all that is claimed by a number in Table 1 or 2."""
    of_table1 = [f"table1-{row.name}-{part}" for row in table1() for part in ("settings", "params", "flops")]
    return of_table1 + [_id2(row["method"], column) for row, column in _printed2()]


def hypothesis_ids(datasets: Iterable[str], variants: Iterable[str]) -> list[str]:
    """The ids of the hypotheses of a study's ablations (`full` is none)."""
    formats = [dataset_format(name) for name in datasets]
    return [_hypothesis_id(variant, name) for variant in variants if variant != FULL for name in formats]


def _printed2() -> Iterator[tuple[Row, str]]:
    """The cells of Table 2, as row and column; a blank claims nothing."""
    return ((row, column) for row in table2() for column in ("top1", "top5", *_UNITS) if row[column])


def _id2(method: str, column: str) -> str:
    return f"table2-{_slug(method)}-{column.removesuffix('_as_printed')}"


def _hypothesis_id(variant: str, dataset: str) -> str:
    return f"hypothesis-{variant}-{dataset}"


def table1_claims() -> list[Row]:
    """Settings, parameters and FLOPs of each row of Table 1."""
    rows = []
    for row in table1():
        config = row.config
        name = f"{row.label} ({config.frame_size}×{config.frame_size})"
        params, flops = f"{row.params_m.value:g}", f"{row.flops_t.value:g}"
        head = {"where": f"Table 1, {name}", "kind": "count", "evidence": "lcr/counts; results/table1.csv"}
        settings = ", ".join(f"{size} {getattr(config, size)}" for size in _SIZES)
        fits = config.frame_size % config.patch_size == 0 and config.hidden % (4 * config.heads) == 0
        rows += [
            {
                "id": f"table1-{row.name}-settings",
                **head,
                "kind": "internal arithmetic",
                "claim": f"(implied) the settings {settings} make a model",
                "test": "patches tile the frame; Q-Shift's quarters divide each head",
                "verdict": verdicts.of_fact(fits),
                "why": f"{config.frame_size} over {config.patch_size}, {config.hidden} over 4 × {config.heads}",
                "evidence": "lcr/paper/table1.csv",
            },
            head
            | {"id": f"table1-{row.name}-params", "claim": f"{name} has {params}M parameters"}
            | _counted(params, parameter_range(row.name, row.dataset), "M", "any combination of readings"),
            head
            | {"id": f"table1-{row.name}-flops", "claim": f"{name} has {flops} TFLOPs"}
            | _counted(
                flops,
                flops_range(row.name, row.dataset),
                f"T multiply-adds for {FRAMES} frames",
                "any reading, number of frames, share of masked tokens and unit that the text leaves open",
            ),
        ]
    return rows


def _counted(printed: str, found: Range, unit: str, space: str) -> Row:
    """A printed count against ours. space: what low and high are over; empty where there is but one count."""
    value, rounding = Printed.read(printed)
    default, low, high = (f"{value:.4g}" for value in found)
    error = f"{100 * (found.default / value - 1):+.1f}%"
    test = f"within {verdicts.TOLERANCE:.0%} of the count"
    cells = {
        "published": printed,
        "test": test,
        "measured": default,
        "verdict": verdicts.of_count(value, *found, rounding=rounding),
        "why": f"{default} {unit} ({error})",
    }
    if space:
        cells |= {
            "test": f"{test} under the readings used here; the interval is the least and the most under {space}",
            "ci_low": low,
            "ci_high": high,
            "why": f"{default} {unit} under the readings used here ({error}), {low} to {high} under all",
        }
    return cells


def table2_claims(measured: Measurements) -> list[Row]:
    """Accuracies, parameters, FLOPs and memory of each row of Table 2."""
    rows = []
    for row, column in _printed2():
        method, printed, is_accuracy = row["method"], row[column], column.startswith("top")
        unit = _UNITS.get(column, f"% {column.replace('top', 'Top-')}")
        tested = _accuracy(method, column, printed, measured) if is_accuracy else _count(method, column, printed)
        rows.append(
            {
                "id": _id2(method, column),
                "where": f"Table 2, {method}",
                "kind": "accuracy" if is_accuracy else "count",
                "claim": f"{method} has {printed} {unit} on Jester",
                "published": printed,
                **tested,
            }
        )
    return rows


def _slug(method: str) -> str:
    return "-".join("".join(letter if letter.isalnum() else " " for letter in method.lower()).split())


def _untested(why: str) -> Row:
    return {"verdict": verdicts.UNTESTED, "why": why}


def _accuracy(method: str, column: Any, printed: str, measured: Measurements) -> Row:
    if method != "LCR":
        return _untested(_NO_BASELINE.format(method=method))
    value = {"column": column, "equals": float(printed), "model": "lcr-base-112"}
    found = measured.of(Quantity(dataset="jester", table="statistics", **value))
    cells = {"measured": found.measured, "ci_low": found.low, "ci_high": found.high, "evidence": found.evidence}
    return cells | {
        "test": f"95% interval within {verdicts.MARGIN:g} point of the published value",
        "verdict": found.verdict,
        "why": found.reason or f"{found.measured}% [{found.low}, {found.high}] on the whole validation split",
    }


def _count(method: str, column: str, printed: str) -> Row:
    if column == "mem_g_as_printed":
        return _untested(f"memory depends on machine and library, and {_NO_BASELINE.format(method=method)}")
    is_params = column == "param_m_as_printed"
    if method == "LCR":
        found = parameter_range("lcr-base-112", "jester") if is_params else flops_range("lcr-base-112", "jester")
        return _counted(printed, found, "M" if is_params else "T multiply-adds", "any reading, as in Table 1") | {
            "evidence": "lcr/counts; results/table1.csv"
        }
    if method not in BASELINES:
        return _untested(f"the table does not say which {method} of several it is")
    params, macs = BASELINES[method]
    if is_params:
        return _counted(printed, Range(*[params / 1e6] * 3), "M in closed form", "") | {"evidence": _BASELINES}
    if not macs:
        return _untested("its architecture is known, but not the frames and their size behind the number")
    found = Range(2 * macs / 1e12, macs / 1e12, 2 * macs / 1e12)
    unit = f"T in closed form, {FRAMES} frames of 112×112, two FLOPs a multiply-add"
    return _counted(printed, found, unit, "") | {"evidence": _BASELINES}


def hypotheses(study: StudyConfig, variants: list[VariantConfig], measured: Measurements) -> list[Row]:
    """Each ablation's hypothesis, that Top-1 falls without its component, on each data set of the study."""
    rows = []
    for variant in variants:
        for name in study.datasets:
            dataset: Any = dataset_format(name)
            quantity = Quantity(
                dataset=dataset, table="statistics", column="delta_top1", variant=variant.name, below=0.0
            )
            found = measured.of(quantity)
            said = (
                f"top-1 changes by {found.measured} points [{found.low}, {found.high}]{found.test}" if found.low else ""
            )
            rows.append(
                {
                    "id": _hypothesis_id(variant.name, dataset),
                    "where": f"ablations/{variant.name}.yaml",
                    "kind": "accuracy",
                    "claim": f"{variant.hypothesis} ({dataset})",
                    "test": f"95% interval of the paired difference below 0; contradicted if a fall of "
                    f"{verdicts.MARGIN:g} point is left out",
                    "measured": found.measured,
                    "ci_low": found.low,
                    "ci_high": found.high,
                    "verdict": found.verdict,
                    "why": "; ".join(filter(None, (said, found.reason, CAVEATS.get(variant.name)))),
                    "evidence": found.evidence,
                }
            )
    return rows
