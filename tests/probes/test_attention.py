"""The class token's weights are those that the model itself uses."""

import pytest
import torch

from lcr.model.lcr import LCR
from lcr.model.selfcheck import generic
from lcr.probes.attention import class_token_readings
from lcr.util.errors import InputError
from tests.model.conftest import TIMES, clip, small


@pytest.mark.parametrize(
    "changes",
    [{}, {"bidirectional": False}, {"edge_prompt": False}, {"readings": {"position": "rotary"}}],
    ids=str,
)
def test_weights_times_values_are_bi_wkvs_output_at_the_class_token(changes):
    model = generic(small(**changes)).eval()
    frames, edges = (part[0] for part in clip())
    whole = LCR(model.config, compute_unread=True).eval()
    whole.load_state_dict(model.state_dict())
    outputs: list[list[torch.Tensor]] = [[] for _ in whole.units]
    for unit, to in zip(whole.units, outputs, strict=True):  # the LayerNorm on each head gets y (B, H, N, D) a frame
        unit.gate.spatial.norm.register_forward_pre_hook(lambda _, given, to=to: to.append(given[0][0, :, -1]))
    with torch.no_grad():
        before = model(frames[None], edges[None])
        whole(frames[None], edges[None])
        for reading, expected in zip(class_token_readings(model, frames, edges), outputs, strict=True):
            ours = (reading.weights[:, :, None] @ reading.values)[:, :, 0]
            torch.testing.assert_close(ours, torch.stack(expected), rtol=1e-4, atol=1e-5)
            shares = reading.shares()
            assert shares.shape == (TIMES, model.config.patches + 1)
            assert (shares >= 0).all()
            torch.testing.assert_close(shares.sum(-1), torch.ones(TIMES))
        assert torch.equal(model(frames[None], edges[None]), before)


def test_plain_lstm_gates_have_no_weights_to_show():
    with pytest.raises(InputError, match="lstm"):
        class_token_readings(generic(small(gate="lstm")), *(part[0] for part in clip()))
