"""The parts that LCR and VRWKV6 are made of, each as a closed form of its sizes.

A size may be one integer, or a NumPy array of integers: then the same form counts many models at once. Letters: c is
the hidden width C, d = C / heads is a head's width D, p the patch's side P.

Elementwise work (mixes, norms, depth-wise convolutions, gates) is no multiply-add here; see `lcr.cost.count`.
"""

from dataclasses import dataclass, fields
from typing import Any, TypeVar

Size = TypeVar("Size", bound=Any)  # int, or an integer array

CHUNK = 32  # tokens a chunk of Bi-WKV, as `lcr.wkv` counts it
DECAY_RANK = 64  # VRWKV6's low-rank decay
MIX_RANK = 32  # VRWKV6's low-rank mixes


@dataclass(frozen=True)
class Count:
    """Parameters, and multiply-adds by what they are done for.

    params: parameters.
    patch: multiply-adds a frame for each patch token.
    token: multiply-adds a frame for each token, the class token included.
    frame: multiply-adds a frame, however many its tokens.
    place: multiply-adds for each token once a clip.
    """

    params: Any = 0
    patch: Any = 0
    token: Any = 0
    frame: Any = 0
    place: Any = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    def __mul__(self, times: Any) -> "Count":
        return Count(*(getattr(self, one.name) * times for one in fields(self)))

    def multiply_adds(self, patches: Any, frames: Any) -> Any:
        """Multiply-adds of one view of `frames` frames with `patches` patch tokens each, and a class token."""
        per_frame = self.patch * patches + self.token * (patches + 1) + self.frame
        return per_frame * frames + self.place * (patches + 1)


def vector(c: Size, times: int = 1) -> Count:
    """Parameters that multiply or shift each channel: mixes, norms (two of them), ω, u, biases, tokens."""
    return Count(params=times * c)


def linear(inputs: Size, outputs: Size) -> Count:
    """A matrix on each token, without bias."""
    return Count(params=inputs * outputs, token=inputs * outputs)


def patch_convolution(channels: int, kernel: Size, c: Size) -> Count:
    """A convolution on `channels` × kernel × kernel pixels for each patch, with bias."""
    weights = channels * kernel**2 * c
    return Count(params=weights + c, patch=weights)


def pointwise_on_patches(c: Size) -> Count:
    """A 1×1 convolution with bias on the patch tokens: ControlNet's zero convolution."""
    return Count(params=c * c + c, patch=c * c)


def low_rank(c: Size, rank: int, times: int = 1) -> Count:
    """`times` pairs of matrices C × rank and rank × C."""
    return linear(c, 2 * rank * times)


def learned_positions(patches: Size, c: Size) -> Count:
    """One vector for each patch token and the class token, added."""
    return Count(params=(patches + 1) * c)


def rotary_positions(d: Size) -> Count:
    """Two frequencies (row, column) for each pair of channels, shared by the heads, and R's angles in every frame.

    place (2) @ frequency (2, D/2) is D multiply-adds a token.
    """
    return Count(params=d, token=d)


def rotary_key_angles(d: Size) -> Count:
    """K's angles, made once a clip for all its frames."""
    return Count(place=d)


def bi_wkv(c: Size, d: Size, bidirectional: bool = True) -> Count:
    """The operator in chunk form: 4D² + 2LD multiply-adds a token and head in two directions, 2D² + 2LD in one."""
    return Count(token=c * ((4 if bidirectional else 2) * d + 2 * CHUNK))


def spatial_mix(c: Size, d: Size, bidirectional: bool = True) -> Count:
    """Eq. 2-5: R, G, K, V and W_a, Bi-WKV with ω and u, the LayerNorm on each head; its mixes and decay come apart."""
    return linear(c, c) * 5 + bi_wkv(c, d, bidirectional) + vector(c, 2) + vector(c, 2)


def data_dependent_decay(c: Size, rank: int = DECAY_RANK) -> Count:
    """VRWKV6: ω + tanh(x_w A) B, x_w a mix of its own."""
    return vector(c) + low_rank(c, rank)


def data_dependent_mixes(c: Size, mixes: int, rank: int = MIX_RANK) -> Count:
    """What VRWKV6 adds to `mixes` static mixes: one more mix, from which low-rank matrices correct each of them."""
    return vector(c) + low_rank(c, rank, mixes)


def channel_mix(c: Size, mixes: int = 1) -> Count:
    """Eq. 6-8: R' (C²), K' (4C²) and V' (4C²); eq. 6 prints the same mix twice, VRWKV6 has two."""
    return linear(c, c) * 9 + vector(c, mixes)


def norm(c: Size) -> Count:
    """A LayerNorm's scale and shift."""
    return vector(c, 2)


def classifier(width: Size, classes: Size) -> Count:
    """LayerNorm and linear layer with bias, on one token a frame."""
    return norm(width) + Count(params=width * classes + classes, frame=width * classes)
