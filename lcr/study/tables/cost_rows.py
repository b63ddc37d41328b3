"""Rows of cost.csv: every variant of the study's models, then of Table 1's, by component."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lcr.config.datasets import dataset_format, official_labels
from lcr.config.run import Data
from lcr.config.study import StudyConfig
from lcr.config.variant import VariantConfig
from lcr.cost import counted
from lcr.cost.count import Cost, cost
from lcr.cost.table1 import FRAMES, table1
from lcr.data.manifest import read_manifest
from lcr.model.config import ModelConfig
from lcr.study.tables.costs import WHOLE
from lcr.study.tables.rows import Row
from lcr.synthetic.dataset import labels

VIEWS = {"jester": 1, "k400_ssv2": 9}  # §4.1: one for Jester, 3 temporal clips × 3 crops for the others
MEASURED_GMACS = 70  # Table 1's models above this take minutes to run once, and their memory is left out


@dataclass(frozen=True)
class Job:
    """One model to count."""

    dataset: str
    model: str
    config: ModelConfig
    variant: VariantConfig
    frames: int
    views: int

    @property
    def measured(self) -> bool:
        """Whether its memory is measured: always of the study's own; of Table 1's in full, where it is soon done."""
        small = counted(self.config, self.frames).macs <= MEASURED_GMACS * 1e9
        return bool(self.dataset) or (self.variant.name == "full" and small)


def classes_of(study: StudyConfig, dataset: str, results: str | Path = "results") -> int:
    """How many classes a dataset has: as drawn, as indexed where the clips are real, officially where there are none.

    Raises:
        InputError: the clips are real and not indexed yet.
    """
    config = study.dataset(dataset)
    if config.root is not None:
        return len(read_manifest(Data.of(study, dataset).manifest(results)).classes)
    if config.fixture is not None:
        return len(config.fixture.classes or labels(dataset_format(dataset)))
    return len(official_labels(dataset_format(dataset)))


def jobs(study: StudyConfig, results: str | Path = "results") -> list[Job]:
    """All that the table counts.

    Args:
        results: whose data's manifests say how many classes there are (see `lcr.config.run.Data.manifest`).

    Raises:
        InputError: as for `classes_of`.
    """
    variants = study.variant_configs
    found = []
    for name, dataset in study.datasets.items():
        classes = classes_of(study, name, results)
        for variant in variants:
            config = study.model(name, variant, classes)
            found.append(Job(name, dataset.model, config, variant, dataset.data.frames, dataset.protocol.views))
    for row in table1():
        for variant in variants:
            found.append(Job("", row.name, variant.apply(row.config), variant, FRAMES, VIEWS[row.dataset]))
    return found


def cost_rows(
    study: StudyConfig,
    progress: Callable[[str], None] = lambda name: None,
    *,
    results: str | Path = "results",
    measure: bool = True,
) -> Iterator[Row]:
    """The table's rows; `progress` is told of each model before it is counted.

    Args:
        results: as for `jobs`.
        measure: memory too, which takes most of the time; its cells stay empty otherwise.

    Raises:
        InputError: as for `jobs`.
        RunFailed: a model has an operator without a count.
    """
    counts: dict[tuple[ModelConfig, int], Cost] = {}
    for job in jobs(study, results):
        progress(f"{job.dataset or job.model} {job.variant.name}")
        if measure and job.measured:
            found = cost(job.config, job.frames, memory=study.device)
        else:  # neither the start of Z nor the mask, which is for training alone, changes the counts of a view
            same = job.config.model_copy(update={"zero_init": True, "tube_ratio": 0.0}), job.frames
            if same not in counts:
                counts[same] = cost(*same, memory=None)
            found = counts[same]
        yield from rows_of(study.name, job, found, study.device)


def rows_of(study: str, job: Job, found: Cost, device: str) -> Iterator[Row]:
    """One row a component, the whole last, with the memory that was measured on `device`."""
    head = {
        "study": study,
        "dataset": job.dataset,
        "model": job.model,
        "variant": job.variant.name,
        "frames": str(job.frames),
        "views": str(job.views),
    }
    for name in (*found.components, WHOLE):
        params, macs, elementwise = found.component(name) if name != WHOLE else found.totals
        row = head | {
            "component": name,
            "params": str(params),
            "macs": str(macs),
            "flops": str(2 * macs),
            "elementwise": str(elementwise),
            "macs_per_prediction": str(job.views * macs),
            "flops_per_prediction": str(2 * job.views * macs),
            "elementwise_per_prediction": str(job.views * elementwise),
        }
        if name == WHOLE and found.peak_mem_gb is not None and found.train_mem_gb is not None:
            row |= {"peak_mem_gb": f"{found.peak_mem_gb:.4g}", "train_mem_gb": f"{found.train_mem_gb:.4g}"}
            row |= {"device": device}
        elif name == WHOLE and not job.measured:
            row["note"] = f"memory not measured here: lcr cost {job.model} --ablation {job.variant.name} does"
        yield row
