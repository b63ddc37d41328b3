"""Weights and checkpoints in safetensors: no pickle, whole or not there, refused when they are another's."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from lcr.util.errors import InputError
from lcr.util.files import atomic_write


def save_tensors(path: str | Path, tensors: dict[str, Tensor], about: dict[str, Any]) -> None:
    """Writes tensors with a JSON-able description, aside and then renamed.

    Raises:
        InputError: the place cannot be written to, or the disk is full.
    """
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with atomic_write(path) as aside:
        try:
            save_file(whole, aside, metadata={"about": json.dumps(about, sort_keys=True)})
        except SafetensorError as error:  # a full disk comes as this, not as an OSError
            raise OSError(str(error)) from error
        aside.chmod(0o644)  # safetensors makes it its owner's alone


def load_tensors(path: str | Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and their description.

    Raises:
        InputError: there is no such file, it is damaged, or it was not written by this program.
    """
    if not Path(path).is_file():
        raise InputError(f"no weights at {path}; train first: lcr train")
    try:
        with safe_open(path, framework="pt") as opened:
            about = json.loads((opened.metadata() or {})["about"])
            if not isinstance(about, dict):
                raise ValueError("it is not described")
            return {name: opened.get_tensor(name) for name in opened.keys()}, about  # noqa: SIM118
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise InputError(f"{path} is damaged or no file of this program ({error}); delete it to train again") from error


def load_model(model: nn.Module, tensors: dict[str, Tensor], path: str | Path) -> None:
    """Puts weights into a model of the very same shape.

    Raises:
        InputError: they are of another configuration; the first difference is named.
    """
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    given = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    for name in sorted(wanted.keys() | given.keys()):
        if wanted.get(name) != given.get(name):
            raise InputError(
                f"{path} is of another configuration: {name} has shape {given.get(name, 'none')} there, "
                f"{wanted.get(name, 'none')} in this model"
            )
    model.load_state_dict(tensors)


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The optimizer's memory as flat, named tensors."""
    state = optimizer.state_dict()["state"]
    return {f"{index}.{name}": torch.as_tensor(value) for index, kept in state.items() for name, value in kept.items()}


def load_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """The inverse of `optimizer_tensors`, into an optimizer of the same parameters."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict(optimizer.state_dict() | {"state": state})
