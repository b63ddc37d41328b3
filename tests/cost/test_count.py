"""Counts equal those worked out by hand, no operator stays uncounted, and counting leaves no trace."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from lcr.config.files import load_variant
from lcr.cost import component, cost, multiply_adds, parameters
from lcr.cost.count import ELEMENTWISE, MACS, count_operations
from lcr.model import LCR
from lcr.model.config import ModelConfig
from lcr.model.models import model_by_name
from lcr.util.errors import RunFailed
from lcr.wkv import bi_wkv
from tests.model.conftest import CONFIGS, name_of

SMALL = ModelConfig(frame_size=16, patch_size=4, depth=2, hidden=16, heads=2, classes=5)


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


@pytest.mark.slow
@pytest.mark.parametrize("changes", CONFIGS, ids=name_of)
def test_every_switch_and_reading_is_counted_without_an_operator_left_over(changes):
    config = ModelConfig.model_validate(SMALL.model_dump() | changes)
    found = cost(config, 5, memory=None)
    assert found.macs_by_component == multiply_adds(config, 5)
    assert found.params_by_component == parameters(config)
    assert found.params == sum(parameters(config).values())
    assert found.gflops == 2 * found.gmacs == 2 * sum(multiply_adds(config, 5).values()) / 1e9


def test_the_plain_lstm_gate_is_counted_by_its_own_name():
    config = load_variant("lstm_gate").apply(SMALL)
    c = config.hidden  # the width that matches the parameters
    found = cost(config, 5, memory=None).macs_by_component
    assert found["LSTM gate"] == 8 * c * c * (config.patches + 1) * config.depth * 5
    assert set(found) == {"patch embedding", "edge prompt", "LSTM gate", "head"}


def test_a_paper_sized_model_counts_by_the_same_form():
    config = model_by_name("lcr-s-112")
    assert cost(config, 2).macs_by_component == multiply_adds(config, 2)


def test_two_short_traces_give_the_count_of_a_long_one():
    macs, elementwise = _total(
        LCR(SMALL, compute_unread=True), torch.zeros(1, 5, 3, 16, 16), torch.zeros(1, 5, 1, 16, 16)
    )
    found = cost(SMALL, 5, memory=None)
    assert found.totals == (found.params, macs, elementwise)
    assert elementwise > 0


@pytest.mark.parametrize(("bidirectional", "states"), [(True, 4), (False, 2)])
def test_bi_wkv_is_counted_by_its_definition_in_chunks(bidirectional, states):
    r, k, v = torch.randn(3, 2, 3, 40, 8)
    omega, u = torch.randn(2, 3, 8)
    model = _Call(lambda *inputs: bi_wkv(*inputs, bidirectional=bidirectional))
    assert _total(model, r, k, v, omega, u)[0] == 2 * 3 * 40 * (states * 8 * 8 + 2 * 32 * 8)


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
def test_operators_that_fvcore_miscounts_are_counted_as_by_hand(model, shapes, macs):
    assert _total(model, *(torch.randn(shape) for shape in shapes))[0] == macs


def test_elementwise_operations_are_counted_apart():
    assert _total(_Call(lambda x: torch.sigmoid(x + 1).mean()), torch.randn(4, 5)) == (0, 60)


@pytest.mark.parametrize(
    ("count", "named"),
    [
        (lambda: count_operations(_Call(lambda x: x.cumsum(0)), (torch.randn(4),)), "aten::cumsum"),
        (lambda: count_operations(nn.ConvTranspose2d(2, 3, 2), (torch.randn(1, 2, 4, 4),)), "transposed"),
        (lambda: component("teacher.weight"), r"teacher\.weight"),
    ],
)
def test_an_operator_or_module_on_no_list_stops_the_count_by_its_name(count, named):
    with pytest.raises(RunFailed, match=named):
        count()


def test_counting_prints_nothing_and_leaves_the_callers_random_numbers_alone(capfd, recwarn):
    before = torch.get_rng_state()
    cost(SMALL, 2)
    assert torch.equal(torch.get_rng_state(), before)
    assert capfd.readouterr() == ("", "")
    assert not [warning for warning in recwarn if "fvcore" in str(warning.filename) or "lcr" in str(warning.filename)]
