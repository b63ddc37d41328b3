"""Rows of cost.csv: every variant of the study's models, then of Table 1's, by component."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lcr.config import StudyConfig, load_variant
from lcr.cost import Cost, cost
from lcr.counts import counted
from lcr.data.manifest import read_manifest
from lcr.model.config import ModelConfig
from lcr.paper.table1 import FRAMES, table1
from lcr.runs import data_folder
from lcr.study.costs import WHOLE
from lcr.study.rows import Row
from lcr.variants import VariantConfig

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


def jobs(study: StudyConfig, root: str | Path | None = None) -> list[Job]:
    """All that the table counts.

    Raises:
        InputError: a dataset is not prepared, so that its number of classes is not known.
    """
    variants = [load_variant(name, root) for name in study.variants]
    found = []
    for name, dataset in study.datasets.items():
        classes = len(read_manifest(data_folder(study.name, name) / "manifest.parquet").classes)
        for variant in variants:
            config = study.model(name, variant, classes)
            found.append(Job(name, dataset.model, config, variant, dataset.data.frames, dataset.protocol.views))
    for row in table1():
        for variant in variants:
            found.append(Job("", row.name, variant.apply(row.config), variant, FRAMES, VIEWS[row.dataset]))
    return found


def cost_rows(
    study: StudyConfig, root: str | Path | None = None, progress: Callable[[str], None] = lambda name: None
) -> Iterator[Row]:
    """The table's rows; `progress` is told of each model before it is counted.

    Raises:
        InputError: as for `jobs`.
        RunFailed: a model has an operator without a count.
    """
    for job in jobs(study, root):
        progress(f"{job.dataset or job.model} {job.variant.name}")
        yield from rows_of(study.name, job, cost(job.config, job.frames, memory=job.measured))


def rows_of(study: str, job: Job, found: Cost) -> Iterator[Row]:
    """One row a component, the whole last."""
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
        elif name == WHOLE:
            row["note"] = f"memory not measured here: lcr cost {job.model} --ablation {job.variant.name} does"
        yield row
