"""Studies and variants as data: frozen, typed, and closed to unknown keys.

A study (`ablations/studies/*.yaml`) says which datasets, models, seeds and recipes; a variant (`ablations/*.yaml`) says
which one thing differs from the full model. Everything here loads without torch, since the DAG reads it at every call.
"""

import shlex
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, PrivateAttr, field_validator, model_validator

from lcr.config.datasets import dataset_format
from lcr.config.files import load_interpretation, load_variant
from lcr.config.keys import hash_of
from lcr.config.register import reading_variants
from lcr.config.variant import METHOD_ARMS, FolderName, Interpretation, VariantConfig
from lcr.methods import METHODS, MethodConfig
from lcr.model.config import Frozen, ModelConfig
from lcr.model.models import model_by_name
from lcr.util.errors import printable, unknown

# what else results/ holds: folders, and published files by their suffix
NOT_STUDIES = ("reference", "figures", "notebooks", "bench")
NOT_SUFFIXES = (".csv", ".json", ".md", ".html", ".zip", ".png", ".svg", ".parquet", ".aside")
MOST_CLIPS = 1_000_000  # synthetic clips of a dataset; the largest one of the paper has 306,000
MAX_PIXELS = 2**26  # of a frame: twice those of 8K video, 192 MiB when decoded
MOST_JOBS = 1024  # processes or threads
MOST_SEEDS = 16  # the exact sign-flip test enumerates 2^16 patterns

Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def _once(given: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    twice = sorted({one for one in given or () if given.count(one) > 1})
    if twice:  # a repeated seed would narrow the interval; a repeated class is counted once
        raise ValueError(f"{', '.join(map(str, twice))} is given more than once")
    return given


class FixtureConfig(Frozen):
    """The number of synthetic clips of each class, and the classes (None: all that the format's drawings know)."""

    train: int = Field(gt=0, le=MOST_CLIPS)
    validation: int = Field(gt=0, le=MOST_CLIPS)
    classes: Annotated[tuple[str, ...] | None, AfterValidator(_once)] = None
    seed: int = Field(0, ge=0, lt=2**63)


class DataConfig(Frozen):
    """From a video to T frames of S×S (paper §4.1).

    resize: square (Jester: straight to S×S), or short_side (the shorter side to `short_side`, then a crop of S×S).
    flip: never, with the label's direction swapped along (swap), or regardless of the label (as_written).
    pack: decode all clips once into one file; for data that fits on the disk uncompressed.
    max_unusable_share: the share of clips that may be missing or broken before a run is refused.
    max_pixels: of a frame; clips whose headers claim more count as unreadable, and are not decoded.
    """

    frames: int = Field(gt=0, le=10_000)
    resize: Literal["square", "short_side"] = "square"
    short_side: int = Field(256, gt=0, le=10_000)
    flip: Literal["none", "swap", "as_written"] = "none"
    pack: bool = False
    max_unusable_share: float = Field(0.0, ge=0, le=1)
    workers: int = Field(0, ge=0, le=MOST_JOBS)
    # left out of records and keys where it is the default, which is older than the key
    max_pixels: int = Field(MAX_PIXELS, gt=0, le=2**30, exclude_if=lambda given: given == MAX_PIXELS)


class Protocol(Frozen):
    """How per-frame logits become one prediction a clip (paper §4.1); stored with every result.

    rule: max_last: per class, the maximum of the softmax over the last `last_frames` frames (Jester); mean_last: their
        mean; mean_last_third: the mean over the last third of the frames (Kinetics, SSv2), then over views.
    crops × clips: spatial crops and temporal clips; their product is the number of views.
    """

    rule: Literal["max_last", "mean_last", "mean_last_third"] = "max_last"
    last_frames: int = Field(10, gt=0, le=100_000)
    crops: Literal[1, 3] = 1
    clips: int = Field(1, gt=0, le=1000)

    @property
    def views(self) -> int:
        return self.crops * self.clips

    def frames_read(self, frames: int) -> int:
        """How many of the last frames the rule reads, out of `frames`."""
        return max(1, frames // 3) if self.rule == "mean_last_third" else min(self.last_frames, frames)


class TrainConfig(Frozen):
    """The recipe: AdamW, linear warm-up then cosine, label-smoothing cross-entropy (the paper gives only the last).

    loss_frames: the frames whose logits the loss is taken on: those that the test rule reads, all, or the last.
    draw_share: each seed trains on its own draw of this share of the training clips, class by class.
    validate_every: epochs between two evaluations for the curves, which select nothing; 0 for none. The log has a line
        every ten steps, with the last evaluation in it. Set later, it acts on trainings to come.
    """

    epochs: int = Field(gt=0, le=1_000_000)
    batch_size: int = Field(gt=0, le=100_000)
    learning_rate: float = Field(gt=0, allow_inf_nan=False)
    weight_decay: float = Field(0.05, ge=0, allow_inf_nan=False)
    warmup_share: float = Field(0.1, ge=0, le=1)
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    beta2: float = Field(0.99, gt=0, lt=1)
    clip_norm: float = Field(1.0, gt=0)
    loss_frames: Literal["rule", "all", "last"] = "rule"
    checkpoint_seconds: float = Field(20.0, gt=0)
    draw_share: float = Field(1.0, gt=0, le=1)
    validate_every: int = Field(0, ge=0)


class DatasetConfig(Frozen):
    """One dataset of a study: what it is made of, which model meets it, and how it is trained and tested.

    rates: tuned learning rates by arm; an arm that is not named trains at `train.learning_rate`.
    evaluate_on: the validation clips; or tuning, the clips of a quarter of the training performers, which are then left
        out of the training.
    """

    model: str
    data: DataConfig
    train: TrainConfig
    protocol: Protocol
    rates: dict[str, Rate] = Field({}, exclude=True)
    evaluate_on: Literal["validation", "tuning"] = "validation"
    fixture: FixtureConfig | None = None
    root: str | None = None
    note: str = ""

    def rate_of(self, arm: str) -> float:
        """The learning rate that an arm is trained at: its tuned one, or the recipe's."""
        return self.rates.get(arm, self.train.learning_rate)

    @model_validator(mode="after")
    def _has_its_views(self) -> Self:
        if self.protocol.crops > 1 and self.data.resize == "square":
            raise ValueError(
                f"protocol.crops is {self.protocol.crops}, but square frames have only one (data.resize: short_side)"
            )
        return self


class ReadingRuns(Frozen):
    """Which alternative readings of the paper a study trains, beside the readings it uses.

    dataset: on whose clips. seeds: some of the study's, so that each is paired with the full model's run.
    readings: names of the register as in `kv-source.additive`; None for all that can be trained.
    """

    dataset: str
    seeds: Annotated[tuple[int, ...], AfterValidator(_once)] = Field(min_length=1)
    readings: Annotated[tuple[str, ...] | None, AfterValidator(_once)] = None


class Sweep(Frozen):
    """Further values of one setting of the recipe, each of which makes an arm of every variant.

    learning_rates: makes arms such as `full.lr-0.003`. beyond: further ones for the methods beside LCR alone, where the
    loss of LCR does not stay finite. lengths: factors of the epochs; makes arms such as `full.x1.5`.
    """

    learning_rates: Annotated[tuple[Rate, ...], AfterValidator(_once)] = ()
    beyond: Annotated[tuple[Rate, ...], AfterValidator(_once)] = ()
    lengths: Annotated[tuple[Annotated[float, Field(gt=0, le=100)], ...], AfterValidator(_once)] = ()

    def arms(self, variant: VariantConfig, epochs: int) -> list[VariantConfig]:
        """The arms that the sweep makes of a variant; `epochs`: of the study's recipe."""
        rates = self.learning_rates if variant.is_lcr else (*self.learning_rates, *self.beyond)
        changes = [(f"lr-{rate:g}", {"learning_rate": rate}) for rate in rates]
        changes += [(f"x{factor:g}", {"epochs": round(factor * epochs)}) for factor in self.lengths]
        return [
            variant.model_copy(
                update={
                    "name": f"{variant.name}.{name}",
                    "title": f"{variant.title}, {name}",
                    "train": variant.train.model_copy(update=change),
                }
            )
            for name, change in changes
        ]


class StudyConfig(Frozen):
    """A study: every dataset × arm × seed is one run.

    table2: the dataset whose rows stand beside the paper's in table2.csv.
    interpretation: the readings of every arm, by the name of an interpretation.
    interpretations: a multiverse: every variant is an arm under each of these, in place of `interpretation`, except
        under those with a dead start.
    methods: what stands beside the variants on every dataset: floors and ceilings (`cnn3d-rgb`), systems of Table 2
        (`resnet3d-18`; `all`), and the user's own (`my_model.py:build`).
    sweep: every variant is trained with further values of a setting, in place of the recipe's.
    family: of the tests on table2's dataset; a study beside the main one is secondary throughout.
    """

    name: FolderName
    question: str
    datasets: dict[str, DatasetConfig]
    table2: str
    interpretation: str = "literal"
    interpretations: Annotated[tuple[str, ...], AfterValidator(_once)] = ()
    variants: Annotated[tuple[str, ...], AfterValidator(_once)]
    methods: Annotated[tuple[str, ...], AfterValidator(_once)] = ()
    sweep: Sweep | None = None
    family: Literal["primary", "secondary"] = "primary"
    seeds: Annotated[tuple[Annotated[int, Field(ge=0, lt=2**31)], ...], AfterValidator(_once)] = Field(
        min_length=1, max_length=MOST_SEEDS
    )
    device: Literal["cpu", "cuda"] = "cpu"
    threads: int = Field(1, gt=0, le=MOST_JOBS)
    readings: ReadingRuns | None = None
    # No fields, so that they count in no key (though in ==).
    _given: str = PrivateAttr("")
    _changes: tuple[str, ...] = PrivateAttr(())
    _remade: tuple[str, ...] = PrivateAttr(())
    _variants: tuple[VariantConfig, ...] = PrivateAttr(())
    _interpretations: dict[str, Interpretation] = PrivateAttr(default_factory=dict)

    @field_validator("name")
    @classmethod
    def _a_folder(cls, name: str) -> str:
        if name.lower() in NOT_STUDIES or name.lower().endswith(NOT_SUFFIXES):
            raise ValueError(f"'{printable(name):.80}' is reserved for other files in results/; give another name")
        return name

    @property
    def given(self) -> str:
        """The words after `--study` in a shell: the name or path that it was loaded by, real roots, and changes."""
        roots = [f" --data-root {shlex.quote(f'{name}={one.root}')}" for name, one in self.datasets.items() if one.root]
        changes = [f" --set {shlex.quote(change)}" for change in self._changes]
        return shlex.quote(self._given or self.name) + "".join(roots + changes)

    @property
    def mark(self) -> str:
        """What an arm's name ends with where keys were changed by `--set`: `.set-` and a digest; else empty."""
        return f".set-{hash_of(self._changes)[:8]}" if self._changes else ""

    def data_name(self, dataset: str) -> str:
        """The name of the folder that holds the dataset's prepared clips: the study's, marked where they are others."""
        return self.name + (self.mark if dataset in self._remade else "")

    def dataset(self, name: str) -> DatasetConfig:
        """The configuration of one of the study's datasets.

        Raises:
            InputError: the study has no such dataset.
        """
        dataset_format(name)
        if name not in self.datasets:
            raise unknown(f"dataset of study '{self.name}'", name, self.datasets)
        return self.datasets[name]

    def interpreted(self, name: str) -> Interpretation:
        """An interpretation by name, as it was when the study was loaded."""
        return self._interpretations.get(name) or load_interpretation(name)

    @property
    def variant_configs(self) -> tuple[VariantConfig, ...]:
        """The study's arms in its order: its variants, or in a multiverse its variants under each interpretation."""
        variants = self._variants or tuple(load_variant(name) for name in self.variants)
        if self.sweep is not None:
            epochs = self.datasets[self.table2].train.epochs
            return tuple(arm for one in variants for arm in self.sweep.arms(one, epochs))
        if not self.interpretations:
            return variants
        bundles = [self.interpreted(name) for name in self.interpretations]
        return tuple(one.under(bundle) for bundle in bundles if not bundle.dead_start for one in variants)

    @property
    def method_configs(self) -> tuple[VariantConfig, ...]:
        """The floors and ceilings in the study's order; with a sweep, those that train, with each of its values."""
        methods = tuple(METHOD_ARMS[name] for name in self.methods)
        if self.sweep is None:
            return methods
        epochs = self.datasets[self.table2].train.epochs
        trained = (one for one in methods if METHODS[one.method].trains)
        return tuple(arm for one in trained for arm in self.sweep.arms(one, epochs))

    @property
    def compared(self) -> tuple[VariantConfig, ...]:
        """The arms on every dataset: the variants of LCR, then the methods beside it."""
        return (*self.variant_configs, *self.method_configs)

    @property
    def arms(self) -> tuple[VariantConfig, ...]:
        """All that the study trains: its variants, the methods beside them, and the alternative readings."""
        return (*self.compared, *self.reading_variants().values())

    def variant(self, name: str) -> VariantConfig:
        """One of the study's arms, or of the alternative readings that it trains.

        Raises:
            InputError: the study has none of this name.
        """
        known = {one.name: one for one in self.arms}
        if name not in known:
            raise unknown(f"variant of study '{self.name}'", name, known)
        return known[name]

    def full_model(self, dataset: str, variant: VariantConfig, classes: int) -> ModelConfig:
        """The full model that an arm is compared with: the dataset's named model under the arm's interpretation."""
        bundle = (variant.interpretation or self.interpreted(self.interpretation)).bundle
        base = model_by_name(self.dataset(dataset).model)
        return base.model_copy(update={"classes": classes, "readings": bundle})

    def model(self, dataset: str, variant: VariantConfig, classes: int) -> ModelConfig | MethodConfig:
        """The model of one run: the full model with the variant's change, or another method's."""
        return variant.apply(self.full_model(dataset, variant, classes))

    def reading_variants(self) -> dict[str, VariantConfig]:
        """The alternative readings that this study trains, by name."""
        known = reading_variants()
        if self.readings is None:
            return {}
        return {name: known[name] for name in (known if self.readings.readings is None else self.readings.readings)}

    @property
    def readings_dataset(self) -> str:
        """On whose clips the readings are compared: the dataset that the study says, else that of table2."""
        return self.readings.dataset if self.readings else self.table2
