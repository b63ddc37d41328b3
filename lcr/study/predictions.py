"""Predictions of finished runs by seed and clip, or a refusal that names every run that is missing, damaged or stale.

A table never is an average over fewer seeds than its study has: all runs of a dataset are read before one number is
computed, and they must agree on clips, data and protocol. Runs on different data or under another prediction protocol
are refused, since a column would compare these and not the models. `mixed` lets such runs through: then every row says
which runs have which data and protocol. Different clips are always refused, since predictions are paired clip by clip.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lcr.config.record import RunRecord
from lcr.config.run import Run
from lcr.study.store import Store
from lcr.util.errors import InputError

TOP = 5
CONDITIONS = ("as_is", "last_frame", "reversed")  # sorted
STALE = "stale: its configuration or the sources have changed since it was made"
# Fields of the record that all runs of one dataset must share for their accuracies to stand in one column.
SHARED = {"protocol": "prediction protocol", "data_hash": "data"}


class Results(NamedTuple):
    """Results on M clips: of one run, or of all n seeds of one dataset × variant.

    run, record: of the first seed, whose configuration is that of all seeds.
    ids, labels: (M,), the clips and, where there are any, their labels. evaluated: clips that a run was evaluated on.
    arrays: by name, (M,) each of one run, (n, M) of n seeds; see `predictions` and `pairs`.
    seeds, records: of n seeds. mixed: in words, how the runs of this dataset differ in data or protocol, or those of
        the table in their makers (`lcr.study.makers`); empty where they agree.
    """

    run: Run
    record: RunRecord
    ids: NDArray[np.str_]
    labels: NDArray[np.int64] | None
    evaluated: int
    arrays: dict[str, NDArray[Any]]
    seeds: tuple[int, ...] = ()
    records: tuple[RunRecord, ...] = ()
    mixed: str = ""


Reader = Callable[[Store, Run, RunRecord], Results]


def load(runs: Iterable[Run], read: Reader, *, mixed: bool = False) -> list[Results]:
    """Results of every dataset × variant, in the order of its first run.

    Args:
        read: `predictions` or `pairs`.
        mixed: let runs of one dataset through that differ in data or protocol.

    Raises:
        InputError: a run is missing, damaged or stale (all are named), or runs of one dataset differ in their clips,
            data or protocol.
    """
    by_dataset: dict[str, dict[str, list[Results]]] = {}
    problems: dict[tuple[str, str, str], list[Run]] = {}
    for run in runs:
        store = Store(run.results, run.study.name)
        try:
            record = store.record(run.dataset, run.variant.name, run.seed)
            if run.is_stale(record):
                raise InputError(STALE)
            by_variant = by_dataset.setdefault(run.dataset, {})
            by_variant.setdefault(run.variant.name, []).append(read(store, run, record))
        except InputError as error:
            why = str(error).replace(f"{run.folder}/", "").partition(";")[0]
            problems.setdefault((run.dataset, run.variant.name, why), []).append(run)
    if problems:
        raise _refusal(problems)
    found = []
    for variants in by_dataset.values():
        mixture = agreement([one for ones in variants.values() for one in ones], mixed=mixed)
        for ones in variants.values():
            first = ones[0]
            arrays = {name: np.stack([one.arrays[name] for one in ones]) for name in first.arrays}
            seeds, records = tuple(one.run.seed for one in ones), tuple(one.record for one in ones)
            found.append(first._replace(arrays=arrays, seeds=seeds, records=records, mixed=mixture))
    return found


def predictions(store: Store, run: Run, record: RunRecord) -> Results:
    """One run's predictions of its labelled clips.

    predictions: the class with the highest score. correct: whether that class is the label. in_top5: whether the label
    is among the five highest scores; left out with five classes or fewer, where it would say nothing.
    """
    table = store.predictions(run.dataset, run.variant.name, run.seed)
    labels = _column(table, "label")
    if not (labelled := labels >= 0).any():
        raise InputError("predictions.parquet holds no clip with a label")
    count = sum(name.startswith("score_") for name in table.column_names)
    scores = np.column_stack([_column(table, f"score_{number}") for number in range(count)] or [labels])[labelled]
    labels, predicted = labels[labelled].astype(np.int64), _column(table, "prediction")[labelled].astype(np.int64)
    if not np.isfinite(scores).all():
        raise InputError("predictions.parquet holds scores that are not finite (failed)")
    if labels.max() >= count or (predicted != scores.argmax(1)).any():
        raise InputError("predictions.parquet is damaged: a prediction is not the class with the highest score")
    arrays = {"predictions": predicted, "correct": predicted == labels}
    if count > TOP:
        arrays["in_top5"] = ranks(scores, labels) < TOP
    return Results(run, record, _column(table, "id").astype(str)[labelled], labels, len(labels), arrays)


def pairs(store: Store, run: Run, record: RunRecord) -> Results:
    """One run's margins by condition: score of the label minus score of its time reverse, of the clips that have one.

    pair: the two labels' names, as in "Opening something / Closing something". M = 0 for a dataset without such pairs.
    """
    if "validation" not in record.clips:
        raise InputError("run.json does not say how many clips were evaluated")
    table = store.temporal(run.dataset, run.variant.name, run.seed)
    ids, conditions = (_column(table, name).astype(str) for name in ("id", "condition"))
    margins = (_column(table, "score_label") - _column(table, "score_reverse")).astype(np.float64)
    if not np.isfinite(margins).all():
        raise InputError("temporal.parquet holds scores that are not finite (failed)")
    clips, order = np.unique(ids), np.lexsort((ids, conditions))  # by condition, then by clip
    wanted = np.tile(clips, len(CONDITIONS)), np.repeat(CONDITIONS, len(clips))
    if not all(map(np.array_equal, (ids[order], conditions[order]), wanted)):
        raise InputError("temporal.parquet has not each clip once under each condition")
    arrays: dict[str, NDArray[Any]] = dict(zip(CONDITIONS, margins[order].reshape(len(CONDITIONS), -1), strict=True))
    arrays["pair"] = _pair_names(table)[order[: len(clips)]]
    return Results(run, record, clips, None, record.clips["validation"], arrays)


def _pair_names(table: pa.Table) -> NDArray[np.str_]:
    try:
        classes = [str(name) for name in json.loads((table.schema.metadata or {}).get(b"classes", b"[]"))]
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError("temporal.parquet is damaged: its classes are no list of names") from error
    numbers = np.stack([_column(table, "label"), _column(table, "reverse_label")], axis=1)
    known = dict(enumerate(classes))
    names = [" / ".join(known.get(one, str(one)) for one in sorted(pair)) for pair in numbers.tolist()]
    return np.array(names, np.str_)


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


_TYPES: dict[str, Callable[[pa.DataType], bool]] = {
    "id": _is_text,
    "condition": _is_text,
    "label": pa.types.is_integer,
    "reverse_label": pa.types.is_integer,
    "prediction": pa.types.is_integer,
}


def _column(table: pa.Table, name: str) -> NDArray[Any]:
    """A column of predictions or pairs; scores are floats.

    Raises:
        InputError: there is none or more than one of this name, it is of another type, or a value is missing.
    """
    if table.column_names.count(name) != 1:
        raise InputError(f"its predictions or pairs have no column '{name}', or two of them")
    column = table[name]
    right = _TYPES.get(name, pa.types.is_floating)(column.type) and not column.null_count
    if len(column) and not right:  # without rows there is no type
        raise InputError(f"its predictions or pairs have {column.type} or missing values in the column '{name}'")
    return column.to_numpy()


def ranks(scores: NDArray[Any], labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """How many classes come before the label's; of equal scores the lower class number comes first.

    Args:
        scores: (M, classes). labels: (M,).
    """
    own = scores[np.arange(len(labels)), labels][:, None]
    before = np.arange(scores.shape[1]) < labels[:, None]
    return ((scores > own) | ((scores == own) & before)).sum(1)


def _refusal(problems: dict[tuple[str, str, str], list[Run]]) -> InputError:
    count = sum(map(len, problems.values()))
    lines = [
        f"  {dataset}/{variant}, seed{'s' * (len(runs) > 1)} {', '.join(str(run.seed) for run in runs)}: {why}"
        for (dataset, variant, why), runs in problems.items()
    ]
    first = next(iter(problems.values()))[0]
    return InputError(
        f"study '{first.study.name}' lacks {count} run{'s' * (count > 1)}, so no table is made of the rest:\n"
        + "\n".join(lines)
        + f"\nrun snakemake again, or by hand, the first: lcr train {first.options} && lcr evaluate {first.options}"
    )


def agreement(ones: Sequence[Results], *, mixed: bool) -> str:
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


def _differ(one: Results, other: Results, what: str, more: str = "") -> InputError:
    pair = " and ".join(f"{run.dataset}/{run.variant.name}/seed-{run.seed}" for run in (one.run, other.run))
    again = f"make them again with `lcr train` and `lcr evaluate` (--study {one.run.study.given})"
    return InputError(f"{pair} differ in {what}, so they cannot be compared; {again}, or run snakemake again{more}")


def _mixture(ones: Sequence[Results], field: str, word: str) -> str:
    groups: dict[str, list[str]] = {}
    for one in ones:
        value = getattr(one.record, field)
        short = value[:8] if isinstance(value, str) else json.dumps(value)
        groups.setdefault(short, []).append(f"{one.run.variant.name}/{one.run.seed}")
    parts = [f"{value} in {', '.join(runs)}" for value, runs in groups.items()]
    return f"MIXED {word}: {' | '.join(parts)}" if len(parts) > 1 else ""
