"""Rows of statistics: how sure each number is, what its uncertainty is made of, and what could have been found.

One row a dataset × variant. Accuracies in percent; differences (variant - full, paired by seed and clip), standard
deviations and detectable differences in percentage points; shares in percent. Intervals are at 95%.

- top1, top5: means over seeds, with crossed intervals over seeds and clips.
- sd_seed, sd_clip, sd_rest; share_seed, share_clip, share_rest: where the variance of top1 comes from, and which share
  of its uncertainty each source has: more seeds cannot shrink what comes from the clips, nor the reverse.
- delta_*: the same for the difference from full.
- effect_g: Hedges' g of the paired differences by seed (in standard deviations over seeds, on these clips).
- p_value, p_holm, p_floor_holm: exact sign-flip test over seeds on the evaluated clips, Holm over the ablations.
- mcnemar_gained, mcnemar_lost, mcnemar_p: by seed, in the study's order, separated by spaces: clips that only the
  variant, and that only full, has right, and the exact test of that split. Description, not evidence: not corrected.
- detectable_interval, detectable_signs: the least true difference that 80% of studies of this size would find, by an
  interval that leaves out 0, and by the sign-flip test at Holm's strictest step (inf: by no difference at all).
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lcr.config.study import FULL, StudyConfig
from lcr.study.predictions import Answers, load_answers
from lcr.study.stats.effects import (
    Components,
    detectable_by_interval,
    detectable_by_signs,
    mcnemar,
    paired_effect,
    variance_components,
)
from lcr.study.stats.intervals import crossed_interval, paired_interval
from lcr.study.tables.accuracy import data_note, difference_cells, method_name, tests_against
from lcr.study.tables.rows import Row, percent

COLUMNS = (
    *("method", "variant", "study", "dataset", "seeds", "clips"),
    *("top1", "top1_ci_low", "top1_ci_high", "top5", "top5_ci_low", "top5_ci_high"),
    *("sd_seed", "sd_clip", "sd_rest", "share_seed", "share_clip", "share_rest"),
    *("delta_top1", "delta_ci_low", "delta_ci_high", "delta_sd_seed", "delta_sd_clip", "delta_sd_rest"),
    *("delta_share_seed", "delta_share_clip", "delta_share_rest", "effect_g", "effect_ci_low", "effect_ci_high"),
    *("p_value", "p_holm", "p_floor_holm", "mcnemar_gained", "mcnemar_lost", "mcnemar_p"),
    *("detectable_interval", "detectable_signs", "note"),
)
EQUAL = "answers every clip as full does: nothing is tested here"


def statistics_rows(
    study: StudyConfig,
    datasets: list[str],
    results: str | Path,
    root: str | Path | None = None,
    *,
    mixed: bool = False,
) -> list[Row]:
    """Rows of the datasets; cells that are not defined (one seed, differences that are all equal) stay empty.

    Raises:
        InputError: a run is missing, damaged or stale, or runs cannot be compared (see `load_answers`).
    """
    answers = load_answers(study, datasets, study.variant_configs, results, mixed=mixed)
    return [row for dataset in datasets for row in _rows(study, [one for one in answers if one.dataset == dataset])]


def _rows(study: StudyConfig, answers: list[Answers]) -> list[Row]:
    full = next(one for one in answers if one.variant.name == FULL)
    tests = tests_against(full, [one for one in answers if one is not full])
    rows = []
    for one in answers:
        row = _own(study, one)
        if one is not full:
            row |= _against(one, full, len(tests)) | tests[one.variant.name]
            if np.array_equal(one.predictions, full.predictions):
                row["note"] = "; ".join(filter(None, (EQUAL, row["note"])))
        rows.append(row)
    return rows


def _own(study: StudyConfig, one: Answers) -> Row:
    seeds, clips = one.correct.shape
    return {
        "method": method_name(one.variant),
        "variant": one.variant.name,
        "study": study.name,
        "dataset": one.dataset,
        "seeds": str(seeds),
        "clips": str(clips),
        **_interval("top1", one.correct),
        **({} if one.in_top5 is None else _interval("top5", one.in_top5)),
        **_spread("", variance_components(one.correct)),
        "note": data_note(study, one.dataset, clips, seeds, one.mixed),
    }


def _against(one: Answers, full: Answers, tests: int) -> Row:
    """The cells of an ablation that compare it with full."""
    matrix = one.correct.astype(np.float64) - full.correct
    by_seed = matrix.mean(1)
    effect = paired_effect(by_seed)
    seeds = mcnemar(one.correct, full.correct)
    return {
        **difference_cells(paired_interval(one.correct, full.correct)),
        **_spread("delta_", variance_components(matrix)),
        "effect_g": _number(effect.size),
        "effect_ci_low": _number(effect.low),
        "effect_ci_high": _number(effect.high),
        "mcnemar_gained": " ".join(str(seed.gained) for seed in seeds),
        "mcnemar_lost": " ".join(str(seed.lost) for seed in seeds),
        "mcnemar_p": " ".join(f"{seed.p:.2g}" for seed in seeds),
        "detectable_interval": _number(100 * detectable_by_interval(matrix)),
        "detectable_signs": _number(100 * detectable_by_signs(by_seed, tests)) if np.ptp(by_seed) > 0 else "",
    }


def _interval(name: str, values: NDArray[np.bool_]) -> Row:
    found = crossed_interval(values)
    return {name: percent(found.mean), f"{name}_ci_low": percent(found.low), f"{name}_ci_high": percent(found.high)}


def _spread(prefix: str, parts: Components) -> Row:
    return {f"{prefix}{name}": _number(100 * value) for name, value in vars(parts).items()}


def _number(value: float) -> str:
    """Two decimals; empty where it is undefined; no negative zero."""
    return "" if np.isnan(value) else f"{round(value, 2) + 0.0:.2f}"
