"""VRWKV6 (Vision-RWKV's image classifier) out of LCR's parts has its published sizes: a check of the counting.

Its layer is LCR's without CauConv, with data-dependent decay and mixes and two mixes in the channel mix. Its sizes and
counts are in github.com/OpenGVLab/Vision-RWKV, README and classification/configs/vrwkv6. The published FLOPs are
multiply-adds, and all three agree with Bi-WKV in chunk form; the repository's script, with 7·D·C + 17·C a token for the
operator, would print 1.7, 5.7 and 21.2.
"""

import pytest

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

PATCHES, DEPTH, HEAD_WIDTH = 14 * 14, 12, 64


def layer(c: int, layer_scale: bool = False) -> Count:
    """Two LayerNorms, the spatial mix with five corrected mixes (r, g, k, v and the decay's), the channel mix."""
    spatial = vector(c, 4) + spatial_mix(c, HEAD_WIDTH) + data_dependent_decay(c) + data_dependent_mixes(c, mixes=5)
    return norm(c) * 2 + spatial + channel_mix(c, mixes=2) + vector(c, 2 if layer_scale else 0)


@pytest.mark.parametrize(
    ("c", "layer_scale", "params_m", "flops_g"),
    [(192, False, 7.6, 1.6), (384, False, 27.7, 5.6), (768, True, 104.9, 20.9)],
    ids=["VRWKV6-T", "VRWKV6-S", "VRWKV6-B"],
)
def test_parameters_and_multiply_adds_round_to_the_published_ones(c, layer_scale, params_m, flops_g):
    assert layer(c).params == 14 * c * c + 464 * c
    around = patch_convolution(3, 16, c) + vector(c, PATCHES) + norm(c) + classifier(c, 1000)
    whole = layer(c, layer_scale) * DEPTH + around
    macs = (whole.patch + whole.token) * PATCHES + whole.frame  # no class token: the patches' mean is classified
    assert (round(whole.params / 1e6, 1), round(macs / 1e9, 1)) == (params_m, flops_g)
