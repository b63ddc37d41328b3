"""Own method: a function `build(config, classes)` of a user's module or file.

It returns a torch module with LCR's call: frames (B, T, 3, S, S) in [0, 1] and edges (B, T, 1, S, S) in {0, 1} to
logits (B, T, classes), or (B, 1, classes) of the whole clip. A study names it under `methods` as `module:function` or
`path/to/file.py:function`; an installed package by an entry point of the group `lcr.methods`. Its code is run only
where the user named it: weights alone import nothing.
"""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from lcr.methods.base import MethodConfig
from lcr.util.errors import InputError, printable

if TYPE_CHECKING:
    from torch import nn

LOGITS: Literal["frame", "clip"] = "frame"
TRAINS = True
GROUP = "lcr.methods"
TRIAL = (2, 4, 7)  # clips, frames and classes of the trial that a method has to pass before any data is read
_named: set[str] = set()  # sources that the user named in this process


class Config(MethodConfig):
    """source: `module:function` or `path/to/file.py:function`."""

    method: Literal["own"] = "own"
    source: str

    @property
    def parameters(self) -> int:
        return sum(one.numel() for one in build(self).parameters())


@cache
def installed() -> dict[str, str]:
    """The methods of installed packages: name to `module:function`."""
    return {one.name: one.value for one in entry_points(group=GROUP)}


def allow(source: str) -> None:
    """Lets the code of a source run in this process: the user has named it.

    Raises:
        InputError: the source is not of the form module:function, or there is no such module or file.
    """
    source_file(source)
    _named.add(source)


def arm_name(source: str) -> str:
    """The arm's name: that of the module or file, with the function's where it is not `build`."""
    place, _, function = source.rpartition(":")
    stem = Path(place).stem if place.endswith(".py") else place.rpartition(".")[2]
    return stem if function == "build" else f"{stem}-{function}"


def source_file(source: str) -> Path:
    """The file of a source, found without running it (but its parent packages).

    Raises:
        InputError: as for `allow`.
    """
    place, _, function = source.rpartition(":")
    if not place or not function.isidentifier():
        example = "mypackage.mymodel:build or my_model.py:build"
        raise InputError(f"method '{printable(source)}': write a module or file and its function, as in {example}")
    if place.endswith(".py"):
        if not Path(place).is_file():
            raise InputError(f"method '{source}': there is no file {place}; paths count from the working directory")
        return Path(place)
    try:
        found = importlib.util.find_spec(place)
    except Exception as error:  # a parent package that does not import may raise anything
        raise InputError(f"method '{source}': {place} cannot be found: {error}") from error
    if found is None or found.origin is None:
        raise InputError(f"method '{source}': there is no module {place}; install it, or give the path of its file")
    return Path(found.origin)


def sources(source: str) -> list[Path]:
    """The Python files that count in the keys of its runs: its own, or all of its package's folder."""
    file = source_file(source)
    packaged = (file.parent / "__init__.py").is_file()
    return sorted(file.parent.rglob("*.py")) if packaged else [file]


def _function(source: str) -> Callable[[Config, int], Any]:
    place, _, name = source.rpartition(":")
    file = source_file(source)
    try:
        if place.endswith(".py"):
            loader = SourceFileLoader(f"lcr_own_{file.stem}", str(file))
            module = ModuleType(loader.name)
            sys.modules[loader.name] = module
            loader.exec_module(module)
        else:
            module = importlib.import_module(place)
    except Exception as error:  # the user's code may raise anything
        raise InputError(f"method '{source}': {file} does not import: {type(error).__name__}: {error}") from error
    if not callable(found := getattr(module, name, None)):
        raise InputError(f"method '{source}': {file} has no function '{name}'")
    return found


def build(config: Config) -> "nn.Module":
    """The user's module.

    Raises:
        InputError: the user did not name it in this process; it does not import; it is no torch module.
    """
    from lcr.methods.networks.own import Own

    if config.source not in _named:
        raise InputError(
            f"the weights are of a method of your own, {printable(config.source)}, whose code runs only when you name "
            "it; load them by their study, or with --method"
        )
    return Own(config, _function(config.source)(config, config.classes))


def check(config: Config) -> None:
    """Builds the method and gives it two clips of zeros.

    Raises:
        InputError: as for `build`; or its logits are not of the right shape, or not finite.
    """
    from lcr.methods.networks.own import trial

    clips, frames, classes = TRIAL
    trial(build(config.model_copy(update={"classes": classes})), clips, frames)
