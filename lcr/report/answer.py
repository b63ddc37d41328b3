"""The answer in ten lines, from a study's tables and nothing else.

A sentence gives an effect with its 95% interval. Numbers alone choose the words: whether the interval lies above or
below a value, or includes it.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pandas as pd

from lcr.config.datasets import is_synthetic
from lcr.config.study import FULL
from lcr.study.claims.caveats import CAVEATS
from lcr.study.claims.verdicts import CONTRADICTED, VERDICTS
from lcr.study.tables.statistics import EQUAL
from lcr.study.tables.table1 import DEFAULT

Tables = Mapping[str, pd.DataFrame]
ALPHA = 0.05
HALF = 50.0  # percent of a pair's clips that a coin would rank rightly
CONDITIONS = {"as_is": "as recorded", "last_frame": "with the last frame repeated", "reversed": "played backward"}
ABOVE, BELOW, INCLUDES, IDENTICAL = "above", "below", "includes", "identical"


class Sentence(NamedTuple):
    """One line of the answer.

    about: a variant, or one of data, full, time, text and claims.
    rule: the outcomes that chose the words, with spaces between (as "above includes below").
    text: Markdown.
    """

    about: str
    rule: str
    text: str


def answer(tables: Tables, classes: int) -> list[Sentence]:
    """The study's answer, in the order in which a reader asks.

    Args:
        tables: frames by the name of their table; a table that is absent is not reported.
        classes: number of classes of Table 2's dataset.
    """
    table2 = tables["table2"]
    measured = list(table2[table2.source == "measured"].itertuples())
    full = next(row for row in measured if row.variant == FULL)
    return [
        _data(full),
        _full(full, classes),
        *(_ablation(row, tables) for row in measured if row is not full),
        *_time(tables, full.dataset),
        *_text(tables),
        *_claims(tables),
    ]


def side(low: float, high: float, value: float) -> str:
    """Whether the interval [low, high] lies above or below `value`, or includes it."""
    return ABOVE if low > value else BELOW if high < value else INCLUDES


def _with_interval(row: Any, value: str, stem: str, unit: str, form: str = ".2f") -> str:
    low, high = (getattr(row, f"{stem}_ci_{end}") for end in ("low", "high"))
    return f"{getattr(row, value):{form}}{unit} [{low:{form}}, {high:{form}}]"


def _difference(row: Any, unit: str = "") -> str:
    return _with_interval(row, "delta_top1", "delta", unit, "+.2f")


def _data(full: Any) -> Sentence:
    amount = f"`{full.dataset}`, seeds × clips: {full.seeds} × {full.clips}"
    if is_synthetic(full.dataset):
        text = f"All accuracies are on **synthetic clips, not the paper's data** ({amount})"
        return Sentence("data", "synthetic", f"{text}: no printed accuracy is tested.")
    note = f": {full.note}" if full.note else ""
    return Sentence("data", "real", f"Accuracies are on the paper's data ({amount}){note}.")


def _full(full: Any, classes: int) -> Sentence:
    chance = 100 / classes
    where = side(full.top1_ci_low, full.top1_ci_high, chance)
    reached = _with_interval(full, "top1", "top1", "%")
    lies = where if where == INCLUDES else f"lies {where}"
    text = f"The full model reaches {reached} top-1. The interval {lies} chance ({chance:.1f}%, {classes} classes)."
    return Sentence("full", where, text)


def _ablation(row: Any, tables: Tables) -> Sentence:
    title = short(row.method)
    statistics = {(one.dataset, one.variant): one for one in _rows(tables, "statistics")}
    others = [one for one in _rows(tables, "ablations") if one.variant == row.variant and one.dataset != row.dataset]
    changes = {
        one.dataset: "identical predictions" if _identical(one, statistics) else _difference(one) for one in others
    }
    elsewhere = ", ".join(f"`{dataset}` {change}" for dataset, change in changes.items())
    if _identical(row, statistics):
        rule, text = IDENTICAL, "gave the full model's predictions on every clip"
    else:
        rule, text = _effect(row, statistics.get((row.dataset, row.variant)))
    also = f" Other datasets: {elsewhere}." if not all(_identical(one, statistics) for one in others) else ""
    caveat = f" Caveat: {CAVEATS[row.variant]}." if row.variant in CAVEATS else ""
    return Sentence(row.variant, rule, f"**{title[0].upper()}{title[1:]}** {text}.{also}{caveat}")


def short(method: str) -> str:
    """`LCR (no edge prompt)` -> no edge prompt"""
    return method.removeprefix("LCR (").removesuffix(")")


def _rows(tables: Tables, name: str) -> list[Any]:
    return list(tables[name].itertuples()) if name in tables else []


def _identical(row: Any, statistics: Mapping[tuple[str, str], Any]) -> bool:
    """Whether a variant's predictions are the full model's on every clip."""
    own = statistics.get((row.dataset, row.variant))
    return own is not None and EQUAL in own.note


def _effect(row: Any, statistics: Any) -> tuple[str, str]:
    """Rule and words for a variant's difference from the full model."""
    where = side(row.delta_ci_low, row.delta_ci_high, 0)
    change = f"changed top-1 by {_difference(row, ' points')}"
    if where == INCLUDES:
        detectable = getattr(statistics, "detectable_interval", math.nan)
        power = f". This study had 80% power to detect a {detectable:.2f}-point difference"
        return where, f"{change}: the interval includes 0{'' if math.isnan(detectable) else power}"
    least = f", above {ALPHA}; {row.seeds} seeds give at least {row.p_floor_holm:.2g}" if row.p_holm > ALPHA else ""
    return where, f"{change} (p = {row.p_holm:.2g} after Holm{least})"


