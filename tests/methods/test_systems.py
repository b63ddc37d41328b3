"""The comparison methods of Table 2: their size, their time, and their likeness to others' code."""

import pytest
import torch

from lcr.cost.count import MACS, count_operations
from lcr.methods import ARMS, SYSTEMS, build
from lcr.methods.networks.rvit import RViT
from lcr.paper.facts import table2
from tests.methods.test_methods import clip, config_of

# Parameters with 27 classes that were counted beforehand on independent implementations.
COUNTED = {
    "resnet3d-10": 14_413_275,
    "resnet3d-18": 33_217_755,
    "resnet3d-50": 46_254_299,
    "se-resnet3d-50": 48_785_291,
    "r2plus1d": 63_505_826,
    "tsn": 10_297_915,
    "timesformer": 4_834_587,
}
# Rows whose printed parameters are not those of a head of 27 classes: how far the nearest millions are.
OTHER_HEADS = {"ResNet3D-18", "ResNet3D-50", "SE-ResNet3D 32x3", "R(2+1)D-RGB", "TSN"}
# Multiply-adds of 32 × 112 × 112 in 1e9, from the same.
GMACS = {"resnet3d-10": 11.31, "resnet3d-18": 16.62, "resnet3d-50": 20.14, "se-resnet3d-50": 20.14, "r2plus1d": 152.36}


def paper(name: str, **changes):
    return config_of(f"{name}-rgb", frame_size=112, classes=27, **changes)


@pytest.mark.parametrize("name", SYSTEMS)
def test_parameters_are_those_of_the_built_network_and_of_the_counts(name):
    config = paper(name)
    with torch.device("meta"):
        built = sum(one.numel() for one in build(config).parameters())
    assert built == config.parameters == COUNTED.get(name, built)


def test_every_row_of_table_2_but_the_papers_own_is_a_system():
    assert {system.row for _, system in SYSTEMS.values()} == {row["method"] for row in table2()} - {"LCR"}


@pytest.mark.parametrize("name", SYSTEMS)
def test_parameters_are_the_printed_ones_with_a_head_that_fits(name):
    (row,) = (row for row in table2() if row["method"] == SYSTEMS[name][1].row)
    heads = {"TSN": 400}.get(row["method"], 174) if row["method"] in OTHER_HEADS else 27
    config = paper(name).model_copy(update={"classes": heads})
    own = config.bare if name == "rvit" else 0  # its row leaves out tokens and positions
    assert (config.parameters - own) / 1e6 == pytest.approx(float(row["param_m_as_printed"]), rel=0.01)


@pytest.mark.parametrize("name", GMACS)
def test_multiply_adds_are_those_of_the_counts(name):
    assert round(paper(name).multiply_adds(32) / 1e9, 2) == GMACS[name]


def test_tsn_at_224_pixels_has_the_printed_flops():
    assert round(paper("tsn").model_copy(update={"frame_size": 224}).multiply_adds(32) / 1e9, 2) == 16.25


@pytest.mark.slow
@pytest.mark.parametrize("name", SYSTEMS)
def test_one_step_at_the_papers_size(name):
    config, frames = paper(name), torch.rand(1, 32, 3, 112, 112)
    model = build(config).train() if name != "tsn" else build(config).eval()
    logits = model(frames, torch.zeros(1, 32, 1, 112, 112))
    logits.square().mean().backward()
    assert logits.shape[2] == 27
    assert all(one.grad is not None and one.grad.isfinite().all() for one in model.parameters())


@pytest.mark.slow
@pytest.mark.parametrize("name", SYSTEMS)
def test_closed_forms_equal_the_traced_network_at_the_papers_size(name):
    config = paper(name).model_copy(update={"frame_size": 56})
    counts = count_operations(build(config).eval(), (torch.zeros(1, 32, 3, 56, 56), torch.zeros(1, 32, 1, 56, 56)))
    assert sum(count[MACS] for count in counts.values()) == config.multiply_adds(32)


@pytest.mark.parametrize("arm", [name for name in ARMS if name.endswith("-tiny-both")])
def test_every_parameter_takes_part(arm):
    torch.manual_seed(0)
    model = build(config_of(arm)).train()
    model(*clip()).square().mean().backward()
    assert all(one.grad is not None and one.grad.isfinite().all() for one in model.parameters())


def test_rvit_frame_by_frame_is_rvit_on_the_clip():
    torch.manual_seed(0)
    model, (frames, edges), state = RViT(config_of("rvit-tiny-both")).eval(), clip(), None
    whole = model(frames, edges)
    for frame in range(frames.shape[1]):
        logits, state = model.step(frames[:, frame], state, edges[:, frame])
        assert torch.allclose(logits, whole[:, frame], atol=1e-5)


