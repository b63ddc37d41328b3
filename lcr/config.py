"""Studies and variants as data: frozen, typed, and closed to unknown keys.

A study (`ablations/studies/*.yaml`) says which datasets, models, seeds and recipes; a variant (`ablations/*.yaml`) says
which one thing differs from the full model. Everything here loads without torch, since the DAG reads it at every call.
"""

from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, Field, ValidationError

from lcr.counts import matched_hidden, parameters
from lcr.errors import InputError, unknown
from lcr.model.config import Frozen, ModelConfig, model_by_name

FORMATS = ("jester", "something", "kinetics")
C = TypeVar("C", bound=BaseModel)
DATASETS = (*FORMATS, *(f"{name}-fixture" for name in FORMATS))


def dataset_format(dataset: str) -> str:
    """The on-disk format of a dataset: `jester` for both `jester` and `jester-fixture`.

    Raises:
        InputError: the dataset is unknown.
    """
    if dataset not in DATASETS:
        raise unknown("dataset", dataset, DATASETS)
    return dataset.removesuffix("-fixture")


class FixtureConfig(Frozen):
    """How many clips of each class are drawn, and of which classes (None: all that the format's fixtures know)."""

    train: int = Field(gt=0)
    validation: int = Field(gt=0)
    classes: tuple[str, ...] | None = None
    seed: int = 0


class DataConfig(Frozen):
    """From a video to T frames of S×S (paper §4.1).

    resize: square (Jester: straight to S×S), or short_side (the shorter side to `short_side`, then a crop of S×S).
    flip: never, with the label's direction swapped along (swap), or regardless of the label (as_written).
    pack: decode all clips once into one file; for data that fits on the disk uncompressed.
    max_unusable_share: the share of clips that may be missing or broken before a run is refused.
    """

    frames: int = Field(gt=0)
    resize: Literal["square", "short_side"] = "square"
    short_side: int = Field(256, gt=0)
    flip: Literal["none", "swap", "as_written"] = "none"
    pack: bool = False
    max_unusable_share: float = Field(0.0, ge=0, le=1)
    workers: int = Field(0, ge=0)


