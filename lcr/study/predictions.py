"""Finished runs as answers by seed and clip, or a refusal that names every run that is missing, damaged or stale.

A table never is an average over fewer seeds than its study has: all runs of a dataset are read before one number is
computed, and they must agree on clips, data and protocol. Only run folders and configurations are read here.

Runs that differ in data or protocol alone can be let through (`mixed`); see `lcr.study.agreement`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lcr.config.record import RunRecord
from lcr.config.run import Run
from lcr.config.study import StudyConfig
from lcr.config.variant import VariantConfig
from lcr.study.agreement import Found, check_agreement, mixture
from lcr.util.errors import InputError

TOP = 5
CONDITIONS = ("as_is", "last_frame", "reversed")
STALE = "stale: its configuration or the sources have changed since it was made"


class _Unusable(Exception):
    """Why one run cannot be used."""


@dataclass(frozen=True)
class Answers:
    """All seeds of one dataset × variant: n seeds, M labelled clips.

    predictions: (n, M), the class with the highest score.
    correct: (n, M), whether that is the label.
    in_top5: (n, M), whether the label is among the five highest scores; None with five classes or fewer, where it
        would say nothing.
    info: run.json of the first seed, whose configuration is that of all seeds.
    mixed: in words, how the runs of this dataset differ in data or protocol; empty where they agree.
    """

    dataset: str
    variant: VariantConfig
    seeds: tuple[int, ...]
    ids: NDArray[np.str_]
    labels: NDArray[np.int64]
    predictions: NDArray[np.int64]
    correct: NDArray[np.bool_]
    in_top5: NDArray[np.bool_] | None
    info: dict[str, Any]
    mixed: str = ""


@dataclass(frozen=True)
class PairScores:
    """Scores of the own label and of its time reverse: n seeds, M clips of classes whose time reverse is a class too.

    margin: by condition (as_is, last_frame, reversed), (n, M): score of the label minus score of its reverse.
    evaluated: how many clips were evaluated, those of other classes among them.
    mixed: as in `Answers`.
    """

    dataset: str
    variant: VariantConfig
    seeds: tuple[int, ...]
    ids: NDArray[np.str_]
    margin: dict[str, NDArray[np.float64]]
    evaluated: int
    mixed: str = ""


def _read(path: Path) -> pa.Table:
    try:
        return pq.read_table(path)
    except FileNotFoundError:
        raise _Unusable(f"no {path.name} (not run, or failed)") from None
    except (pa.ArrowException, OSError):
        raise _Unusable(f"{path.name} is damaged") from None


def _column(table: pa.Table, name: str, file: str) -> NDArray[Any]:
    if name not in table.column_names:
        raise _Unusable(f"{file} has no column '{name}'")
    return table[name].to_numpy()


def _record(run: Run) -> RunRecord:
    """The record of a run that is up to date."""
    try:
        record = RunRecord.read(run.folder)
    except FileNotFoundError:
        raise _Unusable("no run.json (not run, or failed)") from None
    except InputError:
        raise _Unusable("run.json is damaged") from None
    if run.is_stale(record):
        raise _Unusable(STALE)
    return record


def _answers(folder: Path, info: dict[str, Any]) -> dict[str, Any]:
    """Ids, labels and which answers are right, of one run's labelled clips; and what all runs must agree on."""
    file = "predictions.parquet"
    table = _read(folder / file)
    named = [name for name in table.column_names if name.startswith("score_")]
    names = [f"score_{number}" for number in range(len(named))]
    labels, predictions = _column(table, "label", file), _column(table, "prediction", file)
    labelled = labels >= 0
    if not labelled.any():
        raise _Unusable(f"{file} holds no clip with a label")
    scores = np.column_stack([_column(table, name, file) for name in names])[labelled] if names else np.zeros((0, 0))
    labels, predictions = labels[labelled], predictions[labelled]
    if not np.isfinite(scores).all():
        raise _Unusable(f"{file} holds scores that are not finite (failed)")
    if not names or labels.max() >= len(names) or (predictions != scores.argmax(1)).any():
        raise _Unusable(f"{file} is damaged: a prediction is not the class with the highest score")
    return {
        "ids": _column(table, "id", file).astype(str)[labelled],
        "labels": labels.astype(np.int64),
        "predictions": predictions.astype(np.int64),
        "correct": predictions == labels,
        "in_top5": ranks(scores, labels) < TOP if scores.shape[1] > TOP else None,
        "info": info,
    }


