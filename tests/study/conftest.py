"""Simulated runs: the files that `lcr evaluate` writes, without a model."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lcr.config import keys
from lcr.config.files import load_variant
from lcr.config.keys import Environment
from lcr.config.run import Run, runs_of
from lcr.config.study import StudyConfig
from lcr.cost import counted
from lcr.report.finished import Finished
from lcr.study.predictions import CONDITIONS
from lcr.study.tables.frame import Source
from lcr.study.tables.registry import TABLES
from lcr.util.parquet import write_sealed_parquet
from lcr.util.schema import parse
from tests.sealed import edit_record, write_record

ACCURACY = {
    "full": 0.8,
    "no_edge_prompt": 0.6,
    "nonzero_init": 0.78,
    "no_tube_mask": 0.9,
    "unidirectional_wkv": 0.8,
    "lstm_gate": 0.5,
}


def made_up_study(
    name: str = "made-up", datasets: tuple[str, ...] = ("jester-fixture",), seeds: int = 8, **changes
) -> StudyConfig:
    """A study of simulated runs; nothing is ever trained by it."""
    one = {
        "model": "lcr-tiny",
        "data": {"frames": 12},
        "train": {"epochs": 1, "batch_size": 8, "learning_rate": 1e-3},
        "protocol": {"rule": "max_last", "last_frames": 10},
    }
    drawn = {"fixture": {"train": 1, "validation": 1}}
    content = {
        "name": name,
        "question": "made up",
        "datasets": {name: one | (drawn if name.endswith("-fixture") else {}) for name in datasets},
        "table2": datasets[0],
        "variants": list(ACCURACY),
        "seeds": list(range(seeds)),
    }
    return parse(StudyConfig, content | changes, "made-up study")


def run_of(study: StudyConfig, dataset: str, variant: str, seed: int, results: Path) -> Run:
    """A run of a simulated study, whatever its variants are."""
    return Run(study=study, dataset=dataset, variant=load_variant(variant), seed=seed, results=results)


def write_run(
    study: StudyConfig,
    results: Path,
    dataset: str,
    variant: str,
    seed: int,
    *,
    clips: int = 60,
    classes: int = 12,
    accuracy: float | None = None,
    pairs: int = 20,
    **info,
) -> Path:
    """One run folder: predictions whose mean accuracy is about `accuracy`, pairs that see time, and run.json."""
    run, rng = run_of(study, dataset, variant, seed, results), np.random.default_rng([seed, *variant.encode()])
    wanted = ACCURACY[variant] if accuracy is None else accuracy
    ids = np.array([str(1000 + clip) for clip in range(clips)])
    labels = np.arange(clips) % classes
    right = np.random.default_rng(7).random(clips) * 0.5 + rng.random(clips) * 0.5 < wanted
    predictions = np.where(right, labels, (labels + 1 + rng.integers(classes - 1, size=clips)) % classes)
    scores = rng.random((clips, classes)).astype(np.float32) * 0.5
    scores[np.arange(clips), predictions] = 0.9
    run.folder.mkdir(parents=True, exist_ok=True)
    table = {"id": ids, "label": labels, "label_name": labels.astype(str), "prediction": predictions}
    table |= {f"score_{k}": scores[:, k] for k in range(classes)}
    write_sealed_parquet(run.folder / "predictions.parquet", pa.table(table))
    above = rng.random(3 * pairs) < np.repeat([0.9, 0.5, 0.1], pairs)
    temporal = {
        "id": np.tile(ids[:pairs], 3),
        "label": np.tile(labels[:pairs], 3),
        "reverse_label": np.tile(labels[:pairs] ^ 1, 3),
        "condition": np.repeat(CONDITIONS, pairs),
        "score_label": np.where(above, 0.7, 0.3).astype(np.float32),
        "score_reverse": np.full(3 * pairs, 0.5, np.float32),
    }
    write_sealed_parquet(run.folder / "temporal.parquet", pa.table(temporal))

    model = run.model(classes)
    environment = Environment(
        dict.fromkeys(keys.LIBRARIES, "1.0"), "cpu" if getattr(model, "runs_wkv", False) else None
    )
    content = {
        "study": study.name,
        "dataset": dataset,
        "variant": variant,
        "seed": seed,
        **dict(zip(("train_key", "evaluate_key"), run.keys_in(environment), strict=True)),
        "versions": environment.versions,
        "wkv_backend": environment.backend,
        "protocol": study.dataset(dataset).protocol.model_dump(),
        "data_hash": f"hash of {dataset}",
        "config": {"model": model.model_dump()},
        "clips": {"train": 4 * clips, "validation": clips},
    }
    write_record(run.folder, content | info)
    return run.folder


def write_costs(study: StudyConfig, results: Path, classes: int = 12, more: Iterable[dict] = ()) -> Path:
    """cost.csv of a study's own models, with simulated memory; more: further rows."""
    rows = []
    for run in runs_of(study, results, seeds=[0]):
        params, macs = counted(run.model(classes), run.config.data.frames)
        row = {"study": study.name, "dataset": run.dataset, "variant": run.variant.name, "component": "all"}
        rows.append(row | {"params": params, "macs": macs, "peak_mem_gb": 0.0123})
    return Source(study, results).write(TABLES["cost"], [*rows, *more])


def write_runs(study: StudyConfig, results: Path, **options) -> Path:
    """All runs of a study, and what its models cost."""
    write_costs(study, results, options.get("classes", 12))
    for run in runs_of(study, results):
        write_run(study, results, run.dataset, run.variant.name, run.seed, **options)
    return results


@pytest.fixture(autouse=True)
def sources(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Stands in for the hash of the sources, which simulated runs do not depend on; a call with a text changes it."""

    def pretend(text: str) -> None:
        monkeypatch.setattr(keys, "source_digest", lambda components: text)

    pretend("sources as they were")
    return pretend


@pytest.fixture
def study() -> StudyConfig:
    return made_up_study()


@pytest.fixture(scope="session")
def drawn_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("drawn") / "results"


@pytest.fixture
def results(study: StudyConfig, drawn_once: Path, tmp_path: Path) -> Path:
    """A copy of one set of simulated runs, for a test to do with as it likes."""
    if not drawn_once.exists():
        write_runs(study, drawn_once)
    return Path(shutil.copytree(drawn_once, tmp_path / "results"))


@pytest.fixture
def rewrite() -> Callable[..., None]:
    """Changes values in a run.json."""
    return edit_record


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A simulated study of three datasets with its tables, to read only: all tests share it."""
    from tests.study.written import DATASETS, write_finished

    results = tmp_path_factory.mktemp("finished") / "results"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "source_digest", lambda components: "sources as they were")
        write_finished(made_up_study(datasets=DATASETS, seeds=3), results)
    return Finished("made-up", results)
