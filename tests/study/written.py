"""A made-up study of three datasets on the disk: runs, training curves and tables, as notebooks read them."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from lcr.config import StudyConfig, load_variant
from lcr.study.rows import write_rows
from lcr.study.tables import COLUMNS, table_rows
from tests.study import made_up
from tests.study.conftest import write_run

DATASETS = ("jester-fixture", "something-fixture", "kinetics-fixture")
CLASSES = [f"Pushing something from left to right, kind {number}" for number in range(12)]


def write_evidence(study: StudyConfig, results: Path) -> None:
    """All runs of a study, with training curves and the classes' names, and the tables made from them."""
    for dataset in study.datasets:
        for variant in study.variants:
            for seed in study.seeds:
                _write_run(study, results, dataset, variant, seed)
    for name in ("table2", "ablations", "temporal"):
        rows = table_rows(name, study, results)
        write_rows(results / study.name / f"{name}.csv", COLUMNS[name], rows)
    for name in ("table1", "cost", "readings", "search"):
        rows = getattr(made_up, name)()
        columns = list(dict.fromkeys(column for row in rows for column in row))
        write_rows(results / study.name / f"{name.replace('search', 'reading_search')}.csv", columns, rows)


def _write_run(study: StudyConfig, results: Path, dataset: str, variant: str, seed: int) -> None:
    shape = study.model(dataset, load_variant(variant), len(CLASSES)).model_dump(mode="json")
    config = {"config": {"model": shape, **study.dataset(dataset).model_dump(mode="json", exclude={"model"})}}
    folder = write_run(study, results, dataset, variant, seed, classes=len(CLASSES), **config)
    table = pq.read_table(folder / "predictions.parquet").replace_schema_metadata({"classes": json.dumps(CLASSES)})
    pq.write_table(table, folder / "predictions.parquet")
    loss = np.random.default_rng(seed).uniform(1, 2, 5)
    lines = [{"step": 10 * number, "loss": float(one)} for number, one in enumerate(loss, 1)]
    ended = [*lines, {"end": True, "seconds": 1.0}]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in ended))
