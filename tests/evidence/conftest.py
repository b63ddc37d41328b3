"""A finished study, made up: runs, a manifest that fits them, tables, figure and hashes, and no model."""

import json
import os
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from lcr.config import keys
from lcr.config.run import Data
from lcr.config.study import StudyConfig
from lcr.cost.count import cost
from lcr.data.manifest import SCHEMA, Manifest
from lcr.evidence.hashes import write_hashes
from lcr.evidence.verify import verify
from lcr.study.tables import cost_rows as cost_table
from lcr.study.tables import readings
from lcr.study.tables.registry import TABLES, publish, write_table
from lcr.study.tables.rows import Row, write_rows
from tests.study.conftest import made_up_study, sources, write_runs

__all__ = ["sources"]
CLIPS, CLASSES = 24, 6
STUDY = "made-up.yaml"


@dataclass(frozen=True)
class Finished:
    """A working directory with `results/` and `.lcr/`; it is the current one."""

    study: StudyConfig

    @property
    def results(self) -> Path:
        return Path("results")

    def problems(self, folder: str = "results") -> list[str]:
        return verify(folder).problems

    def rehash(self, folder: str = "results") -> None:
        """As someone would who edits a number and then hides the edit."""
        write_hashes(folder, self.study, STUDY)


def _finish(study: StudyConfig) -> None:
    """Everything that the DAG makes, in the current directory."""
    Path(STUDY).write_text(yaml.safe_dump(study.model_dump(mode="json"), sort_keys=False))
    results = write_runs(study, Path("results"), clips=CLIPS, classes=CLASSES, pairs=8)
    for dataset in study.datasets:
        rows = [
            {"id": str(1000 + clip), "label": str(clip % CLASSES), "split": "validation", "path": f"{clip}.webm"}
            | {"frames": 12, "width": 48, "height": 48, "hash": f"{clip:064x}", "status": "ok"}
            for clip in range(CLIPS)
        ]
        classes = tuple(map(str, range(CLASSES)))
        table = pa.Table.from_pylist(rows, schema=SCHEMA)
        manifest = Manifest(dataset, "raw", classes, table, Data.of(study, dataset).key)
        manifest.write(Data.of(study, dataset).folder / "manifest.parquet")
        for folder in (results / study.name / dataset).glob("*/seed-*"):
            _complete(study, dataset, folder, manifest)
    write_rows(results / study.name / "reading_diagnosis.csv", readings.DIAGNOSIS_COLUMNS, _diagnosis())
    for name in TABLES:
        publish(write_table(name, study, results), results)
    for folder in (results / study.name, results):
        (folder / "figures").mkdir()
        for suffix in ("png", "svg"):
            (folder / "figures" / f"ablations.{suffix}").write_text(f"a picture as {suffix}")
    write_hashes(results, study, STUDY)


def _complete(study: StudyConfig, dataset: str, folder: Path, manifest: Manifest) -> None:
    """Adds to a made-up run what `lcr train` and `lcr evaluate` write beside its answers."""
    config = study.dataset(dataset)
    about = {"data_hash": manifest.data_hash, "classes": json.dumps(list(manifest.classes))}
    for name in ("predictions.parquet", "temporal.parquet"):
        table = pq.read_table(folder / name)
        pq.write_table(table.replace_schema_metadata(about), folder / name)
    record = json.loads((folder / "run.json").read_text())
    record |= {"git": {"commit": None, "dirty": None}, "lock_hash": None, "data_hash": manifest.data_hash}
    record["config"] = config.model_dump(mode="json") | record["config"]
    record["protocol"] |= {"frames": config.data.frames, "views": config.protocol.views, "split": "validation"}
    (folder / "run.json").write_text(json.dumps(record))
    (folder / "metrics.jsonl").write_text('{"step": 1, "loss": 2.5}\n{"end": true}\n')
    (folder / "model.safetensors").write_bytes(b"weights of " + str(folder).encode())


def _diagnosis() -> list[Row]:
    names = ["full", *(name for _, variants in readings.open_questions() for name in variants)]
    return [
        {"variant": name, "classes": str(CLASSES)} | dict.fromkeys(readings.DIAGNOSED, f"{number}.5")
        for number, name in enumerate(names)
    ]


count_once = cache(cost)


def pretend(patch: pytest.MonkeyPatch) -> None:
    """Sources of which nothing is known, each model counted once, and those of Table 1, which take minutes, never."""
    patch.setattr(cost_table, "cost", count_once)
    patch.setattr(keys, "source_digest", lambda components: "sources as they were")
    patch.setattr(cost_table, "table1", lambda: ())
    patch.setattr(cost_table, "classes_of", lambda study, dataset, results: CLASSES)


@pytest.fixture(scope="session")
def finished_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[StudyConfig, Path]:
    folder, before = tmp_path_factory.mktemp("finished"), Path.cwd()
    study = made_up_study(seeds=3, variants=["full", "no_tube_mask", "lstm_gate"])
    with pytest.MonkeyPatch.context() as patch:
        pretend(patch)
        os.chdir(folder)
        try:
            _finish(study)
        finally:
            os.chdir(before)
    return study, folder


@pytest.fixture
def finished(finished_once: tuple[StudyConfig, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Finished:
    """A copy, for a test to do with as it likes. `ablations/` is found beside the installed package."""
    study, folder = finished_once
    pretend(monkeypatch)
    monkeypatch.chdir(shutil.copytree(folder, tmp_path / "here"))
    return Finished(study)
