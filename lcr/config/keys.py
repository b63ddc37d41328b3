"""Keys of what is made once a study, beside its runs: hashes of all that its numbers depend on. Free of torch.

The maker writes the key beside its tables (`record`), so that a copy of the results without `.lcr` is known to be up to
date, as a run is by its run.json.
"""

import json
import platform
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from lcr.config.register import reading_variants
from lcr.config.run import PACKAGE, TRAIN_SOURCES, data_key, hash_of, source_hash
from lcr.config.study import StudyConfig
from lcr.config.variant import VariantConfig
from lcr.model.config import model_by_name
from lcr.util.files import file_hash, write_aside

COST_SOURCES = (
    *("cost", "model", "wkv", "config/variant.py", "study/tables/cost_rows.py"),
    *("synthetic", "config/labels"),  # how many classes there are
)
DIAGNOSIS_SOURCES = (*TRAIN_SOURCES, "cost/count.py", "probes/diagnosis.py", "study/tables/diagnosis.py")
SEARCH_SOURCES = ("cost", "study/tables/search.py")


def _table1() -> str:
    return file_hash(PACKAGE / "paper" / "table1.csv")


def cost_key(study: StudyConfig, variants: Iterable[VariantConfig]) -> str:
    """Of cost.csv, but for the number of classes of real clips, which comes with them."""
    counted = {
        name: [one.model, one.data.frames, one.protocol.views, one.fixture and one.fixture.classes, one.root]
        for name, one in study.datasets.items()
    }
    changes = {variant.name: variant.model.model_dump() for variant in variants}
    return hash_of([study.name, counted, changes, study.device, study.threads, _table1(), source_hash(COST_SOURCES)])


def diagnosis_key(study: StudyConfig) -> str:
    """Of reading_diagnosis.csv and reading_gradients.csv."""
    dataset = study.readings_dataset
    config = study.dataset(dataset)
    model = model_by_name(config.model).model_dump()
    recipe = config.train.model_dump(exclude={"epochs", "batch_size", "checkpoint_seconds"})
    rule = [config.protocol.model_dump(), config.protocol.frames_read(config.data.frames)]
    changes = {name: [one.model.model_dump(), one.train.model_dump()] for name, one in reading_variants().items()}
    settings = [study.name, dataset, model, recipe, rule, changes, study.threads]
    return hash_of([data_key(study, dataset), settings, source_hash(DIAGNOSIS_SOURCES)])


def search_key(study: StudyConfig) -> str:
    """Of reading_search.csv and reading_search_axes.csv."""
    return hash_of([study.name, _table1(), source_hash(SEARCH_SOURCES)])


def record(path: str | Path, key: str) -> None:
    """Writes the key and the machine that a table was made with, as JSON."""
    versions = {"python": platform.python_version()} | {name: metadata.version(name) for name in ("torch", "numpy")}
    content = {"key": key, "versions": versions, "machine": platform.platform()}
    with write_aside(path) as aside:
        aside.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def recorded_key(path: str | Path) -> str:
    """The key that `record` wrote; empty where there is none."""
    try:
        return str(json.loads(Path(path).read_text(encoding="utf-8"))["key"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
