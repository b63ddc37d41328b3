"""What the class token reads: its Bi-WKV weights over the tokens of every frame, in every layer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lcr.model.lcr import LCR
from lcr.util.errors import InputError
from lcr.wkv import decayed_keys


class Reading(NamedTuple):
    """One layer's reading of one clip.

    weights: (T, H, N), r · k̂ of eq. 5 as the class token sees token n: signed, and no softmax.
    values: (T, H, N, D), so that `weights @ values` is what Bi-WKV gives the class token.
    """

    weights: Tensor
    values: Tensor

    def shares(self) -> Tensor:
        """(T, N): each token's part of what is read: |weight| · ‖value‖ summed over the heads; a frame sums to 1."""
        size = (self.weights.abs() * self.values.norm(dim=-1)).sum(1)
        return size / size.sum(-1, keepdim=True).clamp(min=torch.finfo(size.dtype).tiny)


@torch.no_grad()
def class_token_readings(model: LCR, frames: Tensor, edges: Tensor) -> list[Reading]:
    """The readings of each layer for one clip, without a tube mask.

    Args:
        model: a model with the Cross-RWKV gate; it is not changed.
        frames, edges: (T, 3, S, S) in [0, 1] and (T, 1, S, S) in {0, 1}.

    Raises:
        InputError: the gate is a plain LSTM's, which has no Bi-WKV.
    """
    if model.config.gate != "cross_rwkv":
        raise InputError("plain LSTM gates have no Bi-WKV whose weights could be shown; take another variant")
    whole = LCR(model.config, compute_unread=True).eval()  # the scan that serves the class token alone keeps no R
    whole.load_state_dict(model.state_dict())
    with _recorded(whole) as layers:
        whole(frames[None], edges[None])
    return [Reading(*(torch.cat(parts) for parts in zip(*layer, strict=True))) for layer in layers]


@contextmanager
def _recorded(model: LCR) -> Iterator[list[list[tuple[Tensor, Tensor]]]]:
    """For each layer, what each frame's spatial mix was given: the class token's weights and the values."""
    layers: list[list[tuple[Tensor, Tensor]]] = [[] for _ in model.units]

    def hook(layer: int):
        def record(spatial: nn.Module, given: tuple[Tensor, ...]) -> None:
            z, k, v = given[:3]
            own = z[:, -1:]  # the class token is not shifted
            r = spatial._heads(spatial.w_r(spatial.mix_r(own, own)))
            keys = decayed_keys(k, spatial.omega, spatial.u, bidirectional=spatial.bidirectional)
            layers[layer].append(((r @ keys.transpose(-1, -2))[:, :, 0], v))

        return record

    handles = [unit.gate.spatial.register_forward_pre_hook(hook(layer)) for layer, unit in enumerate(model.units)]
    try:
        yield layers
    finally:
        for handle in handles:
            handle.remove()
