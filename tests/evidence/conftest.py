"""A finished simulated study: runs, a manifest that fits them, tables, figures and hashes, and no model."""

import json
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest
import yaml

from lcr.commands.evidence import checked
from lcr.config import keys
from lcr.config.keys import Environment
from lcr.config.run import Data, runs_of
from lcr.config.study import StudyConfig
from lcr.cost.count import cost
from lcr.cost.search import Search
from lcr.cost.space import EMBEDDINGS
from lcr.data.manifest import SCHEMA, Manifest
from lcr.evidence.hashes import write_hashes
from lcr.evidence.reference import make_reference
from lcr.study.store import Store
from lcr.study.tables import cost_rows, readings
from lcr.study.tables import search as search_tables
from lcr.study.tables.frame import Source
from lcr.study.tables.registry import TABLES, write_table
from lcr.util.seals import PLACEHOLDER
from tests.sealed import edit_record, edit_table, write_log, write_text
from tests.study.conftest import made_up_study, sources, write_run

__all__ = ["edit_record", "sources"]
CLIPS, CLASSES = 24, 6
DATASET, STUDY = "jester-fixture", "made-up.yaml"
MADE = [name for name, table in TABLES.items() if table.maker and table.of == "whole"]
RESULTS, REFERENCE = Path("results"), Path("copied/reference/made-up")
OWN = RESULTS / "made-up"
RUN = OWN / DATASET / "lstm_gate/seed-1"


@dataclass(frozen=True)
class Finished:
    """A working directory with `results/` and `.lcr/`; it is the current one."""

    study: StudyConfig

    def problems(self) -> list[str]:
        """The problems of the results, though their hashes fit, as an author could arrange it."""
        self.rehash()
        return checked(str(RESULTS)).problems

    def rehash(self) -> None:
        write_hashes(Store(RESULTS, "made-up"), self.study, STUDY)

    def reference(self, results: Path = RESULTS, out: Path = REFERENCE.parent) -> Path:
        return make_reference(self.study, STUDY, results, out)


def _finish(study: StudyConfig) -> None:
    """Everything that the DAG makes, in the current directory."""
    Path(STUDY).write_text(yaml.safe_dump(study.model_dump(mode="json"), sort_keys=False))
    clip = {"split": "validation", "frames": 12, "width": 48, "height": 48, "status": "ok"}
    clips = [
        clip | {"id": str(1000 + k), "label": str(k % CLASSES), "path": f"{k}.webm", "hash": f"{k:064x}"}
        for k in range(CLIPS)
    ]
    made_in = Environment(dict.fromkeys(keys.LIBRARIES, "1.0"), None)  # as in write_run
    data, table = Data.of(study, DATASET), pa.Table.from_pylist(clips, schema=SCHEMA)
    manifest = Manifest(DATASET, "raw", tuple(map(str, range(CLASSES))), table, data.key_in(made_in))
    manifest.write(data.folder / "manifest.parquet")
    about = {"data_hash": manifest.data_hash, "classes": json.dumps(manifest.classes)}
    for run in runs_of(study, RESULTS):
        config = run.config.model_dump(mode="json") | {"model": run.model(CLASSES).model_dump(mode="json")}
        protocol = config["protocol"] | {"frames": run.config.data.frames, "views": run.config.protocol.views}
        told = {"config": config, "protocol": protocol, "data_hash": manifest.data_hash}
        named = (study, RESULTS, DATASET, run.variant.name, run.seed)
        folder = write_run(*named, clips=CLIPS, classes=CLASSES, pairs=8, **told)
        for name in ("predictions.parquet", "temporal.parquet"):
            edit_table(folder / name, lambda table: table.replace_schema_metadata(about))
        line = {"step": 1, "steps": 1, "loss": 2.5, "grad_norm": 2.0, "accuracy": 0.5}
        write_log(folder, [line, {"end": True}])
        write_text(folder / "model.safetensors", f"weights of {folder} {PLACEHOLDER}")
    source = Source(study, RESULTS, measure=False)
    variants = ["full", *(name for _, variants in readings.open_questions() for name in variants)]
    numbers = {"classes": CLASSES} | dict.fromkeys((column.name for column in readings.DIAGNOSED), 5)
    source.write(TABLES["reading_diagnosis"], [{"variant": name} | numbers for name in variants])
    for name in sorted(MADE, key=lambda name: (name == "claims", name != "cost")):
        shutil.copy(write_table(name, source), RESULTS)
    for path in (folder / f"figures/ablations.{suffix}" for folder in (OWN, RESULTS) for suffix in ("png", "svg")):
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"a picture as {path.suffix}")
    write_hashes(Store(RESULTS, study.name), study, STUDY)


count_once = cache(cost)
search_once = cache(lambda: Search(blocks=[EMBEDDINGS]))


def pretend(patch: pytest.MonkeyPatch) -> None:
    """Replaces the sources' digest by a text, counts once, searches a small space, and leaves out Table 1's models."""
    patch.setattr(keys, "source_digest", lambda components: "sources as they were")
    patch.setattr(search_tables, "_found", search_once)
    patch.setattr(cost_rows, "cost", count_once)
    patch.setattr(cost_rows, "table1", lambda: ())
    patch.setattr(cost_rows, "classes_of", lambda source, dataset: CLASSES)


@pytest.fixture(scope="session")
def finished_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[StudyConfig, Path]:
    folder = tmp_path_factory.mktemp("finished")
    study = made_up_study(seeds=2, variants=["full", "lstm_gate"])
    with pytest.MonkeyPatch.context() as patch:
        pretend(patch)
        patch.chdir(folder)
        _finish(study)
    return study, folder


@pytest.fixture
def finished(finished_once: tuple[StudyConfig, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Finished:
    """A copy that a test may change. `ablations/` is found beside the installed package."""
    study, folder = finished_once
    pretend(monkeypatch)
    monkeypatch.chdir(shutil.copytree(folder, tmp_path / "here"))
    return Finished(study)