def copied(own: torch.nn.Module, others: list[torch.Tensor]) -> None:
    """Puts another implementation's tensors, in this one's order, into a module."""
    tensors = [one for name, one in own.state_dict().items() if not name.endswith("num_batches_tracked")]
    assert [one.shape for one in tensors] == [one.shape for one in others]
    with torch.no_grad():
        for tensor, other in zip(tensors, others, strict=True):
            tensor.copy_(other)


def generic(model: torch.nn.Module) -> torch.nn.Module:
    """A module in evaluation mode whose norms have statistics and weights of their own."""
    for name, one in model.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        low = 0.5 if one.ndim == 1 and name.endswith(("weight", "running_var")) else -0.1
        one.uniform_(low, low + 0.2)
    return model.eval()


@pytest.mark.parametrize(("name", "depth"), [("resnet3d-10", 10), ("resnet3d-18", 18), ("resnet3d-50", 50)])
def test_residual_networks_equal_monais(name, depth):
    nets = pytest.importorskip("monai.networks.nets", reason="extra 'oracles' is not installed")
    kind, stages = {10: ("basic", [1, 1, 1, 1]), 18: ("basic", [2, 2, 2, 2]), 50: ("bottleneck", [3, 4, 6, 3])}[depth]
    other = nets.ResNet(
        *(kind, stages, [8, 16, 32, 64]),
        **{"spatial_dims": 3, "n_input_channels": 4, "num_classes": 5, "conv1_t_size": 7, "conv1_t_stride": (1, 2, 2)},
        bias_downsample=False,
    )
    other = generic(other)
    own = build(config_of(f"{name}-tiny-both", stem=7, mean=(0.0,) * 4, std=(1.0,) * 4)).eval()
    copied(own, [one for name, one in other.state_dict().items() if not name.endswith("num_batches_tracked")])
    frames, edges = clip()
    expected = other(torch.cat([frames, edges], dim=2).transpose(1, 2))
    assert torch.allclose(
        own(frames, edges)[:, 0], expected, rtol=1e-4, atol=1e-5 * float(expected.detach().abs().max())
    )


def test_timesformer_equals_transformers():
    transformers = pytest.importorskip("transformers", reason="extra 'oracles' is not installed")
    config = config_of("timesformer-tiny-rgb", times=5, mean=(0.0,) * 4, std=(1.0,) * 4)
    torch.manual_seed(0)
    other = transformers.TimesformerForVideoClassification(
        transformers.TimesformerConfig(
            **{"image_size": config.frame_size, "patch_size": config.patch, "num_frames": 5, "num_labels": 5},
            **{"hidden_size": config.width, "num_hidden_layers": config.depth, "num_attention_heads": config.heads},
            **{"intermediate_size": 4 * config.width, "layer_norm_eps": 1e-5},
        )
    ).eval()
    own = build(config).eval()
    found = other.timesformer
    names = {"token": found.embeddings.cls_token, "place": found.embeddings.position_embeddings[0]}
    names |= {"time": found.embeddings.time_embeddings[0]}
    with torch.no_grad():
        for name, tensor in names.items():
            getattr(own, name).copy_(tensor.normal_())
        for layer, theirs in zip(own.layers, found.encoder.layer, strict=True):
            theirs.temporal_dense.weight.copy_(torch.eye(config.width))  # the layer that ours leaves out
            theirs.temporal_dense.bias.zero_()
            pairs = (
                (layer.norm_time, theirs.temporal_layernorm),
                (layer.norm_space, theirs.layernorm_before),
                (layer.norm_mlp, theirs.layernorm_after),
                (layer.time.qkv, theirs.temporal_attention.attention.qkv),
                (layer.time.out, theirs.temporal_attention.output.dense),
                (layer.space.qkv, theirs.attention.attention.qkv),
                (layer.space.out, theirs.attention.output.dense),
                (layer.mlp[0], theirs.intermediate.dense),
                (layer.mlp[2], theirs.output.dense),
            )
            for mine, its in pairs:
                mine.load_state_dict(its.state_dict())
        own.norm.load_state_dict(found.layernorm.state_dict())
        own.head.load_state_dict(other.classifier.state_dict())
        own.patches.convolution.load_state_dict(found.embeddings.patch_embeddings.projection.state_dict())
        frames, edges = clip()
        expected = other(frames).logits
    assert torch.allclose(own(frames, edges)[:, 0], expected, atol=1e-5)
