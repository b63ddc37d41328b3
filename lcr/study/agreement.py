"""The properties that runs must share before their numbers may stand in one column.

Runs on different data or under another prediction protocol are refused, since the column would compare these and not
the models. `mixed` lets such runs through: then every row says which runs have which data and protocol. Different clips
are always refused, since predictions are paired clip by clip.
"""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lcr.config.record import RunRecord
from lcr.config.run import Run
from lcr.util.errors import InputError

# Fields of the record that all runs of one dataset must share for their accuracies to stand in one column.
SHARED = {"protocol": "prediction protocol", "data_hash": "data"}


class OneRun(NamedTuple):
    """One run's results on M clips.

    ids, labels: (M,), the clips and, where there are any, their labels. evaluated: clips that the run was evaluated on.
    arrays: by name, (M,) each.
    """

    run: Run
    record: RunRecord
    ids: NDArray[np.str_]
    labels: NDArray[np.int64] | None
    evaluated: int
    arrays: dict[str, NDArray[Any]]


def agreement(ones: Sequence[OneRun], *, mixed: bool) -> str:
    """In words, how runs of one dataset differ in data or protocol; empty where they do not.

    Args:
        mixed: let different data and protocols through.

    Raises:
        InputError: two runs differ in data or protocol (and not `mixed`), in their clips, or two seeds of one variant
            in their configuration.
    """
    first, earlier = ones[0], {one.run.variant.name: one for one in reversed(ones)}
    for one in ones:
        before = earlier[one.run.variant.name]
        differ = [word for field, word in SHARED.items() if getattr(one.record, field) != getattr(first.record, field)]
        if differ and not mixed:
            hint = "look at them all the same with `lcr table --mixed` (table2, ablations, temporal, statistics)"
            raise _differ(first, one, f"their {differ[0]}", f"; or {hint}")
        if not (np.array_equal(one.ids, first.ids) and np.array_equal(one.labels, first.labels)):
            raise _differ(first, one, "their clips")
        if one.record.config != before.record.config:
            raise _differ(before, one, "'config'")
    return "; ".join(filter(None, (_mixture(ones, field, word) for field, word in SHARED.items())))


def _differ(one: OneRun, other: OneRun, what: str, more: str = "") -> InputError:
    pair = " and ".join(f"{run.dataset}/{run.variant.name}/seed-{run.seed}" for run in (one.run, other.run))
    again = f"make them again with `lcr train` and `lcr evaluate` (--study {one.run.study.given})"
    return InputError(f"{pair} differ in {what}, so they cannot be compared; {again}, or run snakemake again{more}")


def _mixture(ones: Sequence[OneRun], field: str, word: str) -> str:
    groups: dict[str, list[str]] = {}
    for one in ones:
        value = getattr(one.record, field)
        short = value[:8] if isinstance(value, str) else json.dumps(value)
        groups.setdefault(short, []).append(f"{one.run.variant.name}/{one.run.seed}")
    parts = [f"{value} in {', '.join(runs)}" for value, runs in groups.items()]
    return f"MIXED {word}: {' | '.join(parts)}" if len(parts) > 1 else ""
