"""Stands in for the `lcr` command, so that the DAG's own logic is tested in seconds: writes what the real one would.

Every call is one line in calls.log. LCR_FAIL="train full" makes the calls whose line holds all these words fail.
"""

import argparse
import os
import re
import sys
from pathlib import Path

from lcr.util.seals import PLACEHOLDER, seal


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", nargs="*")
    parser.add_argument("--data-root", action="append", default=[])
    for name in ("study", "root", "dataset", "ablation", "seed", "workers"):
        parser.add_argument(f"--{name}")
    given = parser.parse_intermixed_args()
    words = [*given.command, *(value for value in (given.dataset, given.ablation, given.seed) if value)]
    words += given.data_root
    given.named = given.study
    if os.sep in given.named:  # a file
        given.study = re.findall("^name: (.*)", Path(given.named).read_text(encoding="utf-8"), re.MULTILINE)[0]
    with Path("calls.log").open("a", encoding="utf-8") as log:
        log.write(" ".join(words) + "\n")
    if (failing := os.environ.get("LCR_FAIL")) and set(failing.split()) <= set(words):
        sys.exit("this call was told to fail")
    if given.command[0] == "publish":
        publish(given)
        return
    data, own = f".lcr/data/{given.study}/{given.dataset}", f"results/{given.study}"
    run, table = f"{own}/{given.dataset}/{given.ablation}/seed-{given.seed}", given.command[-1]
    made = {
        "data fixture": [f"{data}/raw/clips"],
        "data index": [f"{data}/manifest.parquet"],
        "data pack": [f"{data}/packed/frames.bin", f"{data}/packed/index.parquet"],
        "train": [f"{run}/model.safetensors", f"{run}/metrics.jsonl"],
        "evaluate": [f"{run}/predictions.parquet", f"{run}/temporal.parquet"],
        "cost": [f"{own}/cost.csv"],
        "readings diagnose": [f"{own}/reading_diagnosis.csv", f"{own}/reading_gradients.csv"],
        "claims": [f"{own}/claims.csv"],
        "answer": [f"{own}/README.md", f"{own}/answer.html"],
    }
    for path in map(Path, made.get(" ".join(given.command), [f"{own}/{table}.csv"])):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"study\n{given.study}\n" if path.suffix == ".csv" else given.study, encoding="utf-8")
        if path.suffix in (".parquet", ".safetensors", ".jsonl"):
            with path.open("a", encoding="utf-8") as opened:
                opened.write(PLACEHOLDER)
            seal(path)
    if table in ("evaluate", "cost", "diagnose"):
        write_keys(given, Path(own), Path(run))


def write_keys(given: argparse.Namespace, own: Path, run: Path) -> None:
    """The real key of a run in its record, or of a table beside it; imported here alone, since it takes a second."""
    from lcr.config.keys import record_key
    from lcr.config.load import load_study
    from lcr.config.record import RunRecord
    from lcr.config.run import Run
    from lcr.config.study_keys import cost_key, diagnosis_key

    study = load_study(given.named, root=given.root)
    if given.command == ["cost"]:
        record_key(own / "cost.json", cost_key(study))
    elif given.command == ["readings", "diagnose"]:
        record_key(own / "reading_diagnosis.json", diagnosis_key(study))
    else:
        told = {"study": study.name, "dataset": given.dataset, "variant": given.ablation, "seed": int(given.seed)}
        one = Run(study=study, dataset=given.dataset, variant=study.variant(given.ablation), seed=int(given.seed))
        told |= {"config": {}, "protocol": {}, "data_hash": ""}
        told |= {"train_key": one.train_key, "evaluate_key": one.evaluate_key}
        RunRecord.parse(told, "").write(run)


def publish(given: argparse.Namespace) -> None:
    """The real publication of the stand-ins' files."""
    from lcr.config.load import load_study
    from lcr.evidence.publish import publish
    from lcr.study.store import Store

    study = load_study(given.named, root=given.root)
    publish(Store("results", study.name), study, given.named, given.command[1:])


main()
