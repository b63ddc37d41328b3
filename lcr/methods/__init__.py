"""Every system by name, LCR among them: a typed configuration and a lazy `build`, one file each.

    model = build(cnn3d.Config(frame_size=48, classes=12, inputs="rgb"))
    logits = model(frames, edges)  # (B, T, 3, S, S), (B, T, 1, S, S) -> (B, T, classes), or (B, 1, classes)

A method's file gives `Config`, `build`, `LOGITS` and `TRAINS`; its head gives the title, and says what the method is
and where it comes from. No torch is loaded until a method is built.
"""

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import Discriminator, Tag

from lcr.methods import bag_of_frames, chance, cnn3d, lcr
from lcr.methods.base import Inputs, MethodConfig
from lcr.model.config import ModelConfig
from lcr.util.schema import Frozen

if TYPE_CHECKING:
    from torch import nn

__all__ = ["ARMS", "LCR", "METHODS", "AnyConfig", "Inputs", "Method", "MethodConfig", "build", "method_of"]

LCR = "lcr"


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


def _method(module: ModuleType) -> Method:
    title, _, about = (module.__doc__ or "").partition(": ")
    name = module.__name__.rpartition(".")[2]
    return Method(name, title, about.strip(), module.Config, module.build, module.LOGITS, module.TRAINS)


METHODS: dict[str, Method] = {one.name: one for one in map(_method, (lcr, chance, bag_of_frames, cnn3d))}

# Arms of a study: a method and its inputs.
ARMS: dict[str, tuple[str, Inputs]] = {"chance": ("chance", "both")} | {
    f"{name}-{inputs}": (name, inputs) for name in ("bag_of_frames", "cnn3d") for inputs in ("rgb", "edges", "both")
}


def _name_of(config: Any) -> str:
    """The name of the method that a configuration, or its content as a mapping, is of; LCR's has no field for it."""
    return str(config.get("method", LCR) if isinstance(config, dict) else getattr(config, "method", LCR))


# A configuration of any method, as a field of a typed file.
AnyConfig = Annotated[
    Annotated[ModelConfig, Tag(LCR)]
    | Annotated[chance.Config, Tag("chance")]
    | Annotated[bag_of_frames.Config, Tag("bag_of_frames")]
    | Annotated[cnn3d.Config, Tag("cnn3d")],
    Discriminator(_name_of),
]


def method_of(config: ModelConfig | MethodConfig) -> Method:
    """The method that a configuration is of."""
    return METHODS[_name_of(config)]


def build(config: ModelConfig | MethodConfig) -> "nn.Module":
    """The module of a configuration, with fresh weights from torch's generator."""
    return method_of(config).build(config)
