"""A run's result in a few lines, for whoever ran it by hand."""

from pathlib import Path

import numpy as np

from lcr.config.datasets import is_synthetic
from lcr.report.answer import CONDITIONS
from lcr.study.predictions import TOP, ranks
from lcr.study.store import Key, Store


def summary(folder: Path) -> str:
    """Top-1, Top-5 where there are more classes, and the reversed pairs in each condition, of one evaluated run.

    One seed has no interval.
    """
    study, dataset, variant = folder.parents[2], folder.parents[1].name, folder.parents[0].name
    run, store = Key(dataset, variant, int(folder.name.removeprefix("seed-"))), Store(study.parent, study.name)
    record, clips, pairs = store.record(*run), store.predictions(*run).to_pandas(), store.temporal(*run).to_pandas()
    clips = clips[clips.label >= 0]
    scores = clips.filter(like="score_").to_numpy()
    top5 = f", top-5 {(ranks(scores, clips.label.to_numpy()) < TOP).mean():.1%}" if scores.shape[1] > TOP else ""
    right = ((np.sign(pairs.score_label - pairs.score_reverse) + 1) / 2).groupby(pairs.condition).mean()
    shares = ", ".join(f"{right[name]:.1%} {text}" for name, text in CONDITIONS.items() if name in right)
    lines = (
        f"{record.dataset} · {record.variant} · seed {record.seed} · {len(clips)} validation clips",
        f"top-1 {(clips.label == clips.prediction).mean():.1%} (chance {1 / scores.shape[1]:.1%}){top5}",
        shares and f"reversed pairs: {shares}",
        "synthetic clips, not the paper's data" if is_synthetic(record.dataset) else "",
        f"written to {folder}",
    )
    return "\n".join(filter(None, lines))
