"""Register of the places that the paper leaves open or contradicts: `lcr/paper/discrepancies.yaml`.

An entry gives the reading used here and its alternatives. An alternative that can be trained is a variant, by a name
such as `kv-source.additive`: `lcr train --dataset jester-fixture --ablation kv-source.additive`.
"""

from functools import cache
from pathlib import Path

from pydantic import Field

from lcr.config.variant import ModelChange, ModelCondition, ProtocolChange, RecipeChange, VariantConfig
from lcr.util.schema import Frozen, parse, read_yaml

REGISTER = Path(__file__).parents[1] / "paper" / "discrepancies.yaml"


class Change(Frozen):
    """Changes of an alternative reading, by the fields of a variant."""

    model: ModelChange = ModelChange()
    train: RecipeChange = RecipeChange()
    protocol: ProtocolChange = ProtocolChange()


class Alternative(Frozen):
    """Another reading of one place.

    change: its difference from the reading used here; None where the alternative can only be discussed.
    cannot_act_under: as in `VariantConfig`.
    """

    reading: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    change: Change | None = None
    cannot_act_under: tuple[ModelCondition, ...] = ()

    @property
    def trains(self) -> bool:
        """Whether the alternative can be trained; the data-dependent decay, another operator, is counted only."""
        return self.change is not None and self.change.model.readings.decay != "data_dependent"


class Discrepancy(Frozen):
    """One place where the paper is open or contradicts itself. default: the reading used here, in words."""

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    where: str
    finding: str
    default: str = ""
    alternatives: tuple[Alternative, ...] = ()

    def variant(self, one: Alternative) -> VariantConfig:
        """An alternative of this place as a variant of the full model."""
        return VariantConfig(
            name=f"{self.id}.{one.reading}",
            title=one.title,
            component=self.id,
            hypothesis=self.finding,
            cannot_act_under=one.cannot_act_under,
            **dict(one.change or ()),
        )


class Register(Frozen):
    """The register's file."""

    discrepancies: tuple[Discrepancy, ...]


@cache
def load_discrepancies(path: Path = REGISTER) -> tuple[Discrepancy, ...]:
    """Entries of the register in the order of the paper.

    Raises:
        InputError: the file has an unknown key or a value of the wrong type.
    """
    return parse(Register, {"discrepancies": read_yaml(path)}, str(path)).discrepancies


@cache
def reading_variants() -> dict[str, VariantConfig]:
    """Alternatives that can be trained, as variants by name."""
    variants = [entry.variant(one) for entry in load_discrepancies() for one in entry.alternatives if one.trains]
    return {variant.name: variant for variant in variants}
