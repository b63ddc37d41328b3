"""statistics: each variant's accuracy with its uncertainty, the sources of that uncertainty, effect size and power.

One row a dataset × variant. Accuracies in percent; differences (variant - full, paired by seed and clip), standard
deviations and detectable differences in percentage points; shares in percent. Intervals are at 95%.

- top1, top5: means over seeds, with crossed intervals over seeds and clips.
- sd_seed, sd_clip, sd_rest; share_seed, share_clip, share_rest: the sources of the variance of top1, and each source's
  share of its uncertainty: more seeds shrink only the share of the seeds, more clips only that of the clips.
- delta_*: the same for the difference from full.
- effect_g: Hedges' g of the paired differences by seed (in standard deviations over seeds, on these clips).
- p_value, p_family, p_floor, family, equal_within, verdict: as in `lcr.study.tables.accuracy`.
- mcnemar_gained, mcnemar_lost, mcnemar_p: by seed, in the study's order, separated by spaces: clips that only the
  variant, and that only full, has right, and the exact test of that split. Description, not evidence: not corrected.
- detectable_interval, detectable_signs: the least true difference that a study of this size detects with 80% power, by
  an interval that excludes 0, and by the sign-flip test of this ablation alone (inf: these seeds detect none).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lcr.config.variant import FULL
from lcr.study.predictions import Results, predictions
from lcr.study.stats.effects import (
    PARTS,
    detectable_by_interval,
    detectable_by_signs,
    mcnemar,
    paired_effect,
    variance_components,
)
from lcr.study.tables.accuracy import (
    BY_SEED,
    P_VALUES,
    by_seed,
    estimate,
    head,
    noted,
    rows_by_variant,
    tests_against_full,
)
from lcr.study.tables.frame import Column, Row, Source, integer, interval, number

COLUMNS = (
    *("method", "variant", "study", "dataset"),
    *integer("seeds", "clips", required=True),
    *interval(".2f", "top1"),
    *interval(".2f", "top5"),
    *number("z.2f", *PARTS),
    *interval("z.2f", "delta_top1", "delta"),
    *number("z.2f", *(f"delta_{part}" for part in PARTS)),
    *interval("z.2f", "effect_g", "effect"),
    *P_VALUES,
    *BY_SEED,
    *(Column(name, "list", ".0f") for name in ("mcnemar_gained", "mcnemar_lost")),
    Column("mcnemar_p", "list", ".2g"),
    *number("z.2f", "detectable_interval", "detectable_signs", infinite=True),
    "note",
)
EQUAL = "predicts every clip as full does: nothing is tested here"


def rows(source: Source) -> Iterator[Row]:
    """Every dataset and variant; cells that are not defined (one seed, differences that are all equal) stay empty.

    Raises:
        InputError: a run is missing, damaged or stale, or runs cannot be compared (see `load`).
    """
    return rows_by_variant(source, predictions, _rows)


def _rows(found: dict[str, Results]) -> dict[str, list[Row]]:
    full, tests, rows = found[FULL], tests_against_full(found), {}
    for name, one in found.items():
        correct = one.arrays["correct"]
        row = head(one) | estimate("top1", correct) | _spread("", correct)
        row["top1_by_seed"] = tuple(100 * by_seed(one))
        if "in_top5" in one.arrays:
            row |= estimate("top5", one.arrays["in_top5"])
        if name in tests:
            row |= _against(one, full) | tests[name]
            if np.array_equal(one.arrays["predictions"], full.arrays["predictions"]):
                row |= noted(EQUAL, row)
        rows[name] = [row]
    return rows


def _against(one: Results, full: Results) -> Row:
    """The cells of an ablation that compare it with full."""
    correct, of_full = one.arrays["correct"], full.arrays["correct"]
    matrix = correct.astype(np.float64) - of_full
    differences = matrix.mean(1)
    return {
        **estimate("delta_top1", correct, of_full),
        **_spread("delta_", matrix),
        **dict(zip(("effect_g", "effect_ci_low", "effect_ci_high"), paired_effect(differences), strict=True)),
        **{f"mcnemar_{name}": values for name, values in mcnemar(correct, of_full).items()},
        "detectable_interval": 100 * detectable_by_interval(matrix),
        "detectable_signs": 100 * detectable_by_signs(differences) if np.ptp(differences) > 0 else None,
    }


def _spread(prefix: str, values: NDArray[Any]) -> Row:
    return {f"{prefix}{name}": 100 * value for name, value in variance_components(values).items()}
