"""`Run`: one training and its evaluation, as one typed object, made where a command starts and handed down.

A run is dataset × arm × seed of a study. `Run` knows its configuration, its folder and its keys; `Data` is the part
that all runs on one dataset of a study share. Free of torch.
"""

import shlex
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

from lcr.config.datasets import dataset_format, is_synthetic
from lcr.config.keys import Environment, digest, hash_of, own_digest
from lcr.config.record import RunRecord
from lcr.config.study import DatasetConfig, StudyConfig
from lcr.config.variant import FULL, VariantConfig
from lcr.methods import MethodConfig, own
from lcr.model.config import Frozen, ModelConfig, Statistics
from lcr.model.models import model_by_name

WORK = Path(".lcr")
# Clips of a split: every clip, those of the performers that are kept apart for tuning, or those of the others.
Part = Literal["all", "tuning", "rest"]


class _Computed(Frozen):
    """A frozen object whose copies compute their cached properties again."""

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self)(**fields | dict(update or {}))


class Data(_Computed):
    """The prepared data of one dataset of a study: where they lie, and the key of what they depend on."""

    study: str
    dataset: str
    config: DatasetConfig

    @classmethod
    def of(cls, study: StudyConfig, dataset: str) -> Self:
        """The data of one of the study's datasets.

        Raises:
            InputError: the study has no such dataset.
        """
        config = study.dataset(dataset)  # first: it refuses an unknown dataset
        return cls(study=study.data_name(dataset), dataset=dataset, config=config)

    @property
    def format(self) -> str:
        """The on-disk format: jester, something or kinetics."""
        return dataset_format(self.dataset)

    @property
    def synthetic(self) -> bool:
        """Whether the clips are synthetic; real clips have a root."""
        return is_synthetic(self.dataset)

    @property
    def frame_size(self) -> int:
        """S, the side of the frames that the model reads."""
        return model_by_name(self.config.model).frame_size

    @property
    def folder(self) -> Path:
        """The folder of the prepared data: `raw/` (synthetic clips), `manifest.parquet`, `packed/`."""
        return WORK / "data" / self.study / self.dataset

    def manifest(self, results: str | Path = "results") -> Path:
        """The manifest's path: beside the runs where the results are a copy, else with the prepared data."""
        beside = Path(results) / self.study / self.dataset / "manifest.parquet"
        return beside if beside.exists() else self.folder / "manifest.parquet"

    @property
    def components(self) -> tuple[str, ...]:
        """The components (`lcr.config.keys.COMPONENTS`) whose sources the prepared data depend on."""
        drawings = (f"synthetic:{self.format}",) if self.synthetic else ()
        return ("data", f"format:{self.format}", *drawings)

    def settings(self) -> list[Any]:
        """The settings that the prepared data depend on, as a JSON-able value."""
        config = self.config
        fixture = config.fixture and config.fixture.model_dump()
        return [self.dataset, self.frame_size, config.data.model_dump(exclude={"workers"}), fixture, config.root]

    @cached_property
    def key(self) -> str:
        """Hash of all that the prepared data depend on, except the real files themselves."""
        return self.key_in(Environment.here())

    def key_in(self, environment: Environment) -> str:
        """`key` as it is under the library versions of `environment`."""
        decoders = {name: version for name, version in environment.versions.items() if name != "torch"}
        return hash_of([self.settings(), decoders, digest(self.components)])


