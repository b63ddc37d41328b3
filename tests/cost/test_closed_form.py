"""The closed forms are the built model's own counts, to the integer, for whatever configuration is drawn."""

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lcr.cost import counted, counts, multiply_adds, parameters
from lcr.cost.count import MACS, by_component, count_operations, parameters_by_component
from lcr.cost.parts import CHUNK
from lcr.model import LCR
from lcr.model.config import ModelConfig, Readings
from lcr.model.models import MODELS
from lcr.wkv import chunk
from lcr.wkv import multiply_adds as operator_multiply_adds


def _choices(name):
    return st.sampled_from(Readings.model_fields[name].annotation.__args__)


READINGS = st.builds(
    Readings,
    edge_norm=st.booleans(),
    residual=st.booleans(),
    decay=st.just("static"),
    **{name: _choices(name) for name in Readings.model_fields if name not in ("edge_norm", "residual", "decay")},
)


@st.composite
def configs(draw) -> ModelConfig:
    heads = draw(st.integers(1, 3))
    return ModelConfig(
        frame_size=16 * draw(st.integers(1, 2)),
        patch_size=draw(st.sampled_from([4, 8, 16])),
        depth=draw(st.integers(1, 3)),
        hidden=4 * heads * draw(st.integers(1, 3)),
        heads=heads,
        classes=draw(st.integers(1, 30)),
        edge_prompt=draw(st.booleans()),
        zero_init=draw(st.booleans()),
        tube_ratio=draw(st.sampled_from([0.0, 0.3])),
        bidirectional=draw(st.booleans()),
        gate=draw(st.sampled_from(["cross_rwkv", "lstm"])),
        readings=draw(READINGS),
    )


def _traced(config: ModelConfig, frames: int) -> dict[str, int]:
    model = LCR(config, compute_unread=True).eval()
    size = config.frame_size
    clip = (torch.zeros(1, frames, 3, size, size), torch.zeros(1, frames, 1, size, size))
    macs = by_component(count_operations(model, clip if config.edge_prompt else clip[:1]), config.gate)[MACS]
    return {name: number for name, number in macs.items() if number}


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(configs(), st.integers(1, 3))
def test_every_configuration_counts_by_the_closed_form_to_the_integer(config, frames):
    assert _traced(config, frames) == multiply_adds(config, frames)
    assert parameters_by_component(LCR(config)) == parameters(config)


@pytest.mark.parametrize("name", MODELS)
def test_every_named_models_parameters_are_the_closed_forms(name):
    with torch.device("meta"):
        assert parameters_by_component(LCR(MODELS[name])) == parameters(MODELS[name])


def test_totals_are_the_sums_over_the_components():
    config = MODELS["lcr-tiny"]
    assert counted(config, 7) == (sum(parameters(config).values()), sum(multiply_adds(config, 7).values()))


def test_a_tube_mask_takes_its_share_of_every_component_but_the_head():
    config = MODELS["lcr-base-112"]
    whole, half = multiply_adds(config, 32), multiply_adds(config, 32, kept=98)
    assert half["head"] == whole["head"]
    assert half["patch embedding"] == whole["patch embedding"] // 2
    assert half["channel mix"] * 197 == whole["channel mix"] * 99


def test_the_data_dependent_decay_adds_a_mix_and_a_low_rank_correction():
    static = MODELS["lcr-base-112"]
    dependent = static.model_copy(update={"readings": Readings(decay="data_dependent")})
    c = static.hidden
    assert counted(dependent, 1).params - counted(static, 1).params == static.depth * (c + 128 * c)
    assert counted(dependent, 1).macs - counted(static, 1).macs == static.depth * 197 * 128 * c


@pytest.mark.parametrize("bidirectional", [True, False])
def test_the_operator_counts_as_the_operators_own_door_says(bidirectional):
    assert chunk.CHUNK == CHUNK
    config = MODELS["lcr-base-112"].model_copy(update={"depth": 1, "bidirectional": bidirectional})
    c = config.hidden
    door = operator_multiply_adds((1, config.heads, 197, config.head_width), bidirectional)
    assert counts(config)["spatial mix"].token * 197 == 5 * c * c * 197 + door
