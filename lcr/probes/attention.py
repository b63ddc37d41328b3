"""Bi-WKV weights of the class token over the tokens of every frame, in every layer of one model."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from lcr.model.lcr import LCR
from lcr.util.errors import InputError
from lcr.wkv import decayed_keys


class Reading(NamedTuple):
    """One layer's class token on one clip.

    weights: (T, H, N), r · k̂ of eq. 5, the class token's weight of token n: signed, without softmax.
    values: (T, H, N, D); `weights @ values` is the output of Bi-WKV at the class token.
    """

    weights: Tensor
    values: Tensor

    def shares(self) -> Tensor:
        """Shares (T, N) of the tokens: |weight| · ‖value‖ summed over the heads; a frame's shares sum to 1."""
        size = (self.weights.abs() * self.values.norm(dim=-1)).sum(1)
        return size / size.sum(-1, keepdim=True).clamp(min=torch.finfo(size.dtype).tiny)


@torch.no_grad()
def class_token_readings(model: LCR, frames: Tensor, edges: Tensor) -> list[Reading]:
    """The class token's `Reading` of each layer on one clip, without tube mask; the model stays as it is.

    Args:
        model: a model with the Cross-RWKV gate.
        frames: (T, 3, S, S) in [0, 1].
        edges: (T, 1, S, S) in {0, 1}.

    Raises:
        InputError: the model has no Bi-WKV: another method's, or one with a plain LSTM's gate.
    """
    if not isinstance(model, LCR):
        raise InputError("only LCR has Bi-WKV weights to show; take a variant with gate: cross_rwkv")
    if model.config.gate != "cross_rwkv":
        raise InputError("gate: lstm has no Bi-WKV weights to show; take a variant with gate: cross_rwkv")
    whole = LCR(model.config, compute_unread=True).eval()  # the fast path computes no R of a frame by itself
    whole.load_state_dict(model.state_dict())
    layers: list[list[tuple[Tensor, Tensor]]] = [[] for _ in whole.units]

    def record(layer: int, spatial: nn.Module, z: Tensor, k: Tensor, v: Tensor) -> None:
        own = z[:, -1:]  # the class token is not shifted
        r = spatial._heads(spatial.w_r(spatial.mix_r(own, own)))
        keys = decayed_keys(k, spatial.omega, spatial.u, bidirectional=spatial.bidirectional)
        layers[layer].append(((r @ keys.transpose(-1, -2))[:, :, 0], v))

    for number, unit in enumerate(whole.units):
        unit.gate.spatial.register_forward_pre_hook(
            lambda spatial, given, number=number: record(number, spatial, *given[:3])
        )
    whole(frames[None], edges[None])
    return [Reading(*(torch.cat(parts) for parts in zip(*layer, strict=True))) for layer in layers]
