"""A finished simulated study: runs, a manifest that fits them, tables, figures and hashes, and no model."""

import json
import os
import shutil
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from lcr.commands.evidence import checked
from lcr.config import keys
from lcr.config.keys import Environment
from lcr.config.run import Data
from lcr.config.study import StudyConfig
from lcr.cost.count import cost
from lcr.data.manifest import SCHEMA, Manifest
from lcr.evidence.hashes import read_hashes, write_hashes
from lcr.evidence.reference import make_reference
from lcr.study.tables import cost_rows, readings, search
from lcr.study.tables.frame import Source
from lcr.study.tables.registry import TABLES, publish, write_table
from tests.study.conftest import made_up_study, sources, write_runs

__all__ = ["sources"]
CLIPS, CLASSES = 24, 6
STUDY = "made-up.yaml"
MADE_IN = Environment(dict.fromkeys(keys.LIBRARIES, "1.0"), None)  # as in write_run
SEARCHED = {"rows": search.rows, "rows_by_axis": search.rows_by_axis}
RESULTS, REFERENCE = Path("results"), Path("copied/reference/made-up")


@dataclass(frozen=True)
class Finished:
    """A working directory with `results/` and `.lcr/`; it is the current one."""

    study: StudyConfig

    def problems(self, folder: Path = RESULTS) -> list[str]:
        return checked(str(folder)).problems

    def rehash(self, folder: Path = RESULTS) -> None:
        """Hides an edit, as an author could."""
        write_hashes(folder, self.study, STUDY, not_kept=read_hashes(folder).not_kept)

    def reference(self) -> Path:
        return make_reference(self.study, STUDY, RESULTS, REFERENCE.parent)


def _finish(study: StudyConfig) -> None:
    """Everything that the DAG makes, in the current directory."""
    Path(STUDY).write_text(yaml.safe_dump(study.model_dump(mode="json"), sort_keys=False))
    write_runs(study, RESULTS, clips=CLIPS, classes=CLASSES, pairs=8)
    for dataset in study.datasets:
        rows = [
            {"id": str(1000 + clip), "label": str(clip % CLASSES), "split": "validation", "path": f"{clip}.webm"}
            | {"frames": 12, "width": 48, "height": 48, "hash": f"{clip:064x}", "status": "ok"}
            for clip in range(CLIPS)
        ]
        data, table = Data.of(study, dataset), pa.Table.from_pylist(rows, schema=SCHEMA)
        manifest = Manifest(dataset, "raw", tuple(map(str, range(CLASSES))), table, data.key_in(MADE_IN))
        manifest.write(data.folder / "manifest.parquet")
        for folder in (RESULTS / study.name / dataset).glob("*/seed-*"):
            _complete(study, dataset, folder, manifest)
    source = Source(study, RESULTS)
    variants = ["full", *(name for _, variants in readings.open_questions() for name in variants)]
    diagnosed = [
        {"variant": name, "classes": CLASSES} | dict.fromkeys((column.name for column in readings.DIAGNOSED), 5)
        for name in variants
    ]
    source.write(TABLES["reading_diagnosis"], diagnosed)
    made = [name for name, table in TABLES.items() if table.maker]
    for name in sorted(made, key=lambda name: (name == "claims", name != "cost")):
        publish(write_table(name, source), RESULTS)
    for folder in (source.folder, RESULTS):
        (folder / "figures").mkdir()
        for suffix in ("png", "svg"):
            (folder / "figures" / f"ablations.{suffix}").write_text(f"a picture as {suffix}")
    write_hashes(RESULTS, study, STUDY)


def _complete(study: StudyConfig, dataset: str, folder: Path, manifest: Manifest) -> None:
    """Adds to a simulated run the other files and fields that `lcr train` and `lcr evaluate` write."""
    config = study.dataset(dataset)
    about = {"data_hash": manifest.data_hash, "classes": json.dumps(list(manifest.classes))}
    for name in ("predictions.parquet", "temporal.parquet"):
        table = pq.read_table(folder / name)
        pq.write_table(table.replace_schema_metadata(about), folder / name)
    told = config.model_dump(mode="json") | json.loads((folder / "run.json").read_text())["config"]
    protocol = config.protocol.model_dump() | {"frames": config.data.frames, "views": config.protocol.views}
    edit_record(folder, config=told, protocol=protocol, data_hash=manifest.data_hash)
    (folder / "metrics.jsonl").write_text('{"step": 1, "loss": 2.5}\n{"end": true}\n')
    (folder / "model.safetensors").write_bytes(b"weights of " + str(folder).encode())


count_once = cache(cost)
search_once = cache(lambda rows: rows(Source(made_up_study())))


def pretend(patch: pytest.MonkeyPatch) -> None:
    """Replaces the sources' digest by a text, counts and searches once, and leaves out Table 1's models: minutes."""
    patch.setattr(cost_rows, "cost", count_once)
    for name, rows in SEARCHED.items():
        patch.setattr(search, name, partial(lambda rows, source: search_once(rows), rows))
    patch.setattr(keys, "source_digest", lambda components: "sources as they were")
    patch.setattr(cost_rows, "table1", lambda: ())
    patch.setattr(cost_rows, "classes_of", lambda source, dataset: CLASSES)


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
    """A copy that a test may change. `ablations/` is found beside the installed package."""
    study, folder = finished_once
    pretend(monkeypatch)
    monkeypatch.chdir(shutil.copytree(folder, tmp_path / "here"))
    return Finished(study)


def edit_record(folder: Path, **values: object) -> None:
    """Changes values in a run.json."""
    file = folder / "run.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | values))
