"""The answer in ten lines, from a study's tables and nothing else.

A sentence gives an effect with its 95% interval. Numbers alone choose the words: whether the interval lies above or
below a value, or includes it.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from lcr.config.datasets import is_synthetic
from lcr.config.variant import FULL, METHOD_ARMS
from lcr.study.claims.caveats import CAVEATS
from lcr.study.claims.claim import CELL, HYPOTHESIS, IMPLIED, SENTENCE
from lcr.study.claims.verdicts import VERDICTS
from lcr.study.stats.verdict import NOT_TRAINED
from lcr.study.tables.accuracy import IDENTICAL as BY_CONSTRUCTION
from lcr.study.tables.table1 import DEFAULT

READ = ("table1", "table2", "ablations", "temporal", "statistics", "readings", "claims")
Tables = Mapping[str, pd.DataFrame]  # by name, all of READ
ALPHA = 0.05
HALF = 50.0  # percent of a pair's clips that a coin would rank rightly
CONDITIONS = {"as_is": "as recorded", "last_frame": "with the last frame repeated", "reversed": "played backward"}
DATA = {
    "synthetic": "All accuracies are on **synthetic clips, not the paper's data** ({amount}): no printed accuracy is "
    "tested.",
    "real": "All accuracies are on real clips ({amount}{note}).",
}
UNTRAINED = (
    "The variant is not above the best bag of frames, which sees no time, and counts as not trained: the difference "
    "does not say what the part is worth where the rest trains."
)
ABOVE, BELOW, INCLUDES, IDENTICAL = "above", "below", "includes", "identical"


class Sentence(NamedTuple):
    """One line of the answer, in Markdown.

    about: a variant, or one of data, full, time, text and claims.
    rule: the outcomes that chose the words, with spaces between (as "above includes below").
    """

    about: str
    rule: str
    text: str


def answer(tables: Tables, classes: int) -> list[Sentence]:
    """The study's answer, in the order in which a reader asks; classes: of Table 2's dataset."""
    dataset = tables["table2"].query("source == 'measured'").dataset.iloc[0]
    variants = {
        variant: sorted(rows.itertuples(), key=lambda row: row.dataset != dataset)
        for variant, rows in tables["statistics"].groupby("variant", sort=False)
        if variant not in METHOD_ARMS
    }
    full = variants.pop(FULL)[0]
    temporal = [row for row in tables["temporal"].itertuples() if (row.dataset, row.variant) == (dataset, FULL)]
    return [
        *_full(full, 100 / classes),
        *map(_ablation, variants.values()),
        *([_time(temporal)] if temporal[0].condition else []),
        _text(tables["table1"], tables["readings"]),
        _claims(tables["claims"]),
    ]


def side(low: float, high: float, value: float) -> str:
    """Whether the interval [low, high] lies above or below `value`, or includes it."""
    return ABOVE if low > value else BELOW if high < value else INCLUDES


def short(method: str) -> str:
    """`LCR (no edge prompt)` -> no edge prompt"""
    return method.removeprefix("LCR (").removesuffix(")")


def _with_interval(row: Any, name: str, unit: str) -> str:
    low, high = (getattr(row, f"{name}_ci_{end}") for end in ("low", "high"))
    return f"{getattr(row, name):.2f}{unit} [{low:.2f}, {high:.2f}]"


def _difference(row: Any, unit: str = "") -> str:
    return f"{row.delta_top1:+.2f}{unit} [{row.delta_ci_low:+.2f}, {row.delta_ci_high:+.2f}]"


def _full(full: Any, chance: float) -> tuple[Sentence, Sentence]:
    """The full model's data, and its accuracy against chance."""
    kind = "synthetic" if is_synthetic(full.dataset) else "real"
    amount = f"`{full.dataset}`, seeds × clips: {full.seeds} × {full.clips}"
    where = side(full.top1_ci_low, full.top1_ci_high, chance)
    reached = f"{_with_interval(full, 'top1', '%')} top-1 ({where} chance, {chance:.1f}%)"
    return (
        Sentence("data", kind, DATA[kind].format(amount=amount, note=full.note and f"; {full.note}")),
        Sentence("full", where, f"The full model reaches {reached}."),
    )


