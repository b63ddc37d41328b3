"""The closed forms are the built model's own counts, to the integer, for any configuration."""

import random
from typing import get_args

import pytest
import torch

from lcr.config.files import load_variant
from lcr.cost import counted, counts, multiply_adds, parameters
from lcr.cost.count import MACS, by_component, count_operations, parameters_by_component
from lcr.cost.parts import CHUNK
from lcr.model import LCR
from lcr.model.config import ModelConfig, Readings
from lcr.model.models import MODELS
from lcr.wkv import chunk
from lcr.wkv import multiply_adds as operator_multiply_adds
from tests.model.conftest import FILES, INTERPRETATIONS, small


def drawn(rng: random.Random) -> ModelConfig:
    """A configuration that runs, each of its fields drawn."""
    values = {name: get_args(field.annotation) or (True, False) for name, field in Readings.model_fields.items()}
    heads = rng.randint(1, 3)
    read = rng.choice(["keys", "cell", "both"])  # by what the edge tokens are read; a trace leaves out unread ones
    return ModelConfig(
        frame_size=16 * rng.randint(1, 2),
        patch_size=rng.choice([4, 8, 16]),
        depth=rng.randint(1, 2),
        hidden=4 * heads * rng.randint(1, 3),
        heads=heads,
        classes=rng.randint(1, 30),
        edge_prompt=rng.random() < 0.7,
        bidirectional=rng.random() < 0.5,
        gate=rng.choice(["cross_rwkv", "cross_rwkv", "lstm"]),
        edge_keys=read != "cell",
        edge_gate=rng.choice(["tokens", "constant"]) if read == "keys" else "edges",
        frame_source=rng.choice(["rgb", "edges"]),
        lstm_input="frame" if read == "cell" else "gate",
        readings=Readings(**{name: rng.choice(some) for name, some in values.items()} | {"decay": "static"}),
    )


def check_counts(config: ModelConfig, frames: int) -> None:
    """The built model's counts are the closed form's."""
    model, size = LCR(config, compute_unread=True).eval(), config.frame_size
    clip = (torch.zeros(1, frames, 3, size, size), torch.zeros(1, frames, 1, size, size))
    given = clip if config.edge_prompt or config.frame_source == "edges" else clip[:1]
    macs = by_component(count_operations(model, given), config.gate)[MACS]
    assert {name: number for name, number in macs.items() if number} == multiply_adds(config, frames), config
    assert parameters_by_component(model) == parameters(config), config


def test_every_configuration_counts_by_the_closed_form_to_the_integer():
    rng = random.Random(0)
    for _ in range(12):
        check_counts(drawn(rng), rng.randint(1, 2))


@pytest.mark.slow
@pytest.mark.parametrize("name", INTERPRETATIONS)
def test_every_variant_of_a_file_counts_by_the_closed_form_under_every_interpretation(name):
    base = small(readings=INTERPRETATIONS[name].bundle)
    for config in {load_variant(variant).apply(base) for variant in FILES}:
        check_counts(config, 2)


@pytest.mark.parametrize("name", MODELS)
def test_every_named_models_parameters_are_the_closed_forms_and_totals_are_sums(name):
    with torch.device("meta"):
        assert parameters_by_component(LCR(MODELS[name])) == parameters(MODELS[name])
    params, macs = parameters(MODELS[name]), multiply_adds(MODELS[name], 7)
    assert counted(MODELS[name], 7) == (sum(params.values()), sum(macs.values()))


def test_a_tube_mask_takes_its_share_of_every_component_but_the_head():
    config = MODELS["lcr-base-112"]
    whole, half = multiply_adds(config, 32), multiply_adds(config, 32, kept=98)
    assert (half["head"], half["patch embedding"]) == (whole["head"], whole["patch embedding"] // 2)
    assert half["channel mix"] * 197 == whole["channel mix"] * 99


def test_the_data_dependent_decay_adds_a_mix_and_a_low_rank_correction():
    static = MODELS["lcr-base-112"]
    dependent = static.model_copy(update={"readings": Readings(decay="data_dependent")})
    c = static.hidden
    assert counted(dependent, 1).params - counted(static, 1).params == static.depth * (c + 128 * c)
    assert counted(dependent, 1).macs - counted(static, 1).macs == static.depth * 197 * 128 * c


@pytest.mark.parametrize("bidirectional", [True, False])
def test_the_operator_counts_as_lcr_wkv_says(bidirectional):
    assert chunk.CHUNK == CHUNK
    config = MODELS["lcr-base-112"].model_copy(update={"depth": 1, "bidirectional": bidirectional})
    c = config.hidden
    operator = operator_multiply_adds((1, config.heads, 197, config.head_width), bidirectional)
    assert counts(config)["spatial mix"].token * 197 == 5 * c * c * 197 + operator
