"""Rows of temporal: does a model see time? Classes that are one another's time reverse differ in nothing else.

A pair is answered right when the score of the clip's own label is above that of its reverse (equal scores count half).
As it is, a clip should be answered right; with its last frame repeated, about half of the time; and run backwards, its
answer should flip to the reverse.
"""

from pathlib import Path

import numpy as np

from lcr.config.study import StudyConfig
from lcr.study.predictions import CONDITIONS, PairScores, load_pairs
from lcr.study.stats.intervals import crossed_interval
from lcr.study.tables.accuracy import data_note, method_name
from lcr.study.tables.rows import Row, percent

COLUMNS = (
    *("method", "variant", "study", "dataset", "condition"),
    *("pair_accuracy", "pair_accuracy_ci_low", "pair_accuracy_ci_high", "flips", "flips_ci_low", "flips_ci_high"),
    *("seeds", "clips", "note"),
)
NO_PAIRS = "no two classes are each other's time reverse"


def temporal_rows(
    study: StudyConfig,
    datasets: list[str],
    results: str | Path,
    root: str | Path | None = None,
    *,
    mixed: bool = False,
) -> list[Row]:
    """Pair accuracy in percent for each dataset, variant and condition; for `reversed` also the share of flips.

    flips: the share of clips whose answer as_is and answer reversed are opposite. A dataset without such pairs has one
    row for each variant that says so.

    Raises:
        InputError: a run is missing, damaged or stale, or runs cannot be compared.
    """
    pairs = load_pairs(study, datasets, study.variant_configs, results, mixed=mixed)
    return [row for one in pairs for row in _rows(study, one)]


def _rows(study: StudyConfig, one: PairScores) -> list[Row]:
    seeds, clips = one.margin["as_is"].shape
    head = {
        "method": method_name(one.variant),
        "variant": one.variant.name,
        "study": study.name,
        "dataset": one.dataset,
        "seeds": str(seeds),
        "clips": str(clips),
        "note": data_note(study, one.dataset, one.evaluated, seeds, one.mixed) if clips else NO_PAIRS,
    }
    if not clips:
        return [head]
    rows = []
    for condition in CONDITIONS:
        margin = one.margin[condition]
        row = head | {"condition": condition} | _estimate("pair_accuracy", (np.sign(margin) + 1) / 2)
        if condition == "reversed":
            row |= _estimate("flips", margin * one.margin["as_is"] < 0)
        rows.append(row)
    return rows


def _estimate(name: str, values: np.ndarray) -> Row:
    found = crossed_interval(values)
    return {name: percent(found.mean), f"{name}_ci_low": percent(found.low), f"{name}_ci_high": percent(found.high)}
