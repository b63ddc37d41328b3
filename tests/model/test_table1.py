"""The six models of Table 1 train at the paper's sizes on a CPU."""

import gc

import pytest
import torch

from lcr.config.study import Protocol, TrainConfig
from lcr.cost.table1 import table1
from lcr.model import LCR
from lcr.model.config import ModelConfig
from lcr.run.train import clip_loss, make_optimizer

FRAMES = {112: 32, 224: 10}  # by size; 32 in §4.1, which at 224 takes three times as long and tests nothing more


@pytest.mark.slow
@pytest.mark.parametrize("config", [pytest.param(row.config, id=row.name) for row in table1()])
def test_a_training_step_on_one_clip_lowers_its_loss(config: ModelConfig) -> None:
    recipe, protocol = TrainConfig(epochs=1, batch_size=1, learning_rate=1e-4), Protocol()
    torch.manual_seed(0)
    model = LCR(config).train()
    optimizer = make_optimizer(model, recipe)
    frames = torch.rand(1, FRAMES[config.frame_size], 3, config.frame_size, config.frame_size)
    keep = torch.arange(0, config.patches, 2)[None]  # one tube mask for both losses
    edges = (frames.mean(2, keepdim=True) > 0.5).float()
    label = torch.tensor([3])

    loss = clip_loss(model(frames, edges, keep=keep), label, recipe, protocol)
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        after = clip_loss(model(frames, edges, keep=keep), label, recipe, protocol)
    del model, optimizer
    gc.collect()  # the largest holds 2 GB of weights, gradients and moments
    assert after < loss
