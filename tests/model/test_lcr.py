"""The whole model: its streams, its edges, its mask, its sizes, and what it refuses."""

import pytest
import torch

from lcr.cost import matched_hidden, parameters
from lcr.model import LCR, MODELS, ModelConfig
from lcr.model.edge_prompt import edges_of
from lcr.model.edges import edge_maps
from lcr.model.selfcheck import generic
from lcr.model.tube_mask import tube_mask
from lcr.util.errors import InputError
from tests.model.conftest import CONFIGS, INTERPRETATIONS, SIZE, TIMES, clip, name_of, small, start


def streamed(model: LCR, frames: torch.Tensor, edges: torch.Tensor) -> tuple[torch.Tensor, list[int]]:
    """Logits frame by frame, and the bytes of the state after each."""
    state, logits, sizes = None, [], []
    with torch.no_grad():
        for t in range(frames.shape[1]):
            one, state = model.step(frames[:, t], state, edges[:, t])
            logits.append(one)
            sizes.append(sum(part.untyped_storage().nbytes() for layer in state.layers for part in layer))
    return torch.stack(logits, 1), sizes


@pytest.mark.parametrize("changes", CONFIGS, ids=name_of)
def test_a_stream_gives_the_logits_of_the_whole_clip_in_constant_memory(changes):
    model = generic(small(**changes)).eval()
    frames, edges = clip()
    logits, sizes = streamed(model, frames, edges)
    whole = model(frames, edges)
    assert whole.shape == (2, TIMES, 5)
    assert (logits - whole).norm() <= 1e-5 * whole.norm()
    assert sizes[-1] <= sizes[1], sizes


def test_gradients_pass_the_scan_to_double_precision():
    model = generic(small(depth=1)).double()
    frames, edges = (part.double() for part in clip())
    keep = tube_mask(2, 16, 0.3)
    names = ["units.0.gate.spatial.omega", "units.0.gate.conv.kernel", "edge_prompt.conv.bias"]
    tensors = [model.get_parameter(name).detach().clone().requires_grad_() for name in names]

    def logits(*given: torch.Tensor) -> torch.Tensor:
        values = dict(zip(names, given, strict=True))
        return torch.func.functional_call(model, values, (frames, edges), {"keep": keep}).sum((0, 1))

    assert torch.autograd.gradcheck(logits, tensors, eps=1e-6, atol=1e-4, rtol=1e-3)


def test_edges_made_by_the_model_are_the_loaders():
    frames, _ = clip()
    made = edges_of(frames)
    pixels = (frames * 255).round().to(torch.uint8).numpy()
    assert all((made[b].numpy() == edge_maps(pixels[b])).all() for b in range(len(pixels)))
    model = generic(small()).eval()
    assert torch.equal(model(frames), model(frames, made))


@pytest.mark.parametrize(
    ("changes", "sees_frames", "sees_edges"),
    [
        ({}, False, True),
        ({"readings": {"cauconv": "tokens"}}, True, True),
        ({"edge_prompt": False, "frame_source": "edges"}, False, True),
        ({"readings": {"kv_source": "additive"}}, True, True),
        ({"edge_prompt": False}, True, False),
    ],
)
def test_as_printed_the_class_token_sees_edges_alone(changes, sees_frames, sees_edges):
    model = generic(small(**changes), compute_unread=True).eval()
    given = [part.requires_grad_() for part in clip()]
    gradients = torch.autograd.grad(model(*given).square().sum(), given, allow_unused=True)
    assert [one is not None and bool(one.any()) for one in gradients] == [sees_frames, sees_edges]


@pytest.mark.parametrize(
    ("readings", "learns"),
    [
        ({}, True),
        (INTERPRETATIONS["edges-mean-time"].bundle, True),
        (INTERPRETATIONS["edges-learned-time"].bundle, False),
        (INTERPRETATIONS["first-version"].bundle, True),
    ],
)
def test_at_the_zero_start_z_gets_a_gradient_through_the_mean_edge_token_or_the_norm(readings, learns):
    model = start(small(readings=readings))
    assert not model.edge_prompt.conv.weight.any()
    model(*clip()).square().sum().backward()
    assert bool(model.edge_prompt.conv.weight.grad.any()) == learns


@pytest.mark.parametrize("ratio", [0.0, 0.3, 0.75])
def test_tube_mask_drops_the_same_positions_in_all_frames(ratio):
    config = small(tube_ratio=ratio, readings={"kv_source": "additive"})
    model = generic(config).eval()
    frames, edges = clip()
    keep = tube_mask(2, config.patches, ratio)
    assert keep.shape[1] == config.patches - round(config.patches * ratio)
    with torch.no_grad():
        logits = model(frames, edges, keep=keep)
        for b in range(2):  # no frame's pixels are seen at a dropped position
            for position in sorted(set(range(config.patches)) - set(keep[b].tolist())):
                row, column = divmod(position, config.grid)
                frames[b, :, :, row * 8 : row * 8 + 8, column * 8 : column * 8 + 8] = torch.rand(TIMES, 3, 8, 8)
        assert torch.equal(model(frames, edges, keep=keep), logits)


def test_training_masks_and_evaluation_does_not():
    model, given = generic(small()), clip()
    with torch.no_grad():
        assert not torch.equal(model.train()(*given), model(*given))
        assert torch.equal(model.eval()(*given), model(*given))


@pytest.mark.parametrize("name", MODELS)
def test_plain_lstm_gates_match_the_full_models_parameters_within_two_percent(name):
    target = sum(parameters(MODELS[name]).values())
    plain = MODELS[name].model_copy(update={"gate": "lstm"})
    sizes = {w: sum(parameters(plain.model_copy(update={"hidden": w})).values()) for w in range(1, 2000)}
    width = matched_hidden(plain, target)
    assert abs(sizes[width] - target) == min(abs(size - target) for size in sizes.values())
    assert abs(sizes[width] / target - 1) < 0.02


def test_the_data_dependent_decay_is_refused():
    with pytest.raises(InputError, match="data_dependent"):
        LCR(small(readings={"decay": "data_dependent"}))


@pytest.mark.parametrize(
    ("frames", "edges", "named"),
    [
        ((2, 3, SIZE, SIZE), None, "frames"),
        ((2, 4, 1, SIZE, SIZE), None, "frames"),
        ((2, 4, 3, SIZE, SIZE // 2), None, "frames"),
        ((2, 4, 3, SIZE, SIZE), (2, 2, 1, SIZE, SIZE), "edges"),
    ],
)
def test_an_input_of_a_wrong_shape_is_named(frames, edges, named):
    with pytest.raises(ValueError, match=named):
        LCR(small())(torch.rand(frames), None if edges is None else torch.zeros(edges))


@pytest.mark.parametrize("bad", [{"patch_size": 7}, {"hidden": 20}, {"frame_sise": 3}])
def test_sizes_that_do_not_fit_are_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        ModelConfig.model_validate(small().model_dump() | bad)
