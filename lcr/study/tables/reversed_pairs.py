"""pairs: accuracy on each pair of classes that are one another's time reverse, of every arm.

One row a dataset, arm and pair: a clip of the pair is predicted right when its own label scores above the reverse (of
equal scores, half). Chance, and a model that sees no order of frames, is at 50%. pair_accuracy in percent with its 95%
interval over seeds and clips; frozen: the same with every clip's last frame repeated, which leaves no order to see.
"""

from collections.abc import Iterator

import numpy as np

from lcr.study.predictions import Results, pairs
from lcr.study.tables.accuracy import estimate, head, rows_by_variant
from lcr.study.tables.frame import Row, Source, integer, interval
from lcr.study.tables.temporal import NO_PAIRS

COLUMNS = (
    *("method", "variant", "study", "dataset", "pair"),
    *interval(".2f", "pair_accuracy"),
    *interval(".2f", "frozen"),
    *integer("seeds", "clips", required=True),
    "note",
)


def rows(source: Source) -> Iterator[Row]:
    """Every dataset, arm and pair.

    Raises:
        InputError: a run is missing, damaged or stale, or runs cannot be compared (see `load`).
    """
    return rows_by_variant(source, pairs, lambda found: {name: list(_rows(one)) for name, one in found.items()})


def _rows(one: Results) -> Iterator[Row]:
    if not len(one.ids):
        yield head(one) | {"note": NO_PAIRS}
        return
    names = one.arrays["pair"][0]
    for name in np.unique(names):
        here = names == name
        values = {kind: (np.sign(one.arrays[kind][:, here]) + 1) / 2 for kind in ("as_is", "last_frame")}
        yield (
            head(one)
            | {"pair": str(name), "clips": int(here.sum())}
            | estimate("pair_accuracy", values["as_is"])
            | estimate("frozen", values["last_frame"])
        )
