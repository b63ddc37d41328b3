"""A run's result in a few lines, for whoever ran it by hand."""

from pathlib import Path

import pyarrow.parquet as pq

from lcr.config.datasets import is_synthetic
from lcr.config.record import RunRecord
from lcr.report.answer import CONDITIONS
from lcr.study.predictions import TOP, ranks


def summary(folder: Path) -> str:
    """Top-1, Top-5 where there are more classes, and the reversed pairs in each condition, of one evaluated run.

    One seed has no interval.
    """
    table = pq.read_table(folder / "predictions.parquet").to_pandas()
    record = RunRecord.read(folder)
    labelled = table[table.label >= 0]
    label = labelled.label.to_numpy()
    scores = labelled.filter(like="score_").to_numpy()
    top5 = f", top-5 {(ranks(scores, label) < TOP).mean():.1%}" if scores.shape[1] > TOP else ""
    lines = [
        f"{record.dataset} · {record.variant} · seed {record.seed} · {len(labelled)} validation clips",
        f"top-1 {(labelled.prediction == label).mean():.1%} (chance {1 / scores.shape[1]:.1%}){top5}",
    ]
    temporal = pq.read_table(folder / "temporal.parquet").to_pandas()
    if len(temporal):
        right = (temporal.score_label > temporal.score_reverse).groupby(temporal.condition).mean()
        lines.append("reversed pairs: " + ", ".join(f"{right[name]:.1%} {text}" for name, text in CONDITIONS.items()))
    if is_synthetic(record.dataset):
        lines.append("synthetic clips, not the paper's data")
    return "\n".join([*lines, f"written to {folder}"])
