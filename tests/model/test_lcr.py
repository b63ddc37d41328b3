"""The whole model: its fast paths against its slow ones, its streams, its readings, its sizes."""

import pytest
import torch

from lcr.cost import matched_hidden, parameters
from lcr.model import LCR, MODELS, ModelConfig, Readings
from lcr.model.edge_prompt import edges_of
from lcr.model.edges import edge_maps
from lcr.model.tube_mask import tube_mask
from lcr.util.errors import InputError
from tests.model.conftest import CONFIGS, SIZE, TIMES, built, clip, name_of, small


def gradients(model: LCR, logits: torch.Tensor) -> dict[str, torch.Tensor]:
    torch.manual_seed(3)
    (logits * torch.randn_like(logits)).sum().backward()
    return {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


def assert_close(fast: torch.Tensor, slow: torch.Tensor, tolerance: float, what: str) -> None:
    error = (fast - slow).norm() / slow.norm().clamp(min=1e-6)
    assert error <= tolerance, f"{what}: relative error {error:.1e}"


@pytest.mark.parametrize("changes", CONFIGS, ids=name_of)
def test_leaving_out_what_nothing_reads_changes_no_logit_and_no_gradient(changes):
    config = small(**changes)
    frames, edges = clip()
    keep = tube_mask(2, config.patches, config.tube_ratio)
    fast, slow = built(config), built(config, compute_unread=True)
    logits, expected = fast(frames, edges, keep=keep), slow(frames, edges, keep=keep)
    assert logits.shape == (2, TIMES, 5)
    assert_close(logits, expected, 1e-5, "logits")
    ours, theirs = gradients(fast, logits), gradients(slow, expected)
    largest = max(grad.norm() for grad in theirs.values())
    for name, grad in theirs.items():
        if name not in ours:  # what the fast path never touches must be what nothing depends on
            assert grad.norm() <= 1e-6 * largest, f"{name} has a gradient, and the fast path leaves it out"
        else:
            assert (ours[name] - grad).norm() <= 1e-4 * grad.norm() + 1e-6 * largest, name


@pytest.mark.parametrize("changes", CONFIGS, ids=name_of)
def test_a_stream_gives_the_logits_of_the_whole_clip(changes):
    config = small(**changes)
    model = built(config).eval()
    frames, edges = clip()
    state, logits = None, []
    with torch.no_grad():
        for t in range(TIMES):
            one, state = model.step(frames[:, t], state, edges[:, t])
            logits.append(one)
        assert_close(torch.stack(logits, 1), model(frames, edges), 1e-5, "logits")


def test_a_streams_memory_does_not_grow():
    model = built(small()).eval()
    frames, edges = clip(times=12)
    sizes, state = [], None
    with torch.no_grad():
        for t in range(12):
            _, state = model.step(frames[:, t], state, edges[:, t])
            sizes.append(sum(part.untyped_storage().nbytes() for layer in state.layers for part in layer))
    assert sizes[-1] <= sizes[1], sizes


def test_gradients_pass_the_scan_to_double_precision():
    model = built(small(depth=1)).double()
    frames, edges = clip()
    keep = tube_mask(2, 16, 0.3)
    names = ["units.0.gate.spatial.omega", "units.0.gate.conv.kernel", "edge_prompt.class_token"]
    tensors = [dict(model.named_parameters())[name].detach().clone().requires_grad_() for name in names]

    def logits(*given: torch.Tensor) -> torch.Tensor:
        values = dict(zip(names, given, strict=True))
        return torch.func.functional_call(model, values, (frames.double(), edges.double()), {"keep": keep}).sum((0, 1))

    assert torch.autograd.gradcheck(logits, tensors, eps=1e-6, atol=1e-4, rtol=1e-3)


def test_edges_made_by_the_model_are_the_loaders():
    frames, _ = clip()
    made = edges_of(frames)
    pixels = (frames * 255).round().to(torch.uint8).numpy()
    assert all((made[b].numpy() == edge_maps(pixels[b])).all() for b in range(len(pixels)))
    model = built(small()).eval()
    assert torch.equal(model(frames), model(frames, made))


def test_by_default_the_class_token_sees_edges_alone_and_additively_both():
    frames, edges = clip()
    for source, sees in (("edges", False), ("additive", True)):
        model = built(small(readings=Readings(kv_source=source)), compute_unread=True).eval()
        frames.requires_grad_()
        (grad,) = torch.autograd.grad(model(frames, edges).square().sum(), frames, allow_unused=True)
        assert (grad is not None and bool(grad.abs().max() > 0)) == sees


def test_at_the_zero_start_z_gets_a_gradient_only_through_the_norm_of_the_edges():
    frames, edges = clip()
    for norm, alive in ((True, True), (False, False)):
        model = built(small(readings=Readings(edge_norm=norm)), moved=False)
        assert model.edge_prompt.conv.weight.abs().max() == 0
        model(frames, edges).square().sum().backward()
        assert bool(model.edge_prompt.conv.weight.grad.abs().max() > 0) == alive


@pytest.mark.parametrize("ratio", [0.0, 0.3, 0.75])
def test_tube_mask_drops_the_same_positions_in_all_frames(ratio):
    config = small(tube_ratio=ratio, readings=Readings(kv_source="additive"))
    model = built(config).eval()
    frames, edges = clip()
    keep = tube_mask(2, config.patches, ratio)
    assert keep.shape[1] == config.patches - round(config.patches * ratio)
    with torch.no_grad():
        logits = model(frames, edges, keep=keep)
        for b in range(2):  # what lies at a dropped position is not seen, in any frame
            for position in sorted(set(range(config.patches)) - set(keep[b].tolist())):
                row, column = divmod(position, config.grid)
                frames[b, :, :, row * 8 : row * 8 + 8, column * 8 : column * 8 + 8] = torch.rand(TIMES, 3, 8, 8)
        assert torch.equal(model(frames, edges, keep=keep), logits)


def test_training_masks_and_evaluation_does_not():
    model = built(small())
    frames, edges = clip()
    with torch.no_grad():
        assert not torch.equal(model.train()(frames, edges), model(frames, edges))
        assert torch.equal(model.eval()(frames, edges), model(frames, edges))


@pytest.mark.parametrize("name", MODELS)
def test_plain_lstm_gates_match_the_full_models_parameters_within_two_percent(name):
    target = sum(parameters(MODELS[name]).values())
    plain = MODELS[name].model_copy(update={"gate": "lstm"})
    sizes = {w: sum(parameters(plain.model_copy(update={"hidden": w})).values()) for w in range(1, 2000)}
    width = matched_hidden(plain, target)
    assert abs(sizes[width] - target) == min(abs(size - target) for size in sizes.values())
    assert abs(sizes[width] / target - 1) < 0.02


def test_the_data_dependent_decay_is_refused_with_the_reason():
    with pytest.raises(InputError, match="counted only"):
        LCR(small(readings=Readings(decay="data_dependent")))


@pytest.mark.parametrize("shape", [(2, 3, SIZE, SIZE), (2, 4, 1, SIZE, SIZE), (2, 4, 3, SIZE, SIZE // 2)])
def test_frames_of_a_wrong_shape_are_named(shape):
    with pytest.raises(ValueError, match=r"frames: expected .* got"):
        built(small())(torch.rand(shape))


def test_edges_of_a_wrong_shape_are_named():
    frames, edges = clip()
    with pytest.raises(ValueError, match="edges: expected"):
        built(small())(frames, edges[:, :2])


@pytest.mark.parametrize("bad", [{"patch_size": 7}, {"hidden": 20}, {"frame_sise": 3}])
def test_sizes_that_do_not_fit_are_refused(bad):
    with pytest.raises(ValueError, match=r"multiple|frame_sise"):
        ModelConfig.model_validate(small().model_dump() | bad)
