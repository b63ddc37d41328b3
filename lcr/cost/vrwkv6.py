"""VRWKV6 (Vision-RWKV's image classifier) from the same parts: a check of the counting on published numbers.

Its layer is LCR's without the causal convolution, with data-dependent decay and mixes and two mixes in the channel mix:
14·C² + 464·C. Sizes and published counts: github.com/OpenGVLab/Vision-RWKV, README and classification/configs/vrwkv6.

What is published as FLOPs are multiply-adds, and all three agree with Bi-WKV in chunk form (1.59, 5.61, 20.93 G). Their
repository's script adds 7·D·C + 17·C a token for the operator instead, which would print 1.7, 5.7 and 21.2.
"""

from typing import NamedTuple

from lcr.cost.parts import (
    Count,
    channel_mix,
    classifier,
    data_dependent_decay,
    data_dependent_mixes,
    norm,
    patch_convolution,
    spatial_mix,
    vector,
)

PATCHES, DEPTH, CLASSES, HEAD_WIDTH = 14 * 14, 12, 1000, 64


class Published(NamedTuple):
    """A row of Vision-RWKV's README: width C, parameters in millions, FLOPs in 1e9."""

    hidden: int
    layer_scale: bool
    params_m: float
    flops_g: float


PUBLISHED = {
    "VRWKV6-T": Published(192, False, 7.6, 1.6),
    "VRWKV6-S": Published(384, False, 27.7, 5.6),
    "VRWKV6-B": Published(768, True, 104.9, 20.9),
}


def layer(c: int, layer_scale: bool = False) -> Count:
    """One block: two LayerNorms, spatial mix with five corrected mixes (r, g, k, v and the decay's), channel mix."""
    spatial = vector(c, 4) + spatial_mix(c, HEAD_WIDTH) + data_dependent_decay(c) + data_dependent_mixes(c, mixes=5)
    return norm(c) * 2 + spatial + channel_mix(c, mixes=2) + vector(c, 2 if layer_scale else 0)


def model(published: Published) -> Count:
    """The whole classifier on 224×224 images in 16×16 patches; no class token: the patches' mean is classified."""
    c = published.hidden
    around = patch_convolution(3, 16, c) + vector(c, PATCHES) + norm(c) + classifier(c, CLASSES)
    return layer(c, published.layer_scale) * DEPTH + around


def multiply_adds(count: Count) -> int:
    """Multiply-adds on one image: there is no class token, so each layer's tokens are the patches."""
    return (count.patch + count.token) * PATCHES + count.frame
