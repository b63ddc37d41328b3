"""Predictions of finished runs by seed and clip, or a refusal that names every run that is missing, damaged or stale.

A table never is an average over fewer seeds than its study has: all runs of a dataset are read before one number is
computed, and they must agree on clips, data and protocol. Runs that differ in data or protocol alone can be let through
(`mixed`); see `lcr.study.agreement`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lcr.config.record import RunRecord
from lcr.config.run import Run
from lcr.study.agreement import OneRun, agreement
from lcr.study.store import Store
from lcr.util.errors import InputError

TOP = 5
CONDITIONS = ("as_is", "last_frame", "reversed")  # sorted
STALE = "stale: its configuration or the sources have changed since it was made"


@dataclass(frozen=True)
class Seeds:
    """All n seeds of one dataset × variant, on M clips.

    run, record: of the first seed, whose configuration is that of all seeds. records: of all seeds.
    ids: (M,), the clips that the arrays are of. evaluated: the number of clips that each run was evaluated on.
    mixed: in words, how the runs of this dataset differ in data or protocol, or those of the table in their makers
        (`lcr.study.makers`); empty where they agree.
    """

    run: Run
    record: RunRecord
    records: tuple[RunRecord, ...]
    seeds: tuple[int, ...]
    ids: NDArray[np.str_]
    evaluated: int
    mixed: str


@dataclass(frozen=True)
class Predictions(Seeds):
    """Predictions of the labelled clips.

    predictions: (n, M), the class with the highest score. correct: (n, M), whether that class is the label.
    in_top5: (n, M), whether the label is among the five highest scores; None with five classes or fewer, where it
        would say nothing.
    """

    predictions: NDArray[np.int64]
    correct: NDArray[np.bool_]
    in_top5: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class PairScores(Seeds):
    """Scores of the own label and of its time reverse, on the clips of classes whose time reverse is a class too.

    margin: by condition (as_is, last_frame, reversed), (n, M): score of the label minus score of its reverse.
    """

    margin: dict[str, NDArray[np.float64]]


def load_predictions(runs: Iterable[Run], *, mixed: bool = False) -> list[Predictions]:
    """Predictions of every dataset × variant, in the order of its first run.

    Args:
        mixed: let runs of one dataset through that differ in data or protocol.

    Raises:
        InputError: a run is missing, damaged or stale (all are named), or runs of one dataset differ in their clips,
            data or protocol.
    """
    return [Predictions(*head, **arrays) for head, arrays in _gather(runs, _predictions, mixed)]


def load_pairs(runs: Iterable[Run], *, mixed: bool = False) -> list[PairScores]:
    """Scores of the time-reversed pairs of every dataset × variant; M = 0 for a dataset without such pairs.

    Raises:
        InputError: as for `load_predictions`.
    """
    return [PairScores(*head, margin=arrays) for head, arrays in _gather(runs, _pairs, mixed)]


def _gather(
    runs: Iterable[Run], read: Callable[[Store, Run, RunRecord], OneRun], mixed: bool
) -> Iterator[tuple[tuple[Any, ...], dict[str, NDArray[Any]]]]:
    """The fields of `Seeds`, and by name an array (n, M), of each dataset × variant; all runs are there and agree."""
    by_dataset: dict[str, dict[str, list[OneRun]]] = {}
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
    for variants in by_dataset.values():
        mixture = agreement([one for ones in variants.values() for one in ones], mixed=mixed)
        for ones in variants.values():
            first, seeds = ones[0], tuple(one.run.seed for one in ones)
            arrays = {name: np.stack([one.arrays[name] for one in ones]) for name in first.arrays}
            records = tuple(one.record for one in ones)
            yield (first.run, first.record, records, seeds, first.ids, first.evaluated, mixture), arrays


def _predictions(store: Store, run: Run, record: RunRecord) -> OneRun:
    """Predictions of one run's labelled clips."""
    table = store.predictions(run.dataset, run.variant.name, run.seed)
    labels = _column(table, "label")
    if not (labelled := labels >= 0).any():
        raise InputError("predictions.parquet holds no clip with a label")
    count = sum(name.startswith("score_") for name in table.column_names)
    scores = np.column_stack([_column(table, f"score_{number}") for number in range(count)] or [labels])[labelled]
    labels, predictions = labels[labelled].astype(np.int64), _column(table, "prediction")[labelled].astype(np.int64)
    if not np.isfinite(scores).all():
        raise InputError("predictions.parquet holds scores that are not finite (failed)")
    if labels.max() >= count or (predictions != scores.argmax(1)).any():
        raise InputError("predictions.parquet is damaged: a prediction is not the class with the highest score")
    arrays = {"predictions": predictions, "correct": predictions == labels}
    if count > TOP:
        arrays["in_top5"] = ranks(scores, labels) < TOP
    return OneRun(run, record, _column(table, "id").astype(str)[labelled], labels, len(labels), arrays)


def _pairs(store: Store, run: Run, record: RunRecord) -> OneRun:
    """Margins by condition of one run's clips that have a time reverse."""
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
    arrays = dict(zip(CONDITIONS, margins[order].reshape(len(CONDITIONS), -1), strict=True))
    return OneRun(run, record, clips, None, record.clips["validation"], arrays)


def _column(table: pa.Table, name: str) -> NDArray[Any]:
    if name not in table.column_names:
        raise InputError(f"its predictions or pairs have no column '{name}'")
    return table[name].to_numpy()


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
