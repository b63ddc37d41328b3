"""Safetensors files of weights and checkpoints: atomic, sealed, refused if another configuration wrote them."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from lcr.util.errors import InputError
from lcr.util.seals import PLACEHOLDER, check_seal, sealed_write


def save_tensors(path: str | Path, tensors: dict[str, Tensor], about: dict[str, Any]) -> None:
    """Writes tensors with a JSON-able description, sealed, aside and then renamed.

    Raises:
        InputError: the place cannot be written to, or the disk is full.
    """
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    described = json.dumps(about | {"seal": PLACEHOLDER}, sort_keys=True)  # metadata of two keys has no fixed order
    with sealed_write(path) as aside:
        try:
            save_file(whole, aside, metadata={"about": described})
        except SafetensorError as error:  # a full disk comes as this, not as an OSError
            raise OSError(str(error)) from error


def load_tensors(path: str | Path, remake: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and their description.

    Args:
        remake: the command that makes the file again, for the message.

    Raises:
        InputError: there is no such file, it has changed since it was written, or it was not written by this program.
    """
    if not Path(path).is_file():
        raise InputError(f"no weights at {path}; train first: lcr train")
    check_seal(path, remake)
    try:
        with safe_open(path, framework="pt") as opened:
            about = json.loads((opened.metadata() or {})["about"])
            if not isinstance(about, dict):
                raise ValueError("it is not described")
            about.pop("seal")
            return {name: opened.get_tensor(name) for name in opened.keys()}, about  # noqa: SIM118
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise InputError(f"{path} is damaged or no file of this program ({error}); make it again: {remake}") from error


def load_model(model: nn.Module, tensors: dict[str, Tensor], path: str | Path) -> None:
    """Puts weights into a model of the very same shapes and dtypes.

    Raises:
        InputError: they are of another configuration; the first difference is named.
    """
    wanted, given = (
        {name: f"shape {tuple(tensor.shape)} and {tensor.dtype}" for name, tensor in one.items()}
        for one in (model.state_dict(), tensors)
    )
    for name in sorted(wanted.keys() | given.keys()):
        if wanted.get(name) != given.get(name):
            raise InputError(
                f"{path} is of another configuration: {name} has {given.get(name, 'no value')} there, "
                f"{wanted.get(name, 'no place')} in this model"
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
