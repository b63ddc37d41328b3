"""The class token's weights are those that the model itself uses."""

import pytest
import torch

from lcr.model.config import ModelConfig, Readings
from lcr.model.lcr import LCR
from lcr.probes.attention import class_token_readings
from lcr.util.errors import InputError

SIZES = {"frame_size": 48, "patch_size": 16, "depth": 2, "hidden": 32, "heads": 2, "classes": 5}


def clip() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    frames = torch.rand(4, 3, 48, 48, generator=generator)
    return frames, (torch.rand(4, 1, 48, 48, generator=generator) < 0.2).float()


def model(**changes) -> LCR:
    torch.manual_seed(0)
    made = LCR(ModelConfig(**SIZES, **changes)).eval()
    with torch.no_grad():  # Z starts at zero, and with it every weight
        for parameter in made.edge_prompt.parameters() if made.edge_prompt else ():
            parameter.normal_()
    return made


@pytest.mark.parametrize(
    "changes",
    [{}, {"bidirectional": False}, {"edge_prompt": False}, {"readings": Readings(position="rotary")}],
    ids=str,
)
def test_weights_times_values_are_what_bi_wkv_gives_the_class_token(changes):
    lcr = model(**changes)
    frames, edges = clip()
    whole = LCR(lcr.config.study, compute_unread=True).eval()
    whole.load_state_dict(lcr.state_dict())
    given: list[list[torch.Tensor]] = []
    for unit in whole.units:  # the per-head LayerNorm gets y: (B, H, N, D), once a frame
        given.append([])
        unit.gate.spatial.norm.register_forward_pre_hook(lambda _, inputs, to=given[-1]: to.append(inputs[0][0, :, -1]))
    with torch.no_grad():
        whole(frames[None], edges[None])
    for reading, seen in zip(class_token_readings(lcr, frames, edges), given, strict=True):
        ours = (reading.weights[:, :, None] @ reading.values)[:, :, 0]
        torch.testing.assert_close(ours, torch.stack(seen), rtol=1e-4, atol=1e-5)


def test_shares_are_a_distribution_over_the_tokens_of_each_frame():
    for reading in class_token_readings(model(), *clip()):
        shares = reading.shares()
        assert shares.shape == (4, 10)
        assert (shares >= 0).all()
        torch.testing.assert_close(shares.sum(-1), torch.ones(4))


def test_the_model_is_left_as_it_was():
    lcr = model()
    frames, edges = clip()
    before = lcr(frames[None], edges[None])
    class_token_readings(lcr, frames, edges)
    assert torch.equal(lcr(frames[None], edges[None]), before)


def test_plain_lstm_gates_have_no_weights_to_show():
    with pytest.raises(InputError, match="no Bi-WKV"):
        class_token_readings(model(gate="lstm"), *clip())
