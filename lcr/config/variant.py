"""What a run may change in the full model: an ablation's one switch, or another reading of the paper's text."""

from typing import Literal

from pydantic import Field, create_model

from lcr.cost import matched_hidden, parameters
from lcr.model.config import Frozen, ModelConfig, Readings

# `Readings` with every field left open: a variant sets those that it changes.
ReadingsChange = create_model(
    "ReadingsChange",
    __base__=Frozen,
    **{name: (field.annotation | None, None) for name, field in Readings.model_fields.items()},
)


class ModelChange(Frozen):
    """What a variant changes in the model: one of the ablations' switches, or fields of `Readings`; none in `full`."""

    edge_prompt: bool | None = None
    zero_init: bool | None = None
    tube_ratio: float | None = Field(None, ge=0, lt=1)
    bidirectional: bool | None = None
    gate: Literal["cross_rwkv", "lstm"] | None = None
    readings: ReadingsChange = ReadingsChange()


class RecipeChange(Frozen):
    """What a reading changes in the training."""

    loss_frames: Literal["rule", "all", "last"] | None = None


class ProtocolChange(Frozen):
    """What a reading changes in the prediction rule."""

    rule: Literal["max_last", "mean_last", "mean_last_third"] | None = None


class VariantConfig(Frozen):
    """One ablation, or one alternative reading: what it changes, and what is expected of it."""

    name: str
    title: str
    component: str
    hypothesis: str
    model: ModelChange = ModelChange()
    train: RecipeChange = RecipeChange()
    protocol: ProtocolChange = ProtocolChange()

    def apply(self, model: ModelConfig) -> ModelConfig:
        """`model` with this variant's change. Plain LSTM gates get the width at which the parameters match."""
        change = self.model.model_dump(exclude_none=True)
        readings = model.readings.model_dump() | change.pop("readings")
        changed = model.model_dump() | change | {"readings": readings}
        if changed["gate"] != model.gate:
            width = matched_hidden(ModelConfig.model_validate(changed), sum(parameters(model).values()))
            changed["hidden"] = width
        return ModelConfig.model_validate(changed)
