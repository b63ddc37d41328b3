"""Measured memory is the sum of the allocations, and the same each time."""

import pytest
import torch
from torch import nn

from lcr.cost.memory import peak_memory, training_memory
from lcr.model import LCR
from lcr.model.config import ModelConfig

SMALL = ModelConfig(frame_size=16, patch_size=4, depth=2, hidden=16, heads=2, classes=5)


def test_peak_memory_is_the_sum_of_the_allocations():
    model = nn.Sequential(nn.Linear(256, 512, bias=False), nn.Linear(512, 128, bias=False))
    weights, first, middle, last = 256 * 512 + 512 * 128, 64 * 256, 64 * 512, 64 * 128
    # the input stays alive in the caller
    assert peak_memory(model, lambda: (torch.zeros(64, 256),)) == 4 * (weights + first + middle + last)


def test_a_training_step_holds_the_weights_their_gradients_and_adamws_two_moments():
    model = nn.Linear(512, 512, bias=False)
    weights = 4 * 512 * 512
    small = 4 * 512 * 16  # inputs, outputs and the loss's saved tensors are rows of 512
    found = training_memory(model, lambda: (torch.zeros(1, 512),))
    assert 6 * weights <= found <= 6 * weights + small  # the update itself has two temporaries


@pytest.mark.parametrize("measure", [peak_memory, training_memory])
def test_memory_is_the_same_each_time_and_grows_with_the_clip(measure):
    def peak(frames):
        torch.manual_seed(0)
        clip = torch.zeros(1, frames, 3, 16, 16), torch.zeros(1, frames, 1, 16, 16)
        return measure(LCR(SMALL), lambda: tuple(part.clone() for part in clip))

    assert peak(2) == peak(2)
    assert 4 * sum(parameter.numel() for parameter in LCR(SMALL).parameters()) < peak(2) < peak(16)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_on_a_gpu_the_allocators_peak_holds_weights_inputs_and_outputs():
    model = nn.Linear(1024, 1024, bias=False).cuda()
    found = peak_memory(model, lambda: (torch.zeros(1024, 1024, device="cuda"),))
    whole = 3 * 4 * 1024 * 1024
    assert whole <= found <= 1.1 * whole + 2**25  # cuBLAS takes a workspace of its own
