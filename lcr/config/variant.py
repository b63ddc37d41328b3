"""Arms, which are trained and compared: a variant (an ablation, or another reading) under an interpretation.

A variant changes one thing of the full model. An interpretation is a named bundle of readings that the full model and
its variants share, `ablations/interpretations/*.yaml`: `literal` takes every equation as printed and is the default of
`Readings`. An arm without an interpretation of its own has the study's. Free of torch.
"""

import re
from types import ModuleType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, create_model

from lcr.cost import matched_hidden, parameters
from lcr.methods import ARMS, LCR, METHODS, SYSTEMS, Inputs, MethodConfig, imported, own
from lcr.model.config import ModelConfig, Readings
from lcr.util.errors import InputError, printable, unknown
from lcr.util.schema import Frozen, parse

FULL = "full"  # the variant that all others are compared with
MOST_NAME = 100  # bytes: file systems take 255, of which temporary files and locks need some


def _open(kind: type[Frozen], name: str, **fields: Any) -> type[Frozen]:
    """`kind` with every field optional, None unless given; `fields` replace those of `kind`."""
    optional = {key: (field.annotation | None, None) for key, field in kind.model_fields.items()}
    return create_model(name, __base__=Frozen, **optional | fields)


ReadingsChange = _open(Readings, "ReadingsChange")
ModelCondition = _open(ModelConfig, "ModelCondition", readings=(ReadingsChange, ReadingsChange()))


def _folder_name(name: str) -> str:
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise ValueError(
            f"'{printable(name):.80}' is no valid folder name: use letters, digits, '.', '_' and '-', "
            "a letter or digit first"
        )
    if len(name.encode()) > MOST_NAME:
        raise ValueError(f"'{name:.20}…' names a folder and has more than {MOST_NAME} bytes; shorten it")
    return name


FolderName = Annotated[str, AfterValidator(_folder_name)]  # of a study or variant: its runs lie in a folder so named


class Interpretation(Frozen):
    """A named bundle of readings: one answer to each question that the paper leaves open.

    title: what it changes. words: which words of the paper speak for it. readings: those that differ from `literal`.
    dead_start: the gradient of Z (eq. 9) is exactly 0 at the zero start, and stays 0: the full model reads no edges.
    """

    name: FolderName
    title: str
    words: str
    readings: ReadingsChange = ReadingsChange()
    dead_start: bool = False

    @property
    def bundle(self) -> Readings:
        """All readings of the interpretation."""
        return Readings.model_validate(self.readings.model_dump(exclude_none=True))


class ModelChange(Frozen):
    """Changes of the model: one of the ablations' or controls' switches, or fields of `Readings`; none in `full`."""

    edge_prompt: bool | None = None
    zero_init: bool | None = None
    tube_ratio: float | None = Field(None, ge=0, lt=1)
    bidirectional: bool | None = None
    gate: Literal["cross_rwkv", "lstm"] | None = None
    edge_keys: bool | None = None
    edge_gate: Literal["edges", "tokens", "constant"] | None = None
    frame_source: Literal["rgb", "edges"] | None = None
    lstm_input: Literal["gate", "frame"] | None = None
    readings: ReadingsChange = ReadingsChange()


class RecipeChange(Frozen):
    """Changes of the training recipe."""

    epochs: int | None = Field(None, gt=0, le=1_000_000)
    learning_rate: float | None = Field(None, gt=0, allow_inf_nan=False)
    loss_frames: Literal["rule", "all", "last"] | None = None


class ProtocolChange(Frozen):
    """Changes of the prediction rule."""

    rule: Literal["max_last", "mean_last", "mean_last_third"] | None = None


class Matched(Frozen):
    """A further change of the model where the full model meets a condition, so that both arms read the same inputs."""

    when: ModelCondition
    model: ModelChange


