"""A simulated study of three datasets on the disk: runs, training curves and tables, as notebooks read them."""

import json
from pathlib import Path

import numpy as np

from lcr.config.run import Run, runs_of
from lcr.config.study import StudyConfig
from lcr.study.tables.frame import Source, write_frame
from lcr.study.tables.registry import TABLES, write_table
from tests.sealed import edit_table, write_log
from tests.study import made_up
from tests.study.conftest import write_costs, write_run

DATASETS = ("jester-fixture", "something-fixture", "kinetics-fixture")
CLASSES = [f"Pushing something from left to right, kind {number}" for number in range(12)]

ABOUT = {
    "git": {"commit": "0" * 40, "dirty": False},
    "lock_hash": "1" * 64,
    "hardware": {"cpu": "a CPU", "cores": 2, "simd": "AVX2", "gpu": None},
    "threads": 1,
    "steps": 50,
    "train_seconds": 43.0,
    "evaluate_seconds": 4.0,
}


def write_finished(study: StudyConfig, results: Path) -> None:
    """All runs of a study, with training curves and the classes' names, and the tables made from them."""
    for run in runs_of(study, results):
        _write_run(run)
    write_costs(study, results, more=made_up.cost().to_dict("records"))
    for name, frame in (
        ("table1", made_up.table1()),
        ("readings", made_up.readings()),
        ("reading_search", made_up.search()),
    ):
        write_frame(results / study.name / f"{name}.csv", TABLES[name], frame)
    source = Source(study, results)
    for name in ("table2", "ablations", "temporal", "pairs", "statistics", "claims"):  # claims: from the others
        write_table(name, source)


def _write_run(run: Run) -> None:
    shape = run.model(len(CLASSES)).model_dump(mode="json")
    told = run.config.model_dump(mode="json") | {"model": shape, "model_name": run.config.model}
    where = run.study, run.results, run.dataset, run.variant.name, run.seed
    folder = write_run(*where, classes=len(CLASSES), config=told, **ABOUT)
    about = {"classes": json.dumps(CLASSES)}
    edit_table(folder / "predictions.parquet", lambda table: table.replace_schema_metadata(about))
    loss = np.random.default_rng(run.seed).uniform(1, 2, 5).tolist()
    lines = [*({"step": 10 * number, "loss": one} for number, one in enumerate(loss, 1)), {"end": True, "seconds": 1.0}]
    write_log(folder, lines)
