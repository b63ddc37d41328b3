"""Stands in for the `lcr` command, so that the DAG's own logic is tested in seconds: writes what the real one would.

Every call is one line in calls.log. LCR_FAIL="train full" makes the calls whose line holds all these words fail.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from lcr.config import load_study, load_variant
from lcr.runs import data_folder, evaluate_key, run_folder, train_key


def write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", nargs="+")
    parser.add_argument("--data-root", action="append", default=[])
    for name in ("study", "root", "dataset", "ablation", "seed"):
        parser.add_argument(f"--{name}")
    given = parser.parse_args()
    words = [*given.command, *(value for value in (given.dataset, given.ablation, given.seed) if value)]
    with Path("calls.log").open("a", encoding="utf-8") as log:
        log.write(" ".join(words) + "\n")
    if (failing := os.environ.get("LCR_FAIL")) and set(failing.split()) <= set(words):
        sys.exit("this call was told to fail")
    study = load_study(given.study, dict(pair.split("=", 1) for pair in given.data_root), given.root)
    match given.command:
        case ["data", step]:
            folder = data_folder(study.name, given.dataset)
            made = {"fixture": ["raw/clips"], "index": ["manifest.parquet"]}
            for name in made.get(step, ["packed/frames.bin", "packed/index.parquet"]):
                write(folder / name, "made")
        case ["train" | "evaluate" as step]:
            variant, seed = load_variant(given.ablation, given.root), int(given.seed)
            folder = run_folder("results", study.name, given.dataset, variant.name, seed)
            key = train_key(study, given.dataset, variant, seed)
            if step == "train":
                write(folder / "model.safetensors", key)
                write(folder / "metrics.jsonl", key)
                return
            keys = {"train_key": key, "evaluate_key": evaluate_key(study, given.dataset, variant, seed)}
            for name in ("predictions.parquet", "temporal.parquet", "run.json"):
                write(folder / name, json.dumps(keys))
        case ["table", "figure"]:
            write(Path("results") / study.name / "ablations.png", study.name)
            write(Path("results") / study.name / "ablations.svg", study.name)
        case ["table", name]:
            write(Path("results") / study.name / f"{name}.csv", f"study\n{study.name} {sorted(study.datasets)}\n")


main()