def _time(tables: Tables, dataset: str) -> Iterator[Sentence]:
    found = {
        row.condition: row
        for row in _rows(tables, "temporal")
        if row.variant == FULL and row.dataset == dataset and row.condition
    }
    if found:
        rows = {name: found[name] for name in CONDITIONS}
        sides = [side(row.pair_accuracy_ci_low, row.pair_accuracy_ci_high, HALF) for row in rows.values()]
        parts = [
            f"{_with_interval(row, 'pair_accuracy', 'pair_accuracy', '%')} {CONDITIONS[name]} ({where} 50%)"
            for (name, row), where in zip(rows.items(), sides, strict=True)
        ]
        text = f"The full model scores a clip's own class above its time reverse in {'; '.join(parts)}."
        yield Sentence("time", " ".join(sides), text)


def _text(tables: Tables) -> Iterator[Sentence]:
    """The counts of Table 1 and the effects of other readings, in one line."""
    said = [*_counted(tables), *_readings(tables)]
    if said:
        yield Sentence("text", " ".join(rule for rule, _ in said), " ".join(text for _, text in said))


def _counted(tables: Tables) -> Iterator[tuple[str, str]]:
    rows = [row for row in _rows(tables, "table1") if row.reading == DEFAULT]
    if rows:
        worst = {}
        for column in ("params_error_pct", "flops_error_pct"):
            row = max(rows, key=lambda row: abs(getattr(row, column)))
            worst[column] = f"{getattr(row, column):+.1f}% ({row.model})"
        yield (
            "counted",
            "Counted under the default reading, Table 1's parameters differ from the printed ones by up to "
            f"{worst['params_error_pct']} and its FLOPs by up to {worst['flops_error_pct']} ({rows[0].frames} frames).",
        )


def _readings(tables: Tables) -> Iterator[tuple[str, str]]:
    rows = _rows(tables, "readings")
    sensitivity = next((row.d_logits_d_rgb for row in rows if row.default and row.d_logits_d_rgb >= 0), None)
    if sensitivity is not None:
        rule, depend = ("blind", "do not depend") if sensitivity == 0 else ("sees", "depend")
        yield rule, f"In that reading the logits {depend} on the RGB frames (gradient norm {sensitivity:.4g})."
    trained = [row for row in rows if not row.default and not math.isnan(row.delta_top1)]
    if trained:
        sides = [side(row.delta_ci_low, row.delta_ci_high, 0) for row in trained]
        better = [
            f"`{row.discrepancy}: {row.reading}`" for row, where in zip(trained, sides, strict=True) if where == ABOVE
        ]
        yield (
            "trained",
            f"{len(trained)} other readings were trained: {len(better)} have a higher top-1"
            f"{' (' + ', '.join(better) + ')' if better else ''}, {sides.count(BELOW)} a lower one, and "
            f"{sides.count(INCLUDES)} an interval that includes 0.",
        )


def of_the_paper(claims: pd.DataFrame) -> pd.DataFrame:
    """The ledger without the hypotheses of the study's own ablations."""
    return claims[~claims["where"].str.startswith("ablations/")]


def _claims(tables: Tables) -> Iterator[Sentence]:
    claims = tables.get("claims")
    if claims is None or not len(of_the_paper(claims)):
        return
    papers = of_the_paper(claims)
    own = claims.drop(papers.index)
    contradicted = papers[papers.verdict == CONTRADICTED].kind.value_counts().sort_index()
    kinds = ", ".join(f"{count} of {kind}" for kind, count in contradicted.items())
    counts = verdict_counts(papers)
    text = f"Of {len(papers)} claims of the paper: {_listed(counts)}. Contradicted: {kinds or 'none'}."
    if len(own):
        text += f" Of {len(own)} hypotheses of the ablations: {_listed(verdict_counts(own))}."
    yield Sentence("claims", "", text)


def verdict_counts(claims: pd.DataFrame) -> dict[str, Any]:
    """The number of claims with each verdict."""
    return {verdict: int((claims.verdict == verdict).sum()) for verdict in VERDICTS}


def _listed(counts: Mapping[str, Any]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
