"""Growth is measured at every size for every system, and the systems are the ones that are named."""

import pytest
import torch

from lcr.cost import growth
from lcr.model import LCR


def test_every_system_gives_finite_logits_of_one_clip_and_reads_its_frames():
    clip = torch.rand(1, 3, 3, 112, 112), torch.zeros(1, 3, 1, 112, 112)
    models = growth.systems(112)
    assert set(models) == {growth.LCR, growth.ATTENTION, growth.CNN3D}
    assert isinstance(models[growth.LCR], LCR)
    with torch.inference_mode():
        for model in models.values():
            logits = model(*clip)
            assert logits.isfinite().all()
            assert not torch.equal(logits, model(1 - clip[0], clip[1]))


def test_attention_relates_tokens_of_different_frames():
    model = growth.systems(112)[growth.ATTENTION]
    frames = torch.rand(1, 2, 3, 112, 112, requires_grad=True)
    tokens = model.embedding(frames.transpose(0, 1), torch.arange(49)[None]).transpose(0, 1).flatten(1, 2)
    model.layers(tokens)[0, 0].sum().backward()  # the first token of the first frame
    assert frames.grad[0, 1].abs().sum() > 0


def test_all_sizes_are_measured_with_time_and_memory_above_0(monkeypatch):
    monkeypatch.setattr(growth, "FRAMES", (2, 4))
    monkeypatch.setattr(growth, "TOKENS", (49,))
    points = growth.measure(1)
    assert [(p.axis, p.value) for p in points[::3]] == [("frames", 2), ("frames", 4), ("tokens", 49)]
    assert all(p.seconds > 0 and p.peak_bytes > 0 for p in points)


@pytest.mark.parametrize("tokens", growth.TOKENS)
def test_tokens_are_the_patches_of_a_frame(tokens):
    size = next(size for axis, value, _, size in growth.sizes() if (axis, value) == ("tokens", tokens))
    assert (size // growth.PATCH) ** 2 == tokens
