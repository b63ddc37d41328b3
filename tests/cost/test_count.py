"""Counts equal what one works out by hand, nothing is left uncounted, and memory is the same each time."""

from functools import cache

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from lcr.config.study import load_variant
from lcr.cost import multiply_adds
from lcr.cost.count import ELEMENTWISE, MACS, component, cost, count_operations
from lcr.model import LCR
from lcr.model.config import ModelConfig
from lcr.model.models import model_by_name
from lcr.util.errors import RunFailed
from lcr.wkv import bi_wkv
from tests.model.conftest import READINGS

SMALL = ModelConfig(frame_size=16, patch_size=4, depth=2, hidden=16, heads=2, classes=5)
once = cache(cost)  # one count serves several tests
VARIANTS = ("full", "no_edge_prompt", "nonzero_init", "no_tube_mask", "unidirectional_wkv")


class _Call(nn.Module):
    """A function as a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *inputs):
        return self.function(*inputs)


def _total(model, *inputs):
    counts = count_operations(model.eval(), inputs)
    return sum(counter[MACS] for counter in counts.values()), sum(counter[ELEMENTWISE] for counter in counts.values())


@pytest.mark.parametrize("variant", VARIANTS)
def test_multiply_adds_equal_the_closed_form_to_the_integer(variant):
    config = load_variant(variant).apply(SMALL)
    found = once(config, 5)
    assert found.macs_by_component == multiply_adds(config, 5)
    assert found.gmacs == sum(multiply_adds(config, 5).values()) / 1e9
    assert found.gflops == 2 * found.gmacs


def test_the_plain_lstm_gate_is_counted_by_its_own_name():
    config = load_variant("lstm_gate").apply(SMALL)
    found = once(config, 5)
    c = LCR(config).head.in_features // 2  # the width that matches the parameters
    assert found.macs_by_component["LSTM gate"] == 8 * c * c * (config.patches + 1) * config.depth * 5
    assert set(found.macs_by_component) == {"patch embedding", "edge prompt", "LSTM gate", "head"}


def test_a_paper_sized_model_counts_by_the_same_form():
    config = model_by_name("lcr-s-112")
    assert cost(config, 2).macs_by_component == multiply_adds(config, 2)


@pytest.mark.parametrize("reading", READINGS, ids=str)
def test_every_reading_that_runs_is_counted_without_an_operator_left_over(reading):
    shallow = SMALL.model_copy(update={"depth": 1, "readings": SMALL.readings.model_copy(update=reading)})
    assert cost(shallow, 2).macs_by_component == multiply_adds(shallow, 2)


def test_two_short_traces_give_the_count_of_a_long_one():
    model = LCR(SMALL, compute_unread=True)
    macs, elementwise = _total(model, torch.zeros(1, 5, 3, 16, 16), torch.zeros(1, 5, 1, 16, 16))
    found = once(load_variant("full").apply(SMALL), 5)
    assert sum(found.macs_by_component.values()) == macs
    assert sum(found.elementwise_by_component.values()) == elementwise > 0


def test_parameters_by_component_add_up_to_the_model():
    for variant in (*VARIANTS, "lstm_gate"):
        config = load_variant(variant).apply(SMALL)
        found = once(config, 5)
        assert found.params == sum(found.params_by_component.values())
        assert found.params == sum(parameter.numel() for parameter in LCR(config).parameters())
    assert found.params_by_component["positions"] > 0


def test_bi_wkv_is_counted_by_its_definition_in_chunks():
    r, k, v = torch.randn(3, 2, 3, 40, 8)
    omega, u = torch.randn(2, 3, 8)
    for bidirectional, state in ((True, 4), (False, 2)):
        model = _Call(lambda *inputs, b=bidirectional: bi_wkv(*inputs, bidirectional=b))
        expected = 2 * 3 * 40 * (state * 8 * 8 + 2 * 32 * 8)
        assert _total(model, r, k, v, omega, u)[0] == expected


@pytest.mark.parametrize(
    ("model", "shapes", "macs"),
    [
        (nn.Linear(6, 5), [(4, 3, 6)], 4 * 3 * 6 * 5),
        (nn.Conv2d(6, 4, 3, padding=1, groups=2), [(2, 6, 8, 8)], 2 * 4 * 64 * 3 * 9),
        (nn.Conv1d(3, 4, 2, stride=2), [(1, 3, 10)], 4 * 5 * 3 * 2),
        (_Call(torch.matmul), [(2, 1, 3, 4), (5, 4, 7)], 2 * 5 * 3 * 7 * 4),
        (_Call(torch.addmm), [(3, 5), (3, 4), (4, 5)], 3 * 4 * 5),
        (nn.LSTM(6, 5, num_layers=2), [(7, 2, 6)], 14 * 4 * 5 * (6 + 5 + 5 + 5)),
        (nn.LSTM(6, 5, bidirectional=True), [(7, 2, 6)], 14 * 2 * 4 * 5 * (6 + 5)),
        (_Call(F.scaled_dot_product_attention), [(2, 3, 7, 4), (2, 3, 9, 4), (2, 3, 9, 5)], 6 * 7 * 9 * (4 + 5)),
    ],
    ids=["linear", "grouped-conv", "strided-conv", "broadcast-matmul", "addmm", "lstm", "lstm-two-ways", "attention"],
)
def test_what_fvcore_counts_wrongly_or_not_at_all_is_counted_by_hand(model, shapes, macs):
    assert _total(model, *(torch.randn(shape) for shape in shapes))[0] == macs


def test_elementwise_operations_are_counted_apart():
    macs, elementwise = _total(_Call(lambda x: torch.sigmoid(x + 1).mean()), torch.randn(4, 5))
    assert (macs, elementwise) == (0, 60)


def test_an_operator_that_is_on_no_list_stops_the_count():
    with pytest.raises(RunFailed, match=r"aten::cumsum \(1 times\)"):
        count_operations(_Call(lambda x: x.cumsum(0)), (torch.randn(4),))
    with pytest.raises(RunFailed, match="transposed"):
        count_operations(nn.ConvTranspose2d(2, 3, 2), (torch.randn(1, 2, 4, 4),))


def test_a_part_of_the_model_that_is_on_no_list_stops_the_count():
    with pytest.raises(RunFailed, match=r"'teacher.weight' belongs to no component"):
        component("teacher.weight")


def test_counting_prints_nothing_and_leaves_the_callers_random_numbers_alone(capfd, recwarn):
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    cost(SMALL, 2)
    assert torch.equal(torch.rand(3), expected)
    assert capfd.readouterr() == ("", "")
    assert not [warning for warning in recwarn if "fvcore" in str(warning.filename) or "lcr" in str(warning.filename)]
