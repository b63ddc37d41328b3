"""A variant differs from the full model in one component: which parameters, which values, which path."""

import pytest
import torch

from lcr.config.study import load_variant
from lcr.model import LCR, ModelConfig
from lcr.model.config import Readings
from lcr.model.tube_mask import kept_patches
from tests.model.conftest import built, clip, small

ABLATIONS = ("no_edge_prompt", "nonzero_init", "no_tube_mask", "unidirectional_wkv", "lstm_gate")


def start(config: ModelConfig) -> dict[str, torch.Tensor]:
    """The weights that a seed starts from."""
    torch.manual_seed(0)
    return dict(LCR(config).named_parameters())


def variant(name: str, **readings) -> ModelConfig:
    return load_variant(name).apply(small(readings=Readings(**readings)))


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("no_edge_prompt", {"edge_prompt"}),
        ("nonzero_init", {"zero_init"}),
        ("no_tube_mask", {"tube_ratio"}),
        ("unidirectional_wkv", {"bidirectional"}),
        ("lstm_gate", {"gate", "hidden"}),  # the width at which the parameters match
    ],
)
def test_one_switch_differs_from_full(name, fields):
    ours, full = variant(name).model_dump(), small().model_dump()
    assert {key for key in full if ours[key] != full[key]} == fields
    assert variant("full") == small()


def test_without_the_edge_prompt_its_parameters_are_gone_and_edges_change_nothing():
    full, ours = start(small()), start(variant("no_edge_prompt"))
    assert set(full) - set(ours) == {"edge_prompt.conv.weight", "edge_prompt.conv.bias", "edge_prompt.class_token"}
    assert {name: p.shape for name, p in ours.items()} == {name: full[name].shape for name in ours}
    frames, edges = clip()
    model, with_prompt = built(variant("no_edge_prompt")).eval(), built(small()).eval()
    assert torch.equal(model(frames, edges), model(frames, 1 - edges))
    assert not torch.equal(with_prompt(frames, edges), with_prompt(frames, 1 - edges))


def test_non_zero_init_moves_the_start_of_z_and_of_nothing_else():
    full, ours = start(small()), start(variant("nonzero_init"))
    assert {name for name in full if not torch.equal(full[name], ours[name])} == {
        "edge_prompt.conv.weight",
        "edge_prompt.conv.bias",
    }
    assert set(full) == set(ours)
    assert not full["edge_prompt.conv.weight"].any()
    assert ours["edge_prompt.conv.weight"].all()


def test_without_the_tube_mask_training_sees_all_tokens_and_evaluation_is_the_same():
    config, full = variant("no_tube_mask"), small()
    assert all(torch.equal(a, b) for a, b in zip(start(full).values(), start(config).values(), strict=True))
    assert kept_patches(16, config.tube_ratio) == 16
    assert kept_patches(16, full.tube_ratio) == 11
    frames, edges = clip()
    assert torch.equal(built(config).eval()(frames, edges), built(full).eval()(frames, edges))
    torch.manual_seed(0)
    masked = built(full).train()(frames, edges)
    whole = built(config).train()(frames, edges)
    assert not torch.equal(masked, whole)
    assert torch.equal(whole, built(config).eval()(frames, edges))


def test_in_one_direction_no_parameter_differs_and_patch_tokens_no_longer_see_what_follows():
    """Under the default reading of eq. 3 nothing reads the patch tokens: there the two are one model."""
    full, ours = start(small()), start(variant("unidirectional_wkv"))
    assert all(torch.equal(full[name], ours[name]) for name in full)
    frames, edges = clip()
    assert torch.equal(built(variant("unidirectional_wkv")).eval()(frames, edges), built(small()).eval()(frames, edges))
    one = built(variant("unidirectional_wkv", kv_source="additive")).eval()(frames, edges)
    two = built(small(readings={"kv_source": "additive"})).eval()(frames, edges)
    assert (one - two).abs().max() > 1e-4


def test_plain_lstm_gates_replace_the_gate_and_nothing_else():
    full, ours = start(small()), start(variant("lstm_gate"))
    removed, added = set(full) - set(ours), set(ours) - set(full)
    assert all(name.startswith("units.") and ".gate." in name for name in removed | added)
    assert {name.split(".", 3)[3] for name in added} == {"w_x.weight", "w_x.bias", "w_h.weight"}
    size, target = (sum(p.numel() for p in weights.values()) for weights in (ours, full))
    assert abs(size / target - 1) < 0.05  # one step of the width is a tenth of this small model


@pytest.mark.parametrize("name", ABLATIONS)
def test_every_ablation_says_its_hypothesis_and_the_component_it_changes(name):
    config = load_variant(name)
    assert config.name == name
    assert "Top-1" in config.hypothesis
    assert config.component != "none"