def _ablation(rows: Sequence[Any]) -> Sentence:
    """A variant's line; rows: of statistics.csv, that of Table 2's dataset first."""
    own, *others = rows
    rule, text = _effect(own)
    changes = {row.dataset: IDENTICAL if _effect(row)[0] == IDENTICAL else _difference(row) for row in others}
    elsewhere = ", ".join(f"`{dataset}` {change}" for dataset, change in changes.items())
    title = short(own.method)
    return Sentence(
        own.variant,
        rule,
        f"**{title[0].upper()}{title[1:]}** {text}"
        + (f" {UNTRAINED}" if own.verdict == NOT_TRAINED else "")
        + (f" Other datasets: {elsewhere}." if {*changes.values()} - {IDENTICAL} else "")
        + (f" Caveat: {CAVEATS[own.variant]}." if own.variant in CAVEATS else ""),
    )


def _effect(row: Any) -> tuple[str, str]:
    """Rule and words for a variant's difference from the full model."""
    if math.isnan(row.delta_ci_low):
        return IDENTICAL, f"is {BY_CONSTRUCTION}."
    if not any((*row.mcnemar_gained, *row.mcnemar_lost)):
        return IDENTICAL, "is right on the same clips as the full model, in every seed."
    where = side(row.delta_ci_low, row.delta_ci_high, 0)
    change = f"changed top-1 by {_difference(row, ' points')}"
    if where != INCLUDES:
        least = f", above {ALPHA}; {row.seeds} seeds give at least {row.p_floor:.2g}"
        return where, f"{change} (p = {row.p_family:.2g} in its family{least if row.p_family > ALPHA else ''})."
    power = f" This study had 80% power to detect a {row.detectable_interval:.2f}-point difference."
    return where, f"{change}: the interval includes 0.{'' if math.isnan(row.detectable_interval) else power}"


def _time(rows: Sequence[Any]) -> Sentence:
    sides = [side(row.pair_accuracy_ci_low, row.pair_accuracy_ci_high, HALF) for row in rows]
    parts = "; ".join(
        f"{_with_interval(row, 'pair_accuracy', '%')} {CONDITIONS[row.condition]} ({where} 50%)"
        for row, where in zip(rows, sides, strict=True)
    )
    return Sentence(
        "time", " ".join(sides), f"The full model scores a clip's own class above its time reverse in {parts}."
    )


def _text(table1: pd.DataFrame, readings: pd.DataFrame) -> Sentence:
    """The counts of Table 1 and the effects of other readings, in one line."""
    counted = table1[table1.reading == DEFAULT].set_index("model")
    worst = counted[["params_error_pct", "flops_error_pct"]].abs().idxmax()
    params, flops = (f"{counted[error][model]:+.1f}% ({model})" for error, model in worst.items())
    sensitivity = readings[readings.default].d_logits_d_rgb.dropna().iloc[0]
    rule, depend = ("blind", "do not depend") if sensitivity == 0 else ("sees", "depend")
    trained = list(readings[~readings.default & readings.delta_top1.notna()].itertuples())
    sides = [side(row.delta_ci_low, row.delta_ci_high, 0) for row in trained]
    better = "".join(
        f", `{row.discrepancy}: {row.reading}`" for row, where in zip(trained, sides, strict=True) if where == ABOVE
    )
    effects = (
        f" Top-1 of {len(trained)} other readings that were trained: {sides.count(ABOVE)} higher{better}; "
        f"{sides.count(BELOW)} lower; {sides.count(INCLUDES)} with an interval that includes 0."
    )
    return Sentence(
        "text",
        rule,
        f"Under the readings used, the counts of Table 1 differ from the printed numbers by up to {params} in "
        f"parameters and {flops} in FLOPs, and the logits {depend} on the RGB frames (gradient norm "
        f"{sensitivity:.4g}).{effects if trained else ''}",
    )


def by_group(claims: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The ledger's rows by group: printed sentences, implied ones, cells of the tables, and our own hypotheses."""
    sentence, implied = claims.kind == SENTENCE, claims.printed == IMPLIED
    return {
        "printed claims": claims[sentence & ~implied],
        "implied claims": claims[sentence & implied],
        "cells of Tables 1 and 2": claims[claims.kind == CELL],
        "hypotheses of the ablations": claims[claims.kind == HYPOTHESIS],
    }


def verdict_counts(claims: pd.DataFrame) -> dict[str, int]:
    """The number of causes with each verdict: rows of one cause and one verdict count once."""
    found = claims.drop_duplicates(["cause", "verdict"]).verdict
    return {verdict: int((found == verdict).sum()) for verdict in VERDICTS}


def _claims(claims: pd.DataFrame) -> Sentence:
    parts = []
    for title, rows in by_group(claims).items():
        counts = verdict_counts(rows)
        if some := ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count):
            parts.append(f"{sum(counts.values())} {title} ({len(rows)} rows): {some}.")
    return Sentence("claims", "", f"Verdicts, counted by cause. {' '.join(parts)}")