def ranks(scores: NDArray[Any], labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """How many classes come before the label's; of equal scores the lower class number comes first.

    Args:
        scores: (M, classes). labels: (M,).
    """
    own = scores[np.arange(len(labels)), labels][:, None]
    before = np.arange(scores.shape[1]) < labels[:, None]
    return ((scores > own) | ((scores == own) & before)).sum(1)


def _pairs(folder: Path, info: dict[str, Any]) -> dict[str, Any]:
    """Ids and margins of one run's clips that have a time reverse."""
    file = "temporal.parquet"
    table = _read(folder / file)
    ids, conditions = _column(table, "id", file).astype(str), _column(table, "condition", file)
    margins = (_column(table, "score_label", file) - _column(table, "score_reverse", file)).astype(np.float64)
    if not np.isfinite(margins).all():
        raise _Unusable(f"{file} holds scores that are not finite (failed)")
    margin, clips = {}, np.unique(ids)
    for condition in CONDITIONS:
        here = np.flatnonzero(conditions == condition)
        order = here[np.argsort(ids[here], kind="stable")]
        if not np.array_equal(ids[order], clips):
            raise _Unusable(f"{file} has not each clip once under '{condition}'")
        margin[condition] = margins[order]
    try:
        evaluated = int(info["clips"]["validation"])
    except (KeyError, TypeError, ValueError):
        raise _Unusable("run.json does not say how many clips were evaluated") from None
    return {"ids": clips, "margin": margin, "evaluated": evaluated, "info": info}


def _refuse(study: StudyConfig, problems: dict[tuple[str, str, str], list[int]]) -> InputError:
    runs = sum(len(seeds) for seeds in problems.values())
    lines = [
        f"  {dataset}/{variant}, seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}: {why}"
        for (dataset, variant, why), seeds in problems.items()
    ]
    dataset, variant, _ = next(iter(problems))
    options = (
        f"--study {study.given} --dataset {dataset} --ablation {variant} --seed {next(iter(problems.values()))[0]}"
    )
    return InputError(
        f"study '{study.name}' lacks {runs} run{'s' * (runs > 1)}, so no table is made of the rest:\n"
        + "\n".join(lines)
        + f"\nrun snakemake again, or by hand, the first: lcr train {options} && lcr evaluate {options}"
    )


def _gather(
    study: StudyConfig,
    datasets: Iterable[str],
    variants: Iterable[VariantConfig],
    results: str | Path,
    read: Any,
    mixed: bool,
) -> Iterator[tuple[str, VariantConfig, list[dict[str, Any]], str]]:
    """Every run of `datasets` × `variants` × seeds through `read`; yields nothing before all are there and agree.

    The last of each: how the runs of the dataset differ, where that is let through.
    """
    problems: dict[tuple[str, str, str], list[int]] = {}
    found: dict[str, Found] = {}
    variants = tuple(variants)
    for dataset in datasets:
        study.dataset(dataset)
        for variant in variants:
            for seed in study.seeds:
                run = Run(study=study, dataset=dataset, variant=variant, seed=seed, results=Path(results))
                try:
                    info = _record(run).model_dump()
                    found.setdefault(dataset, {})[variant.name, seed] = read(run.folder, info)
                except _Unusable as why:
                    problems.setdefault((dataset, variant.name, str(why)), []).append(seed)
    if problems:
        raise _refuse(study, problems)
    for dataset, runs in found.items():
        check_agreement(study, dataset, runs, mixed=mixed)
    for dataset, runs in found.items():
        how = mixture(runs) if mixed else ""
        for variant in variants:
            yield dataset, variant, [runs[variant.name, seed] for seed in study.seeds], how


def load_answers(
    study: StudyConfig,
    datasets: Iterable[str],
    variants: Iterable[VariantConfig],
    results: str | Path,
    *,
    mixed: bool = False,
) -> list[Answers]:
    """Answers of every dataset × variant, in this order.

    Args:
        mixed: let runs of one dataset through that differ in data or protocol.

    Raises:
        InputError: a run is missing, damaged or stale (all are named), or runs of one dataset differ in their clips,
            data or protocol.
    """
    return [
        Answers(
            dataset,
            variant,
            study.seeds,
            runs[0]["ids"],
            runs[0]["labels"],
            np.stack([run["predictions"] for run in runs]),
            np.stack([run["correct"] for run in runs]),
            None if runs[0]["in_top5"] is None else np.stack([run["in_top5"] for run in runs]),
            runs[0]["info"],
            how,
        )
        for dataset, variant, runs, how in _gather(study, datasets, variants, results, _answers, mixed)
    ]


def load_pairs(
    study: StudyConfig,
    datasets: Iterable[str],
    variants: Iterable[VariantConfig],
    results: str | Path,
    *,
    mixed: bool = False,
) -> list[PairScores]:
    """Scores of the time-reversed pairs of every dataset × variant; M = 0 for a dataset without such pairs.

    Raises:
        InputError: as for `load_answers`.
    """
    return [
        PairScores(
            dataset,
            variant,
            study.seeds,
            runs[0]["ids"],
            {condition: np.stack([run["margin"][condition] for run in runs]) for condition in CONDITIONS},
            runs[0]["evaluated"],
            how,
        )
        for dataset, variant, runs, how in _gather(study, datasets, variants, results, _pairs, mixed)
    ]
