"""Floors and ceilings: what each method reads, and what it cannot see."""

import subprocess
import sys

import pytest
import torch
from pydantic import TypeAdapter

from lcr.cost import counted
from lcr.cost.count import MACS, cost, count_operations
from lcr.methods import ARMS, METHODS, AnyConfig, build, method_of
from lcr.model.models import model_by_name

SIZE, CLASSES = 24, 5
SMALL = [name for name, arm in ARMS.items() if not arm.row or "-tiny-" in name]


def config_of(arm: str, **changes):
    one = ARMS[arm]
    given = {"frame_size": SIZE, "classes": CLASSES, "inputs": one.inputs} | one.settings | changes
    return METHODS[one.method].config(**given)


def clip(batch=3, times=5, seed=0):
    random = torch.Generator().manual_seed(seed)
    frames = torch.rand(batch, times, 3, SIZE, SIZE, generator=random)
    return frames, (torch.rand(batch, times, 1, SIZE, SIZE, generator=random) > 0.5).float()


def built(arm: str, **changes):
    torch.manual_seed(0)
    return build(config_of(arm, **changes)).eval()


@pytest.mark.parametrize("arm", SMALL)
def test_a_method_gives_the_logits_that_it_declares(arm):
    config = config_of(arm)
    logits = build(config)(*clip(times=4))
    assert logits.shape == (3, {"clip": 1, "frame": 4}[method_of(config).logits], CLASSES)


@pytest.mark.parametrize("arm", SMALL)
@pytest.mark.parametrize(("frames", "size"), [(1, 24), (2, 36), (5, 60), (8, 24)])
def test_closed_forms_equal_the_built_model(arm, frames, size):
    config = config_of(arm, frame_size=size)
    model = build(config).eval()
    assert config.parameters == sum(one.numel() for one in model.parameters())
    counts = count_operations(model, (torch.zeros(1, frames, 3, size, size), torch.zeros(1, frames, 1, size, size)))
    assert config.multiply_adds(frames) == sum(count[MACS] for count in counts.values())


def test_the_3d_cnn_has_about_forty_thousand_parameters():
    assert config_of("cnn3d-rgb", classes=12).parameters == 40_608


@pytest.mark.parametrize("arm", [name for name in SMALL if name != "chance"])
def test_only_methods_without_time_are_blind_to_the_order_of_frames(arm):
    frames, edges = clip()
    order = torch.tensor([3, 0, 4, 1, 2])
    # TSN reads the middle frame of each segment: all of eight frames, some more than once of five
    model = built(arm, **({"segments": 5} if "tsn" in arm else {})).train()  # by the statistics of the batch
    blind = arm.startswith(("bag_of_frames", "tsn"))
    shuffled = model(frames[:, order], edges[:, order])
    apart = (model(frames, edges) - shuffled)[:, -1].abs().max()
    assert apart < 1e-5 if blind else apart > 1e-4


@pytest.mark.parametrize("arm", [name for name in SMALL if name != "chance"])
def test_a_method_reads_its_inputs_and_nothing_else(arm):
    (frames, edges), (other, others) = clip(), clip(seed=1)
    inputs = ARMS[arm].inputs
    model = built(arm)
    before = model(frames, edges)
    assert torch.equal(before, model(other, edges)) != (inputs != "edges")
    assert torch.equal(before, model(frames, others)) != (inputs != "rgb")


def test_normalisation_undoes_the_statistics_of_the_data():
    frames, edges = clip()
    usual, shifted = (built("cnn3d-both", mean=(m, m, m, m), std=(s,) * 4) for m, s in ((0.0, 1.0), (0.5, 2.0)))
    assert torch.allclose(usual(frames, edges), shifted(2 * frames + 0.5, 2 * edges + 0.5), atol=1e-5)


def test_chance_knows_nothing():
    assert not built("chance")(*clip()).any()


@pytest.mark.parametrize("config", [model_by_name("lcr-tiny"), *map(config_of, ARMS)])
def test_a_written_configuration_is_read_as_its_own_method(config):
    assert TypeAdapter(AnyConfig).validate_python(config.model_dump(mode="json")) == config


def test_every_method_says_what_it_is():
    assert all(one.title and one.about for one in METHODS.values())


def test_naming_methods_loads_no_torch():
    code = "import sys, lcr.methods; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("arm", ["chance", "cnn3d-both"])
def test_costs_are_the_closed_form_and_memory_is_measured(arm):
    config = config_of(arm)
    found = cost(config, 5)
    assert counted(config, 5) == (found.params, round(1e9 * found.gmacs))
    assert found.train_mem_gb >= found.peak_mem_gb > 0
