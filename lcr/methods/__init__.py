"""Every system by name, LCR among them: a typed configuration and a lazy `build`, one file a family.

    model = build(cnn3d.Config(frame_size=48, classes=12, inputs="rgb"))
    logits = model(frames, edges)  # (B, T, 3, S, S), (B, T, 1, S, S) -> (B, T, classes), or (B, 1, classes)

A method's file gives `Config`, `build`, `LOGITS` and `TRAINS`, and those of Table 2 `SYSTEMS`; its head gives the
title, and says what the method is and where it comes from. No torch is loaded until a method is built.
"""

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import Discriminator, Tag

from lcr.methods import (
    bag_of_frames,
    chance,
    cnn3d,
    convlstm,
    imported,
    lcr,
    mobilenet_lstm,
    own,
    r2plus1d,
    resnet3d,
    rvit,
    timesformer,
    tsn,
)
from lcr.methods.base import Inputs, MethodConfig
from lcr.methods.systems import System
from lcr.model.config import ModelConfig
from lcr.util.schema import Frozen

if TYPE_CHECKING:
    from torch import nn

__all__ = [
    "ARMS",
    "LCR",
    "METHODS",
    "SYSTEMS",
    "AnyConfig",
    "Arm",
    "Inputs",
    "Method",
    "MethodConfig",
    "build",
    "method_of",
]

LCR = "lcr"
IMPORTED = "imported"  # predictions without a model
MODULES = (lcr, chance, bag_of_frames, cnn3d)
FLOORS = ("chance", "bag_of_frames", "cnn3d")  # floors and ceilings
COMPARED = (convlstm, tsn, mobilenet_lstm, resnet3d, r2plus1d, timesformer, rvit)


class Method(NamedTuple):
    """A method: its name, its title, what it is and where it comes from, and how to build it.

    logits: of each frame (B, T, classes), or of the clip (B, 1, classes). trains: whether it has weights to train.
    """

    name: str
    title: str
    about: str
    config: type[Frozen]
    build: "Callable[[Any], nn.Module]"
    logits: Literal["frame", "clip"]
    trains: bool


def _name(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


def _method(module: ModuleType) -> Method:
    title, _, about = (module.__doc__ or "").partition(": ")
    return Method(_name(module), title, about.strip(), module.Config, module.build, module.LOGITS, module.TRAINS)


METHODS: dict[str, Method] = {one.name: one for one in map(_method, (*MODULES, *COMPARED, own, imported))}

# The comparison methods of Table 2 by name, with the method that each is a setting of.
SYSTEMS: dict[str, tuple[str, System]] = {
    name: (_name(module), system) for module in COMPARED for name, system in module.SYSTEMS.items()
}


class Arm(NamedTuple):
    """An arm of a study beside LCR: a method, its inputs, the fields of its configuration that it sets, its title.

    row: of Table 2; empty for the floors and ceilings.
    """

    method: str
    inputs: Inputs
    title: str
    settings: dict[str, Any]
    row: str = ""


READS: dict[Inputs, str] = {"rgb": "RGB", "edges": "edges", "both": "RGB and edges"}


def _arms() -> Iterator[tuple[str, Arm]]:
    yield "chance", Arm("chance", "both", METHODS["chance"].title, {})
    for method in FLOORS[1:]:
        for inputs, read in READS.items():
            yield f"{method}-{inputs}", Arm(method, inputs, f"{METHODS[method].title}, {read}", {})
    for name, (method, system) in SYSTEMS.items():
        for inputs in ("rgb", "both"):
            for size, settings in (("", system.settings), ("-tiny", system.settings | system.tiny)):
                title = ", ".join(filter(None, (system.title, size[1:], READS[inputs])))
                yield f"{name}{size}-{inputs}", Arm(method, inputs, title, settings, system.row)


ARMS: dict[str, Arm] = dict(_arms())


def _name_of(config: Any) -> str:
    """The name of the method that a configuration, or its content as a mapping, is of; LCR's has no field for it."""
    return str(config.get("method", LCR) if isinstance(config, dict) else getattr(config, "method", LCR))


# A configuration of any method, as a field of a typed file.
AnyConfig = Annotated[
    Annotated[ModelConfig, Tag(LCR)]
    | Annotated[chance.Config, Tag("chance")]
    | Annotated[bag_of_frames.Config, Tag("bag_of_frames")]
    | Annotated[cnn3d.Config, Tag("cnn3d")]
    | Annotated[convlstm.Config, Tag("convlstm")]
    | Annotated[tsn.Config, Tag("tsn")]
    | Annotated[mobilenet_lstm.Config, Tag("mobilenet_lstm")]
    | Annotated[resnet3d.Config, Tag("resnet3d")]
    | Annotated[r2plus1d.Config, Tag("r2plus1d")]
    | Annotated[timesformer.Config, Tag("timesformer")]
    | Annotated[rvit.Config, Tag("rvit")]
    | Annotated[own.Config, Tag("own")]
    | Annotated[imported.Config, Tag("imported")],
    Discriminator(_name_of),
]


def method_of(config: ModelConfig | MethodConfig) -> Method:
    """The method that a configuration is of."""
    return METHODS[_name_of(config)]


def build(config: ModelConfig | MethodConfig) -> "nn.Module":
    """The module of a configuration, with fresh weights from torch's generator."""
    return method_of(config).build(config)
