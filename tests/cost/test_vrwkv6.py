"""VRWKV6 from LCR's parts has its published sizes."""

import pytest

from lcr.cost.vrwkv6 import PUBLISHED, layer, model, multiply_adds


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_round_to_the_published_ones(name):
    assert round(model(PUBLISHED[name]).params / 1e6, 1) == PUBLISHED[name].params_m


@pytest.mark.parametrize("name", PUBLISHED)
def test_multiply_adds_round_to_the_published_flops(name):
    assert round(multiply_adds(model(PUBLISHED[name])) / 1e9, 1) == PUBLISHED[name].flops_g


def test_a_layer_is_fourteen_squares_and_464_vectors():
    for c in (192, 384, 768):
        assert layer(c).params == 14 * c * c + 464 * c