class Run(_Computed):
    """One run: a dataset and an arm of a study, and a seed.

    results: the folder that `<study>/<dataset>/<variant>/seed-<seed>/` stands in.
    """

    study: StudyConfig
    dataset: str
    variant: VariantConfig
    seed: int
    results: Path = Path("results")

    def model_post_init(self, _: Any) -> None:
        """Raises InputError if the study has no such dataset."""
        self.study.dataset(self.dataset)

    @cached_property
    def config(self) -> DatasetConfig:
        """The dataset's configuration with the variant's change of recipe or protocol."""
        config, variant = self.study.dataset(self.dataset), self.variant
        rate = {"learning_rate": config.rate_of(variant.name.partition(".")[0])}
        train = config.train.model_copy(update=rate | variant.train.model_dump(exclude_none=True))
        protocol = config.protocol.model_copy(update=variant.protocol.model_dump(exclude_none=True))
        return config.model_copy(update={"train": train, "protocol": protocol})

    @cached_property
    def data(self) -> Data:
        return Data.of(self.study, self.dataset)

    def model(
        self, classes: int, statistics: tuple[Statistics, Statistics] | None = None
    ) -> ModelConfig | MethodConfig:
        """The configuration of the run's model for this number of classes, with the dataset's own mean and std."""
        model = self.study.model(self.dataset, self.variant, classes)
        return model if statistics is None else model.model_copy(update={"mean": statistics[0], "std": statistics[1]})

    def full_model(self, classes: int) -> ModelConfig:
        """The configuration of the full model that the run's arm is compared with."""
        return self.study.full_model(self.dataset, self.variant, classes)

    @property
    def train_part(self) -> Part:
        """The part of the training split that the run is trained on."""
        return "rest" if self.config.evaluate_on == "tuning" else "all"

    @property
    def evaluated(self) -> tuple[str, Part]:
        """The split, and the part of it, that the run is evaluated on."""
        return ("train", "tuning") if self.config.evaluate_on == "tuning" else ("validation", "all")

    @property
    def acts(self) -> bool:
        """Whether the variant's change can act on this model; if not, its results are the full model's."""
        own = self.variant.variant_name == FULL or not self.variant.is_lcr
        return own or self.variant.acts_on(self.full_model(classes=1))

    @property
    def folder(self) -> Path:
        """The folder of the run's results."""
        return self.results / self.study.name / self.dataset / self.variant.name / f"seed-{self.seed}"

    @property
    def name(self) -> str:
        """The run in words: dataset, arm, seed."""
        return f"{self.dataset} {self.variant.name} seed {self.seed}"

    @property
    def options(self) -> str:
        """The options that name this run after `lcr train` or `lcr evaluate`, for a shell."""
        arm = self.variant.name.removesuffix(self.study.mark)
        own = shlex.join(["--dataset", self.dataset, "--ablation", arm, "--seed", str(self.seed)])
        return f"--study {self.study.given} {own}"

    # Keys.

    @cached_property
    def _shape(self) -> ModelConfig | MethodConfig:
        return self.model(classes=1)  # the number of classes comes with the data

    @property
    def environment(self) -> Environment:
        """Library versions, and the WKV backend that this machine would select for the run."""
        shape = self._shape
        width = shape.head_width if isinstance(shape, ModelConfig) and shape.runs_wkv else None
        return Environment.here(self.study.device, width)

    def components(self, environment: Environment) -> tuple[str, ...]:
        """The components that the weights depend on: data, model and gate (or method), WKV backend, training."""
        if not isinstance(self._shape, ModelConfig):
            return (*self.data.components, f"method:{self.variant.method}", "train")
        backend = (f"wkv:{environment.backend}",) if environment.backend else ()
        return (*self.data.components, "model", f"gate:{self._shape.gate}", *backend, "train")

    def _train_key(self, environment: Environment) -> str:
        config = self.config
        loss_frames = config.protocol.frames_read(config.data.frames) if config.train.loss_frames == "rule" else None
        recipe = config.train.model_dump(exclude={"checkpoint_seconds", "validate_every"})
        part = self.train_part
        settings = [self.data.settings(), self._shape.model_dump(), recipe, loss_frames, self.seed, part]
        machine = [self.study.device, self.study.threads, environment.versions, environment.backend]
        used = [settings, machine, digest(self.components(environment))]
        if isinstance(self._shape, own.Config):
            used.append(own_digest(own.sources(self._shape.source)))
        return hash_of(used)

    def _evaluate_key(self, environment: Environment) -> str:
        protocol = [self.config.protocol.model_dump(), self.config.protocol.frames_read(self.config.data.frames)]
        sources = digest((*self.components(environment), "evaluate"))
        return hash_of([self._train_key(environment), protocol, sources])

    @cached_property
    def train_key(self) -> str:
        """Hash of all that the weights depend on and that is known before the data are read."""
        return self._train_key(self.environment)

    @cached_property
    def evaluate_key(self) -> str:
        """Hash of all that the predictions depend on and that is known before the data are read."""
        return self._evaluate_key(self.environment)

    def keys_in(self, trained: Environment, evaluated: Environment | None = None) -> tuple[str, str]:
        """`train_key` and `evaluate_key` as they are under other library versions or another backend.

        Args:
            trained: where the weights were made. evaluated: where the predictions were made; there too if not given.
        """
        return self._train_key(trained), self._evaluate_key(evaluated or trained)

    def is_stale(self, record: RunRecord) -> bool:
        """Whether the run was made with other settings or sources than today's; its machine does not matter."""
        return (record.train_key, record.evaluate_key) != self.keys_in(
            Environment.of(record.trained), Environment.of(record.evaluation)
        )


def runs_of(
    study: StudyConfig,
    results: str | Path = "results",
    *,
    datasets: Iterable[str] | None = None,
    variants: Iterable[VariantConfig] | None = None,
    seeds: Iterable[int] | None = None,
) -> list[Run]:
    """Runs of a study by dataset, variant and seed, all of them unless told otherwise."""
    return [
        Run(study=study, dataset=dataset, variant=variant, seed=seed, results=Path(results))
        for dataset in (study.datasets if datasets is None else datasets)
        for variant in (study.compared if variants is None else variants)
        for seed in (study.seeds if seeds is None else seeds)
    ]


def all_runs(study: StudyConfig, results: str | Path = "results") -> list[Run]:
    """Every run of a study once: of its variants, the methods beside them, and the alternative readings."""
    every = (*runs_of(study, results), *reading_runs(study, results))
    return list({run.folder: run for run in every}.values())


def reading_runs(study: StudyConfig, results: str | Path = "results") -> list[Run]:
    """The runs of the alternative readings that a study trains, after those of the full model that they pair with."""
    if study.readings is None:
        return []
    full = next(variant for variant in study.variant_configs if variant.name == FULL)
    variants = (full, *study.reading_variants().values())
    part = study.readings
    return runs_of(study, results, datasets=[part.dataset], variants=variants, seeds=part.seeds)
