"""temporal: does a model see time? Classes that are one another's time reverse differ in nothing else.

One row a dataset, variant and condition. A pair is predicted right when the score of the clip's own label is above that
of its reverse (equal scores count half): as it is, a clip should be predicted right; with its last frame repeated,
about half of the time; and run backwards, its prediction should flip to the reverse. pair_accuracy in percent; flips,
where `reversed`: the share of clips whose predictions as_is and reversed are opposite. A dataset without such pairs has
one row for each variant that says so.
"""

from collections.abc import Iterator

import numpy as np

from lcr.study.predictions import CONDITIONS, Results, pairs
from lcr.study.tables.accuracy import estimate, head, rows_by_variant
from lcr.study.tables.frame import Row, Source, integer, interval

COLUMNS = (
    *("method", "variant", "study", "dataset", "condition"),
    *interval(".2f", "pair_accuracy"),
    *interval(".2f", "flips"),
    *integer("seeds", "clips", required=True),
    "note",
)
NO_PAIRS = "no two classes are each other's time reverse"


def rows(source: Source) -> Iterator[Row]:
    """Every dataset, variant and condition.

    Raises:
        InputError: a run is missing, damaged or stale, or runs cannot be compared (see `load`).
    """
    return rows_by_variant(source, pairs, lambda found: {name: list(_rows(one)) for name, one in found.items()})


def _rows(one: Results) -> Iterator[Row]:
    if not len(one.ids):
        yield head(one) | {"note": NO_PAIRS}
        return
    for condition in CONDITIONS:
        margin = one.arrays[condition]
        flips = estimate("flips", margin * one.arrays["as_is"] < 0) if condition == "reversed" else {}
        yield head(one) | {"condition": condition} | estimate("pair_accuracy", (np.sign(margin) + 1) / 2) | flips
