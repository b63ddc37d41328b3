"""The makers of cost.csv: every variant of the study's models, then of Table 1's, by component."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

from lcr.config.datasets import official_labels
from lcr.config.run import Data
from lcr.config.variant import VariantConfig
from lcr.cost import counted
from lcr.cost.count import Cost, cost
from lcr.cost.table1 import FRAMES, table1
from lcr.data.manifest import read_manifest
from lcr.methods import IMPORTED, MethodConfig
from lcr.model.config import ModelConfig
from lcr.study.tables.costs import WHOLE
from lcr.study.tables.frame import Row, Source
from lcr.synthetic.dataset import labels

VIEWS = {"jester": 1, "k400_ssv2": 9}  # §4.1: one for Jester, 3 temporal clips × 3 crops for the others
MEASURED_GMACS = 70  # Table 1's models above this take minutes to run once, and their memory is left out


class Job(NamedTuple):
    """One model to count."""

    dataset: str
    model: str
    config: ModelConfig | MethodConfig
    variant: VariantConfig
    frames: int
    views: int

    @property
    def measured(self) -> bool:
        """Whether its memory is measured: always of the study's own; of Table 1's in full, where that takes seconds."""
        small = counted(self.config, self.frames).macs <= MEASURED_GMACS * 1e9
        return bool(self.dataset) or (self.variant.name == "full" and small)


def classes_of(source: Source, dataset: str) -> int:
    """The number of classes of a dataset: of its synthetic clips, of its index, or official where there are no clips.

    Raises:
        InputError: the clips are real and not indexed yet.
    """
    data = Data.of(source.study, dataset)
    if data.config.root is not None:
        return len(read_manifest(data.manifest(source.results)).classes)
    if data.config.fixture is not None:
        return len(data.config.fixture.classes or labels(data.format))
    return len(official_labels(data.format))


def jobs(source: Source) -> list[Job]:
    """All models that the table counts.

    Raises:
        InputError: as for `classes_of`.
    """
    study = source.study
    own = [
        Job(name, model, study.model(name, variant, classes), variant, one.data.frames, one.protocol.views)
        for name, one in study.datasets.items()
        for classes in [classes_of(source, name)]
        for variant in study.compared
        if variant.method != IMPORTED
        for model in [one.model if variant.is_lcr else variant.method]
    ]
    bundle = study.interpreted(study.interpretation).bundle
    return own + [
        Job("", row.name, variant.apply(config), variant, FRAMES, VIEWS[row.dataset])
        for row in table1()
        for config in [row.config.model_copy(update={"readings": bundle})]
        for variant in study.variant_configs
    ]


def rows(source: Source, progress: Callable[[str], None] = lambda name: None) -> Iterator[Row]:
    """The table's rows; `progress` is told of each model before it is counted.

    Raises:
        InputError: as for `classes_of`.
        RunFailed: a model has an operator without a count.
    """
    device = source.study.device
    count = cache(lambda config, frames: cost(config, frames, memory=None))
    same = {"zero_init": True, "tube_ratio": 0.0}  # neither the start of Z nor the mask changes the counts of a view
    for job in jobs(source):
        progress(f"{job.dataset or job.model} {job.variant.name}")
        measured = source.measure and job.measured
        config = job.config if measured or not job.variant.is_lcr else job.config.model_copy(update=same)
        found = cost(config, job.frames, memory=device) if measured else count(config, job.frames)
        yield from rows_of(source.study.name, job, found, device)


def rows_of(study: str, job: Job, found: Cost, device: str) -> Iterator[Row]:
    """One row a component, the whole last, with the memory that was measured on `device`."""
    head: Row = {name: getattr(job, name) for name in ("dataset", "model", "frames", "views")}
    head |= {"study": study, "variant": job.variant.name}
    memory: Row = {}
    if found.peak_mem_gb is not None:
        memory = {"peak_mem_gb": found.peak_mem_gb, "train_mem_gb": found.train_mem_gb, "device": device}
    elif not job.measured:
        memory = {"note": f"memory not measured here: lcr cost {job.model} --ablation {job.variant.name} does"}
    parts = {name: found.component(name) for name in found.components} | {WHOLE: found.totals}
    for name, (params, macs, elementwise) in parts.items():
        counts = {"macs": macs, "flops": 2 * macs, "elementwise": elementwise}
        all_views = {f"{count}_per_prediction": job.views * value for count, value in counts.items()}
        more = memory if name == WHOLE else {}
        yield {**head, "component": name, "params": params, **counts, **all_views, **more}
