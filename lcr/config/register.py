"""The register of what the paper leaves open, or says twice differently: `discrepancies.yaml` beside this file.

Each entry holds the reading that is used and the alternatives; an alternative that can be trained is a variant, by a
name such as `kv-source.additive`: `lcr train --dataset jester-fixture --ablation kv-source.additive`.
"""

from functools import cache
from pathlib import Path

from pydantic import Field

from lcr.config.variant import ModelChange, ProtocolChange, RecipeChange, VariantConfig
from lcr.model.config import Frozen
from lcr.util.schema import parse, read_yaml

REGISTER = Path(__file__).parents[1] / "paper" / "discrepancies.yaml"


class Change(Frozen):
    """What an alternative reading changes; the fields of a variant."""

    model: ModelChange = ModelChange()
    train: RecipeChange = RecipeChange()
    protocol: ProtocolChange = ProtocolChange()


class Alternative(Frozen):
    """Another way to read one place. change: None where it cannot be run, only counted or discussed."""

    reading: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    change: Change | None = None

    @property
    def trains(self) -> bool:
        """Whether a run can be made of it: the data-dependent decay, another operator, is counted only."""
        return self.change is not None and self.change.model.readings.decay != "data_dependent"


class Discrepancy(Frozen):
    """One place where the paper is open or contradicts itself. default: the reading that is used, in words."""

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    where: str
    finding: str
    default: str = ""
    alternatives: tuple[Alternative, ...] = ()

    def variant(self, one: Alternative) -> VariantConfig:
        """One of the alternatives, of those that change something, as a variant of the full model."""
        about = {"name": f"{self.id}.{one.reading}", "title": one.title, "component": self.id}
        return VariantConfig(**about, hypothesis=self.finding, **dict(one.change or ()))


class Register(Frozen):
    """The whole file."""

    discrepancies: tuple[Discrepancy, ...]


@cache
def load_discrepancies(path: Path = REGISTER) -> tuple[Discrepancy, ...]:
    """The register's entries in the order of the paper.

    Raises:
        InputError: the file has an unknown key, or a value of the wrong type.
    """
    return parse(Register, {"discrepancies": read_yaml(path)}, str(path)).discrepancies


@cache
def reading_variants() -> dict[str, VariantConfig]:
    """The alternatives that can be trained, as variants by name."""
    variants = [entry.variant(one) for entry in load_discrepancies() for one in entry.alternatives if one.trains]
    return {variant.name: variant for variant in variants}