class VariantConfig(Frozen):
    """One ablation, or one alternative reading: its changes, and the result that its hypothesis expects.

    cannot_act_under: models on which the variant's change acts on no logit, each given by some of its fields.
    matched: further changes on some models, which match the variant's inputs to the full model's.
    interpretation: the readings that the variant starts from; None for the study's.
    method, inputs, settings: a method that stands beside LCR, its inputs, and fields of its configuration; it has no
        change.
    """

    name: FolderName
    title: str
    component: str
    hypothesis: str
    model: ModelChange = ModelChange()
    train: RecipeChange = RecipeChange()
    protocol: ProtocolChange = ProtocolChange()
    cannot_act_under: tuple[ModelCondition, ...] = ()
    matched: tuple[Matched, ...] = ()
    interpretation: Interpretation | None = None
    method: str = LCR
    inputs: Inputs = "both"
    settings: dict[str, Any] = Field(default_factory=dict)

    @property
    def is_lcr(self) -> bool:
        """Whether the arm is LCR, and no other method."""
        return self.method == LCR

    @property
    def variant_name(self) -> str:
        """The variant's name without the interpretation: `full` of `full@literal`."""
        return self.name.partition("@")[0]

    @property
    def full_name(self) -> str:
        """The name of the arm that this one is compared with: the full model under the same interpretation."""
        return FULL + self.name.removeprefix(self.variant_name)

    def under(self, interpretation: Interpretation) -> "VariantConfig":
        """The variant under an interpretation, as the arm `<variant>@<interpretation>`."""
        named = {"name": f"{self.variant_name}@{interpretation.name}", "title": f"{self.title}, {interpretation.name}"}
        return self.model_copy(update=named | {"interpretation": interpretation})

    def apply(self, model: ModelConfig) -> ModelConfig | MethodConfig:
        """`model` with this variant's change, or the other method's configuration for the same frames and classes.

        Plain LSTM gates get the width at which the parameters match.
        """
        if not self.is_lcr:
            kind = METHODS[self.method].config
            given = {"frame_size": model.frame_size, "classes": model.classes, "inputs": self.inputs}
            return kind(**given, **self.settings)
        changed = model
        for change in (self.model, *(one.model for one in self.matched if _holds(one.when, model))):
            given = change.model_dump(exclude_none=True)
            readings = changed.readings.model_dump() | given.pop("readings")
            changed = ModelConfig.model_validate(changed.model_dump() | given | {"readings": readings})
        if changed.gate != model.gate:
            return changed.model_copy(update={"hidden": matched_hidden(changed, sum(parameters(model).values()))})
        return changed

    def acts_on(self, model: ModelConfig) -> bool:
        """Whether this variant of `model` can differ from it in a logit; else the two are identical by construction."""
        changes = self.apply(model) != model or self.train != RecipeChange() or self.protocol != ProtocolChange()
        return changes and not any(_holds(condition, model) for condition in self.cannot_act_under)


METHOD_ARMS: dict[str, VariantConfig] = {
    name: VariantConfig(
        name=name,
        title=arm.title,
        component="method",
        hypothesis=METHODS[arm.method].about,
        method=arm.method,
        inputs=arm.inputs,
        settings=arm.settings,
    )
    for name, arm in ARMS.items()
}


def method_arms(given: str, *, tiny: bool) -> list[str]:
    """The names in `METHOD_ARMS` that a name under a study's `methods`, or after --method, stands for.

    Args:
        given: a name of `METHOD_ARMS`; a system of Table 2 without inputs, which reads RGB; `all` systems, on RGB and
            on RGB and edges; a user's own method, which becomes an arm here (see `lcr.methods.own`); or
            `imported:NAME`, an arm of predictions from elsewhere.
        tiny: whether systems are taken in the size for synthetic clips.

    Raises:
        InputError: there is none of this name, or a user's own is not found or has the name of another arm.
    """
    size = "-tiny" if tiny else ""
    if given == "all":
        return [f"{name}{size}-{inputs}" for name in SYSTEMS for inputs in ("rgb", "both")]
    if given in SYSTEMS:
        return [f"{given}{size}-rgb"]
    if given in METHOD_ARMS:
        return [given]
    if given.startswith(imported.PREFIX):
        return [_add_arm(given, given.removeprefix(imported.PREFIX), {}, imported)]
    source = own.installed().get(given, given)
    if ":" not in source:
        raise unknown("method", given, ["all", *SYSTEMS, *METHOD_ARMS, *own.installed()])
    own.allow(source)
    return [_add_arm(given, given if given != source else own.arm_name(source), {"source": source}, own)]


def _add_arm(given: str, name: str, settings: dict[str, Any], module: ModuleType) -> str:
    """Adds an arm of a user's to `METHOD_ARMS`, once, and returns its name."""
    method = module.__name__.rpartition(".")[2]
    known = METHOD_ARMS.get(name)
    if name in (*SYSTEMS, FULL) or (known and (known.method, known.settings) != (method, settings)):
        raise InputError(f"method '{given}': there is another arm named '{name}'; rename this one")
    about = {"name": name, "title": name, "component": "method", "hypothesis": METHODS[method].about}
    METHOD_ARMS[name] = parse(VariantConfig, about | {"method": method, "settings": settings}, f"method '{given}'")
    return name


def _holds(condition: Frozen, model: Frozen) -> bool:
    """Whether `model` has every value that `condition` gives."""
    given = {name: value for name, value in condition if value is not None}
    return all(
        _holds(value, getattr(model, name)) if isinstance(value, Frozen) else value == getattr(model, name)
        for name, value in given.items()
    )
