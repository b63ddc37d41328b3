"""A made-up study of three datasets on the disk: runs, training curves and tables, as notebooks read them."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from lcr.config.study import StudyConfig, load_variant
from lcr.study.tables.costs import COLUMNS
from lcr.study.tables.readings import reading_keys
from lcr.study.tables.registry import TABLES, write_table
from lcr.study.tables.rows import Row, read_rows, write_rows
from tests.study import made_up
from tests.study.conftest import write_costs, write_run

DATASETS = ("jester-fixture", "something-fixture", "kinetics-fixture")
CLASSES = [f"Pushing something from left to right, kind {number}" for number in range(12)]

ABOUT = {
    "git": {"commit": "0" * 40, "dirty": False},
    "lock_hash": "1" * 64,
    "hardware": {"cpu": "a CPU", "cores": 2, "simd": "AVX2", "gpu": None},
    "threads": 1,
    "clips": {"train": 1200, "validation": 60},
    "steps": 50,
    "train_seconds": 43.0,
    "evaluate_seconds": 4.0,
}


def write_finished(study: StudyConfig, results: Path) -> None:
    """All runs of a study, with training curves and the classes' names, and the tables made from them."""
    for dataset in study.datasets:
        for variant in study.variants:
            for seed in study.seeds:
                _write_run(study, results, dataset, variant, seed)
    folder = results / study.name
    write_rows(folder / "cost.csv", COLUMNS, read_rows(write_costs(study, results)) + made_up.cost())
    drawn = {"table1": made_up.table1(), "readings": _readings(), "reading_search": made_up.search()}
    for name in TABLES.keys() - drawn.keys() - {"cost", "reading_search_axes", "claims"}:
        write_table(name, study, results)
    write_table("claims", study, results)  # from the others
    for name, rows in drawn.items():
        columns = dict.fromkeys([*TABLES[name].columns, *(column for row in rows for column in row)])
        write_rows(folder / f"{name}.csv", list(columns), rows)


def _readings() -> list[Row]:
    """Made-up readings, and of the register's others a row that says nothing."""
    rows = made_up.readings()
    known = {(row["discrepancy"], row["reading"]) for row in rows}
    others = [key for key in reading_keys() if key not in known]
    return rows + [
        {"discrepancy": entry, "reading": reading, "default": "yes" if reading == "default" else "no"}
        for entry, reading in others
    ]


def _write_run(study: StudyConfig, results: Path, dataset: str, variant: str, seed: int) -> None:
    shape = study.model(dataset, load_variant(variant), len(CLASSES)).model_dump(mode="json")
    config = study.dataset(dataset)
    told = config.model_dump(mode="json") | {"model": shape, "model_name": config.model}
    folder = write_run(study, results, dataset, variant, seed, classes=len(CLASSES), config=told)
    record = json.loads((folder / "run.json").read_text()) | ABOUT
    (folder / "run.json").write_text(json.dumps(record))
    table = pq.read_table(folder / "predictions.parquet").replace_schema_metadata({"classes": json.dumps(CLASSES)})
    pq.write_table(table, folder / "predictions.parquet")
    loss = np.random.default_rng(seed).uniform(1, 2, 5)
    lines = [{"step": 10 * number, "loss": float(one)} for number, one in enumerate(loss, 1)]
    ended = [*lines, {"end": True, "seconds": 1.0}]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in ended))
