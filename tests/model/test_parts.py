"""The model's parts against plain, slow forms of the same equations."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from lcr.model.cell import cell
from lcr.model.config import Readings
from lcr.model.lstm_gate import LSTMGate
from lcr.model.patches import PatchConv
from lcr.model.q_shift import grid_neighbours, q_shift, shift_index
from lcr.model.tube_mask import tube_mask
from tests.model.conftest import small


def shifted_by_loops(x: torch.Tensor, keep: torch.Tensor, grid: int, heads: int) -> torch.Tensor:
    """Q-Shift token by token and channel by channel."""
    out = torch.zeros_like(x)
    out[..., -1, :] = x[..., -1, :]
    quarter = x.shape[-1] // heads // 4
    for b, positions in enumerate(keep.tolist()):
        for index, position in enumerate(positions):
            row, column = divmod(position, grid)
            sides = [(row, column - 1), (row, column + 1), (row - 1, column), (row + 1, column)]
            for channel in range(x.shape[-1]):
                r, c = sides[channel // quarter % 4]
                if 0 <= r < grid and 0 <= c < grid and r * grid + c in positions:
                    out[..., b, index, channel] = x[..., b, positions.index(r * grid + c), channel]
    return out


def test_q_shift_takes_true_neighbours_also_under_a_tube_mask():
    for ratio in (0.0, 0.4):
        torch.manual_seed(0)
        keep = tube_mask(3, 16, ratio)
        x = torch.randn(2, 3, keep.shape[1] + 1, 16)
        shift = shift_index(grid_neighbours(4, keep), 16, 2)
        assert torch.equal(q_shift(x, shift), shifted_by_loops(x, keep, 4, 2))


def test_q_shifts_gradient_is_its_transpose():
    torch.manual_seed(0)
    keep = tube_mask(2, 9, 0.3)
    x = torch.randn(2, keep.shape[1] + 1, 8, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: q_shift(x, shift_index(grid_neighbours(3, keep), 8, 1)), x)


@pytest.mark.parametrize(("kernel", "padding"), [(8, 0), (16, 4)])  # the border is zero after normalisation
@pytest.mark.parametrize("normalised", [False, True])
def test_patches_are_a_convolution_of_the_normalised_images_at_the_kept_positions(kernel, padding, normalised):
    torch.manual_seed(0)
    images, keep = torch.rand(2, 3, 3, 32, 32), tube_mask(3, 16, 0.3)
    mean, std = ((0.4, 0.5, 0.6), (0.2, 0.3, 0.25)) if normalised else ((), ())
    conv = PatchConv(3, 12, kernel, 8, mean, std)
    if normalised:
        normal = (images - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]
    whole = F.conv2d(
        (normal if normalised else images).flatten(0, 1), conv.weight, conv.bias, stride=8, padding=padding
    )
    tokens = whole.flatten(2).transpose(1, 2).unflatten(0, (2, 3))
    expected = tokens.gather(2, keep[None, :, :, None].expand(2, -1, -1, 12))
    torch.testing.assert_close(conv(images, keep), expected, rtol=1e-4 if normalised else 1e-5, atol=1e-5)


def test_the_cell_follows_each_reading_of_equation_10():
    torch.manual_seed(0)
    a, e, c = torch.randn(3, 2, 4, 8)
    expected = {
        "sigmoid": e.sigmoid() * (a.tanh() + c),
        "literal": e * (a.tanh() + c) + c,
        "sigmoid_plus_cell": e.sigmoid() * (a.tanh() + c) + c,
    }
    for reading, new in expected.items():
        got, h = cell(a, e, c, Readings(cell_gate=reading))
        torch.testing.assert_close(got, new)
        torch.testing.assert_close(h, new.tanh() * a.sigmoid())


def test_plain_lstm_gates_without_edges_are_torchs_lstm():
    torch.manual_seed(0)
    gate, reference = LSTMGate(small(gate="lstm", edge_prompt=False)), nn.LSTM(16, 16)
    weights = {"weight_ih_l0": gate.w_x.weight, "bias_ih_l0": gate.w_x.bias, "weight_hh_l0": gate.w_h.weight}
    reference.load_state_dict(weights | {"bias_hh_l0": torch.zeros(64)})
    x = torch.randn(4, 2, 3, 16)
    h = c = torch.zeros(2, 3, 16)
    ours = []
    for ready in gate.prepare(x, None, cls_only=False):
        c, h = gate(ready, None, h, c)
        ours.append(h[:, :-1])
    expected, _ = reference(x[:, :, :-1].flatten(1, 2))
    torch.testing.assert_close(torch.stack(ours).flatten(1, 2), expected)


@pytest.mark.parametrize(
    ("changes", "reads"),
    [
        ({}, lambda x, e: e),
        ({"readings": {"kv_source": "additive"}}, lambda x, e: x + e),
        ({"readings": {"cauconv": "tokens"}}, lambda x, e: x + e),
        ({"lstm_input": "frame"}, lambda x, e: x),
    ],
)
def test_plain_lstm_gates_read_the_tokens_that_the_cross_rwkv_gate_reads(changes, reads):
    torch.manual_seed(0)
    gate, x, e = LSTMGate(small(gate="lstm", **changes)), *torch.randn(2, 4, 2, 3, 16)
    patches = reads(x, e)[:, :, :-1]
    expected = gate.w_x(torch.cat([patches, x[:, :, -1:] + patches.mean(2, keepdim=True)], dim=2))
    torch.testing.assert_close(gate.prepare(x, e, cls_only=False), expected)
    torch.testing.assert_close(gate.prepare(x, e, cls_only=True), expected[:, :, -1:])
