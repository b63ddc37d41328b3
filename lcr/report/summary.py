"""A run's answer in a few lines, for whoever ran it by hand."""

import json
from pathlib import Path

import pyarrow.parquet as pq

from lcr.study.predictions import TOP, ranks


def summary(folder: Path) -> str:
    """Top-1, Top-5 where there are more classes, and the reversed pairs in each condition, of one tested run.

    No intervals: it is one seed.
    """
    table = pq.read_table(folder / "predictions.parquet").to_pandas()
    record = json.loads((folder / "run.json").read_text())
    labelled = table[table.label >= 0]
    label = labelled.label.to_numpy()
    scores = labelled[[name for name in table if name.startswith("score_")]].to_numpy()
    top5 = f", top-5 {(ranks(scores, label) < TOP).mean():.1%}" if scores.shape[1] > TOP else ""
    lines = [
        f"{record['dataset']} · {record['variant']} · seed {record['seed']} · {len(labelled)} validation clips",
        f"top-1 {(labelled.prediction == label).mean():.1%} (chance {1 / scores.shape[1]:.1%}){top5}",
    ]
    temporal = pq.read_table(folder / "temporal.parquet").to_pandas()
    if len(temporal):
        right = (temporal.score_label > temporal.score_reverse).groupby(temporal.condition).mean()
        said = {"as_is": "as they are", "last_frame": "last frame repeated", "reversed": "played backward"}
        lines.append("reversed pairs right: " + ", ".join(f"{right[name]:.1%} {text}" for name, text in said.items()))
    if record["dataset"].endswith("-fixture"):
        lines.append("on generated clips, not on the paper's data")
    return "\n".join([*lines, f"written to {folder}"])
