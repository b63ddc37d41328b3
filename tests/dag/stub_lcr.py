"""Stands in for the `lcr` command, so that the DAG's own logic is tested in seconds: writes what the real one would.

Every call is one line in calls.log. LCR_FAIL="train full" makes the calls whose line holds all these words fail.
"""

import argparse
import json
import os
import sys
from pathlib import Path


def write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", nargs="+")
    parser.add_argument("--data-root", action="append", default=[])
    for name in ("study", "root", "dataset", "ablation", "seed", "workers"):
        parser.add_argument(f"--{name}")
    given = parser.parse_args()
    words = [*given.command, *(value for value in (given.dataset, given.ablation, given.seed) if value)]
    with Path("calls.log").open("a", encoding="utf-8") as log:
        log.write(" ".join(words) + "\n")
    if (failing := os.environ.get("LCR_FAIL")) and set(failing.split()) <= set(words):
        sys.exit("this call was told to fail")
    results = Path("results") / given.study
    match given.command:
        case ["data", step]:
            made = {"fixture": ["raw/clips"], "index": ["manifest.parquet"]}
            for name in made.get(step, ["packed/frames.bin", "packed/index.parquet"]):
                write(Path(".lcr/data") / given.study / given.dataset / name, "made")
        case ["train" | "evaluate" as step]:
            folder = results / given.dataset / given.ablation / f"seed-{given.seed}"
            if step == "train":
                write(folder / "model.safetensors", "weights")
                write(folder / "metrics.jsonl", "metrics")
                return
            for name in ("predictions.parquet", "temporal.parquet"):
                write(folder / name, "scores")
            write(folder / "run.json", json.dumps(keys(given)))
        case ["answer"]:
            write(results / "README.md", given.study)
            write(results / "answer.html", f"<h1>The answer of study {given.study}</h1>")
        case ["hashes"]:
            write(Path("results/hashes.json"), given.study)
        case ["cost"]:
            once_a_study(given, "cost", ["cost"])
        case ["readings", "diagnose"]:
            once_a_study(given, "reading_diagnosis", ["reading_diagnosis", "reading_gradients"])
        case ["claims"]:
            write(results / "claims.csv", f"study\n{given.study}\n")
        case ["table", name]:
            write(results / f"{name}.csv", f"study\n{given.study}\n")


def once_a_study(given: argparse.Namespace, name: str, tables: list[str]) -> None:
    """What is made once a study: tables, and the real key beside them."""
    from lcr.config.keys import record_key
    from lcr.config.study import load_study
    from lcr.config.study_keys import cost_key, diagnosis_key

    study = load_study(given.study, root=given.root)
    key = {"cost": cost_key, "reading_diagnosis": diagnosis_key}[name](study)
    for table in tables:
        write(Path("results") / study.name / f"{table}.csv", f"study\n{study.name}\n")
    record_key(Path("results") / study.name / f"{name}.json", key)


def keys(given: argparse.Namespace) -> dict[str, object]:
    """A record with the real keys of a run; imported here alone, since every call would wait for them."""
    from lcr.config.run import Run
    from lcr.config.study import load_study

    study = load_study(given.study, root=given.root)
    run = Run(study=study, dataset=given.dataset, variant=study.variant(given.ablation), seed=int(given.seed))
    told = {"study": study.name, "dataset": run.dataset, "variant": run.variant.name, "seed": run.seed}
    told |= {"config": {}, "protocol": {}, "data_hash": ""}
    return told | {"train_key": run.train_key, "evaluate_key": run.evaluate_key}


main()
