"""Variants of the full model: an ablation with its one switch, or another reading of the paper's text."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, create_model

from lcr.cost import matched_hidden, parameters
from lcr.model.config import ModelConfig, Readings
from lcr.util.errors import printable
from lcr.util.schema import Frozen

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


class ModelChange(Frozen):
    """Changes of the model: one of the ablations' switches, or fields of `Readings`; none in `full`."""

    edge_prompt: bool | None = None
    zero_init: bool | None = None
    tube_ratio: float | None = Field(None, ge=0, lt=1)
    bidirectional: bool | None = None
    gate: Literal["cross_rwkv", "lstm"] | None = None
    readings: ReadingsChange = ReadingsChange()


class RecipeChange(Frozen):
    """Changes of the training recipe."""

    loss_frames: Literal["rule", "all", "last"] | None = None


class ProtocolChange(Frozen):
    """Changes of the prediction rule."""

    rule: Literal["max_last", "mean_last", "mean_last_third"] | None = None


class VariantConfig(Frozen):
    """One ablation, or one alternative reading: its changes, and the result that its hypothesis expects.

    cannot_act_under: models on which the variant's change acts on no logit, each given by some of its fields.
    """

    name: FolderName
    title: str
    component: str
    hypothesis: str
    model: ModelChange = ModelChange()
    train: RecipeChange = RecipeChange()
    protocol: ProtocolChange = ProtocolChange()
    cannot_act_under: tuple[ModelCondition, ...] = ()

    def apply(self, model: ModelConfig) -> ModelConfig:
        """`model` with this variant's change. Plain LSTM gates get the width at which the parameters match."""
        change = self.model.model_dump(exclude_none=True)
        readings = model.readings.model_dump() | change.pop("readings")
        changed = model.model_dump() | change | {"readings": readings}
        if changed["gate"] != model.gate:
            width = matched_hidden(ModelConfig.model_validate(changed), sum(parameters(model).values()))
            changed["hidden"] = width
        return ModelConfig.model_validate(changed)

    def acts_on(self, model: ModelConfig) -> bool:
        """Whether this variant of `model` can differ from it in a logit; else the two are identical by construction."""
        changes = self.apply(model) != model or self.train != RecipeChange() or self.protocol != ProtocolChange()
        return changes and not any(_holds(condition, model) for condition in self.cannot_act_under)


def _holds(condition: Frozen, model: Frozen) -> bool:
    """Whether `model` has every value that `condition` gives."""
    given = {name: value for name, value in condition if value is not None}
    return all(
        _holds(value, getattr(model, name)) if isinstance(value, Frozen) else value == getattr(model, name)
        for name, value in given.items()
    )
