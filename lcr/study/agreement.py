"""What runs must have in common before their numbers may stand in one column.

Different data or another prediction protocol is refused, since the column would compare them and not the models. Who
wants to look all the same may (`mixed`): then every row says which runs have which. Different clips are always refused,
since answers are paired clip by clip.
"""

import json
from typing import Any

import numpy as np

from lcr.config.study import StudyConfig
from lcr.util.errors import InputError

# What all runs of one dataset must agree on for their accuracies to stand in one column.
SHARED = {"protocol": "prediction protocol", "data_hash": "data"}
# What all seeds of one variant must agree on for one number to stand for them.
SAME = ("config",)

Found = dict[tuple[str, int], dict[str, Any]]  # (variant, seed) -> what was read of the run


def check_agreement(study: StudyConfig, dataset: str, found: Found, *, mixed: bool) -> None:
    """Refuses runs of one dataset that cannot be compared.

    Args:
        found: of each run, `info` (its run.json) and, where it has them, `ids` and `labels` of its clips.
        mixed: let different data and protocols through.

    Raises:
        InputError: two runs differ in data or protocol (and not `mixed`), in their clips, or in what no seed changes.
    """
    (variant, seed), first = next(iter(found.items()))
    for (other, its_seed), run in found.items():
        pair = f"{dataset}/{variant}/seed-{seed} and {dataset}/{other}/seed-{its_seed}"
        for key, word in SHARED.items():
            if not mixed and run["info"].get(key) != first["info"].get(key):
                raise InputError(
                    f"{pair} differ in their {word}, so they cannot stand in one column; {_redo(study)}, "
                    "or look at them all the same with `lcr table --mixed` (table2, ablations, temporal, statistics)"
                )
        for key in ("ids", "labels"):
            if key in first and not np.array_equal(run[key], first[key]):
                raise InputError(f"{pair} answer different clips, so they cannot be compared; {_redo(study)}")
        earlier = found[other, study.seeds[0]]["info"]
        for key in SAME:
            if run["info"].get(key) != earlier.get(key):
                raise InputError(f"{dataset}/{other}: '{key}' differs between seeds {study.seeds[0]} and {its_seed}")


def mixture(found: Found) -> str:
    """In words: which runs have which data and protocol, where they differ; empty where all are alike."""
    said = []
    for key, word in SHARED.items():
        groups: dict[str, list[str]] = {}
        for (variant, seed), run in found.items():
            value = run["info"].get(key)
            short = value[:8] if isinstance(value, str) else json.dumps(value)
            groups.setdefault(short, []).append(f"{variant}/{seed}")
        if len(groups) > 1:
            parts = (f"{value} in {', '.join(runs)}" for value, runs in groups.items())
            said.append(f"MIXED {word}: {' | '.join(parts)}")
    return "; ".join(said)


def _redo(study: StudyConfig) -> str:
    return f"redo them with `lcr train` and `lcr evaluate` (--study {study.given}), or run snakemake again"
