"""Parts of LCR and VRWKV6, each with its parameters and multiply-adds as a closed form of its sizes.

A size may be an integer or a NumPy array of integers, so that one form counts many models. Letters: c is the hidden
width C, d = C / heads is a head's width D. Elementwise work (mixes, norms, depth-wise convolutions, gates) is no
multiply-add here; `lcr.cost.count` counts it.
"""

from dataclasses import dataclass, fields
from typing import Any, TypeVar

Size = TypeVar("Size", bound=Any)  # int, or an integer array

CHUNK = 32  # tokens a chunk of Bi-WKV, as `lcr.wkv` counts it
DECAY_RANK = 64  # VRWKV6's low-rank decay
MIX_RANK = 32  # VRWKV6's low-rank mixes


@dataclass(frozen=True)
class Count:
    """Parameters, and multiply-adds by the unit that repeats them.

    params: parameters.
    patch: multiply-adds a frame for each patch token.
    token: multiply-adds a frame for each token, the class token included.
    frame: multiply-adds a frame, for any number of tokens.
    clip: multiply-adds a clip for each token, for any number of frames.
    """

    params: Any = 0
    patch: Any = 0
    token: Any = 0
    frame: Any = 0
    clip: Any = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    def __mul__(self, times: Any) -> "Count":
        return Count(*(getattr(self, one.name) * times for one in fields(self)))

    def multiply_adds(self, patches: Any, frames: Any) -> Any:
        """Multiply-adds of one view of `frames` frames, each of `patches` patch tokens and a class token."""
        per_frame = self.patch * patches + self.token * (patches + 1) + self.frame
        return per_frame * frames + self.clip * (patches + 1)


def vector(c: Size, times: Size = 1) -> Count:
    """`times` parameters a channel: mixes, norms (two), ω, u, biases, tokens, positions (one a token)."""
    return Count(params=times * c)


def norm(c: Size) -> Count:
    """Scale and shift of a LayerNorm."""
    return vector(c, 2)


def linear(inputs: Size, outputs: Size) -> Count:
    """A matrix without bias, on each token."""
    return Count(params=inputs * outputs, token=inputs * outputs)


def patch_convolution(channels: int, kernel: Size, c: Size) -> Count:
    """A convolution with bias on `channels` × kernel × kernel pixels of each patch."""
    weights = channels * kernel**2 * c
    return Count(params=weights + c, patch=weights)


def pointwise_on_patches(c: Size) -> Count:
    """A 1×1 convolution with bias on the patch tokens: ControlNet's zero convolution."""
    return Count(params=c * c + c, patch=c * c)


def rotary(d: Size) -> Count:
    """Two frequencies (row, column) for each pair of channels, shared by the heads.

    A token's angles are D multiply-adds: R's in every frame, K's once a clip for all its frames.
    """
    return Count(params=d, token=d, clip=d)


def bi_wkv(c: Size, d: Size, bidirectional: bool = True) -> Count:
    """The operator in chunk form: 4D² + 2LD multiply-adds a token and head in two directions, 2D² + 2LD in one."""
    return Count(token=c * ((4 if bidirectional else 2) * d + 2 * CHUNK))


def spatial_mix(c: Size, d: Size, bidirectional: bool = True) -> Count:
    """Eq. 2-5 without mixes and decay: R, G, K, V and W_a, Bi-WKV with ω and u, and the LayerNorm on each head."""
    return linear(c, c) * 5 + bi_wkv(c, d, bidirectional) + vector(c, 4)


def channel_mix(c: Size, mixes: int = 1) -> Count:
    """Eq. 6-8: R' (C²), K' (4C²) and V' (4C²); eq. 6 prints the same mix twice, VRWKV6 has two."""
    return linear(c, c) * 9 + vector(c, mixes)


def data_dependent_decay(c: Size, rank: int = DECAY_RANK) -> Count:
    """VRWKV6's decay ω + tanh(x_w A) B beside a static ω: a mix for x_w, and two low-rank matrices."""
    return vector(c) + linear(c, 2 * rank)


def data_dependent_mixes(c: Size, mixes: int, rank: int = MIX_RANK) -> Count:
    """VRWKV6's correction of `mixes` static mixes: one more mix, and two low-rank matrices for each."""
    return vector(c) + linear(c, 2 * rank * mixes)


def classifier(width: Size, classes: Size) -> Count:
    """LayerNorm and linear layer with bias, on one token a frame."""
    return norm(width) + Count(params=width * classes + classes, frame=width * classes)