class Protocol(Frozen):
    """How per-frame logits become one prediction a clip (paper §4.1); stored with every result.

    rule: max_last: per class, the maximum of the softmax over the last `last_frames` frames (Jester); mean_last: their
        mean; mean_last_third: the mean over the last third of the frames (Kinetics, SSv2), then over views.
    crops × clips: spatial crops and temporal clips; their product is the number of views.
    """

    rule: Literal["max_last", "mean_last", "mean_last_third"] = "max_last"
    last_frames: int = Field(10, gt=0)
    crops: Literal[1, 3] = 1
    clips: int = Field(1, gt=0)

    @property
    def views(self) -> int:
        return self.crops * self.clips

    def frames_read(self, frames: int) -> int:
        """How many of the last frames the rule reads, out of `frames`."""
        return max(1, frames // 3) if self.rule == "mean_last_third" else min(self.last_frames, frames)


class TrainConfig(Frozen):
    """The recipe: AdamW, linear warm-up then cosine, label-smoothing cross-entropy (the paper gives only the last).

    loss_frames: the frames whose logits the loss is taken on: those that the test rule reads, all, or the last.
    """

    epochs: int = Field(gt=0)
    batch_size: int = Field(gt=0)
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(0.05, ge=0)
    warmup_share: float = Field(0.1, ge=0, le=1)
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    beta2: float = Field(0.99, gt=0, lt=1)
    clip_norm: float = Field(1.0, gt=0)
    loss_frames: Literal["rule", "all", "last"] = "rule"
    checkpoint_seconds: float = Field(20.0, gt=0)


class DatasetConfig(Frozen):
    """One dataset of a study: what it is made of, which model meets it, and how it is trained and tested."""

    model: str
    data: DataConfig
    train: TrainConfig
    protocol: Protocol
    fixture: FixtureConfig | None = None
    root: str | None = None
    note: str = ""


class StudyConfig(Frozen):
    """A study: every dataset × variant × seed is one run.

    table2: the dataset whose rows stand beside the paper's in table2.csv.
    """

    name: str
    question: str
    datasets: dict[str, DatasetConfig]
    table2: str
    variants: tuple[str, ...]
    seeds: tuple[int, ...] = Field(min_length=1)
    device: Literal["cpu", "cuda"] = "cpu"
    threads: int = Field(1, gt=0)

    def dataset(self, name: str) -> DatasetConfig:
        """The configuration of one of the study's datasets.

        Raises:
            InputError: the study has no such dataset.
        """
        dataset_format(name)
        if name not in self.datasets:
            raise unknown(f"dataset of study '{self.name}'", name, self.datasets)
        return self.datasets[name]

    def model(self, dataset: str, variant: "VariantConfig", classes: int) -> ModelConfig:
        """The model of one run: the dataset's named model, its classes, and the variant's one change."""
        base = model_by_name(self.dataset(dataset).model)
        return variant.apply(base.model_copy(update={"classes": classes}))


class ModelChange(Frozen):
    """What a variant changes in the model; exactly one field of these is set, and none in `full`."""

    edge_prompt: bool | None = None
    zero_init: bool | None = None
    tube_ratio: float | None = None
    bidirectional: bool | None = None
    gate: Literal["cross_rwkv", "lstm"] | None = None


class VariantConfig(Frozen):
    """One ablation: the component that it changes and what is expected of it."""

    name: str
    title: str
    component: str
    hypothesis: str
    model: ModelChange = ModelChange()

    def apply(self, model: ModelConfig) -> ModelConfig:
        """`model` with this variant's change. Plain LSTM gates get the width at which the parameters match."""
        changed = model.model_dump() | self.model.model_dump(exclude_none=True)
        if changed["gate"] != model.gate:
            width = matched_hidden(ModelConfig.model_validate(changed), sum(parameters(model).values()))
            changed["hidden"] = width
        return ModelConfig.model_validate(changed)


def _explain(error: ValidationError, kind: type[BaseModel], where: str) -> InputError:
    """The first problem of a configuration, in the user's words; an unknown key comes with the nearest known one."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return InputError(f"{where}: {unknown('key', place, _keys(kind))}")
    return InputError(f"{where}: {place or 'the whole'}: {first['msg']}")


def _keys(kind: type[BaseModel], prefix: str = "") -> list[str]:
    keys = []
    for name, field in kind.model_fields.items():
        keys.append(prefix + name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            keys += _keys(field.annotation, f"{prefix}{name}.")
    return keys


def parse(kind: type[C], data: Any, where: str) -> C:
    """`data` as a configuration of `kind`.

    Raises:
        InputError: a key is unknown, missing or of the wrong type; `where` is named.
    """
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise _explain(error, kind, where) from error


def project_root(root: str | Path | None = None) -> Path:
    """The folder that holds `ablations/`: `root`, else upward from the working directory, else the packaged copy.

    Raises:
        InputError: `root` is given and holds no `ablations/`.
    """
    if root is not None:
        if not (Path(root) / "ablations").is_dir():
            raise InputError(f"--root {root} holds no folder 'ablations'; give the project's top folder")
        return Path(root)
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "ablations" / "studies").is_dir():
            return folder
    return Path(__file__).parent / "packaged"


def _read_yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise InputError(f"{path} is no valid YAML: {str(error).splitlines()[0]}") from error


def _named(folder: Path, kind: str, name: str | Path) -> Path:
    """The YAML file called `name` in `folder`, or the file that `name` is the path of."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        if not path.is_file():
            raise InputError(f"no {kind} file {path}")
        return path
    known = sorted(file.stem for file in folder.glob("*.yaml"))
    if str(name) not in known:
        raise unknown(kind, str(name), known)
    return folder / f"{name}.yaml"


def load_variant(name: str | Path, root: str | Path | None = None) -> VariantConfig:
    """A variant by name (`full`, `no_edge_prompt`, …) or by the path of its YAML file.

    Raises:
        InputError: there is none of this name, or a key in it is unknown or of the wrong type.
    """
    path = _named(project_root(root) / "ablations", "ablation", name)
    return parse(VariantConfig, _read_yaml(path), str(path))


def load_study(
    path: str | Path, roots: dict[str, str | None] | None = None, root: str | Path | None = None
) -> StudyConfig:
    """A study by name (`tiny`, `smoke`, `paper`) or by the path of its YAML file.

    Args:
        roots: folders of real data by dataset, as in {"jester": "DIR"}: the study's generated clips of that dataset
            are then replaced by the real ones, under the real name.
        root: where `ablations/` is (see `project_root`).

    Raises:
        InputError: there is none of this name, a key is unknown or of the wrong type, a dataset that is named is none
            of the study's, or table2 names none of them.
    """
    file = _named(project_root(root) / "ablations" / "studies", "study", path)
    study = parse(StudyConfig, _read_yaml(file), str(file))
    for name in study.datasets:
        dataset_format(name)
    for name, folder in (roots or {}).items():
        if folder is not None:
            study = _with_real_data(study, name, folder)
    if study.table2 not in study.datasets:
        raise unknown(f"table2 dataset in {file}", study.table2, study.datasets)
    return study


def _with_real_data(study: StudyConfig, name: str, folder: str) -> StudyConfig:
    if name not in FORMATS:
        raise unknown("real dataset", name, FORMATS)
    datasets = {}
    for key, dataset in study.datasets.items():
        mine = dataset_format(key) == name
        datasets[name if mine else key] = (
            dataset.model_copy(update={"root": str(folder), "fixture": None}) if mine else dataset
        )
    if name not in datasets:
        raise InputError(f"study '{study.name}' has no {name} part for the clips in {folder}")
    table2 = name if dataset_format(study.table2) == name else study.table2
    return study.model_copy(update={"datasets": datasets, "table2": table2})
