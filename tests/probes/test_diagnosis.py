"""The diagnosis says what the text's readings do: dead starts, blind logits, growing cells."""

from functools import cache

import pytest
import torch

from lcr.config.files import interpretation_names, load_interpretation
from lcr.config.register import reading_variants
from lcr.config.study import DatasetConfig
from lcr.data.clips import Batch
from lcr.model import LCR
from lcr.model.config import ModelConfig, Readings
from lcr.probes.diagnosis import SEED, Diagnosis, cell_growth, diagnose, sensitivity, total
from lcr.run.train import seed_mask
from lcr.study.tables.diagnosis import SAME, diagnosis_rows, gradient_rows
from lcr.study.tables.registry import TABLES

SMALL = ModelConfig(frame_size=16, patch_size=8, depth=2, hidden=16, heads=2, classes=3)
CONFIG = DatasetConfig(
    model="lcr-tiny",
    data={"frames": 4},
    train={"epochs": 1, "batch_size": 2, "learning_rate": 3e-3},
    protocol={"rule": "max_last", "last_frames": 2},
)


@cache
def batches(steps: int = 6) -> tuple[Batch, ...]:
    made = torch.Generator().manual_seed(0)

    def one() -> Batch:
        frames = torch.randint(0, 256, (2, 4, 3, 16, 16), generator=made).to(torch.uint8)
        edges = (torch.rand(2, 4, 1, 16, 16, generator=made) < 0.2).to(torch.uint8)
        return Batch(frames, edges, torch.randint(0, 3, (2,), generator=made), ["a", "b"], 1)

    return tuple(one() for _ in range(steps))


@cache
def diagnosis(name: str = "full", steps: int = 6) -> Diagnosis:
    """The diagnosis of a reading, by its name, or of an interpretation, after `full@`; `full` is `literal`."""
    interpretation = name.partition("@")[2]
    if interpretation:
        config = SMALL.model_copy(update={"readings": load_interpretation(interpretation).bundle})
    else:
        config = SMALL if name == "full" else reading_variants()[name].apply(SMALL)
    return diagnose(config, CONFIG, batches(steps))


def test_as_printed_the_logits_see_edges_alone_and_neither_patch_embedding_nor_unread_mixes_are_trained():
    found = diagnosis()
    assert found.d_rgb == 0
    assert found.d_edges > 0
    unread = {f"units.*.gate.{name}.mu" for name in ("spatial.mix_r", "spatial.mix_g", "channel.mix")}
    for name in unread | {"embedding.conv.weight"}:
        assert found.never_trained[name] == found.sizes[name]
    assert found.never_trained["embedding.position"] == SMALL.patches * SMALL.hidden, "all but the class token's"
    assert found.never_trained["units.*.gate.spatial.w_k.weight"] == 0
    assert found.never_trained["units.*.gate.spatial.mix_k.mu"] == 0


def test_additively_the_logits_see_both():
    found = diagnosis("kv-source.additive")
    assert min(found.d_rgb, found.d_edges) > 0
    assert found.never_trained["embedding.conv.weight"] == 0


def test_with_a_learned_class_token_and_no_norm_z_never_gets_a_gradient_and_no_edge_is_ever_seen():
    found, z = diagnosis("full@edges-learned-time"), "edge_prompt.conv.weight"
    assert found.first_step[z] == found.later_step[z] == found.d_rgb == found.d_edges == 0
    assert found.never_trained[z] == found.sizes[z]


@pytest.mark.slow
@pytest.mark.parametrize("name", interpretation_names())
def test_an_interpretation_is_registered_with_a_dead_start_exactly_where_z_never_gets_a_gradient(name: str):
    found, z = diagnosis(f"full@{name}"), "edge_prompt.conv.weight"
    dead = load_interpretation(name).dead_start
    assert (found.first_step[z] == 0) == dead
    assert (found.never_trained[z] == found.sizes[z]) == dead


def test_as_printed_the_first_step_reaches_the_head_and_z_alone_and_with_a_learned_token_not_even_z():
    head, z = {"head.weight", "head.bias", "norm.weight", "norm.bias"}, {"edge_prompt.conv.weight"}
    reached = {
        name: {key for key, norm in diagnosis(name).first_step.items() if norm > 0}
        for name in ("full", "edge-class-token.learned")
    }
    assert z <= reached["full"] <= head | z | {"edge_prompt.conv.bias"}
    assert {"edge_prompt.class_token"} <= reached["edge-class-token.learned"] <= head | {"edge_prompt.class_token"}


def test_with_the_second_cell_term_the_cell_grows_without_bound_and_with_the_sigmoid_it_stays():
    assert diagnosis("cell-gate.sigmoid-plus-cell").cell_growth > 1e6, "1.5 to the 63rd, were the gate at a half"
    assert diagnosis("cell-gate.sigmoid").cell_growth < 100


def test_the_first_gradient_is_autograds():
    torch.manual_seed(0)
    model = LCR(SMALL).train()
    batch = batches()[0]
    seed_mask(SEED, 0)
    logits = model(batch.frames.float() / 255, batch.edges.float())
    loss = torch.nn.functional.cross_entropy(
        logits[:, -2:].flatten(0, 1), batch.labels.repeat_interleave(2), label_smoothing=0.1
    )
    loss.backward()
    norm = torch.stack([p.grad.norm() for p in model.parameters() if p.grad is not None]).norm()
    assert total(diagnosis().first_step) == pytest.approx(float(norm), rel=1e-5)


def test_sensitivity_is_the_jacobians_norm():
    torch.manual_seed(0)
    model = LCR(SMALL.model_copy(update={"depth": 1, "zero_init": False})).eval()
    frames, edges = torch.rand(1, 2, 3, 16, 16), (torch.rand(1, 2, 1, 16, 16) < 0.2).float()
    jacobian = torch.autograd.functional.jacobian(lambda edges: model(frames, edges), edges)
    rgb, edge = sensitivity(model, frames, edges)
    assert rgb == 0
    assert edge == pytest.approx(float(jacobian.norm()), rel=0.5), "four probes"


def test_growth_compares_frame_64_with_frame_1_and_is_0_for_a_cell_that_stays_0():
    sigmoid = SMALL.model_copy(update={"readings": Readings(cell_gate="sigmoid")})
    torch.manual_seed(0)
    frames, edges = torch.rand(1, 3, 3, 16, 16), torch.zeros(1, 3, 1, 16, 16)
    assert cell_growth(LCR(SMALL).eval(), frames, edges) == 0, "at the start x^e is 0, so C stays 0"
    assert cell_growth(LCR(sigmoid).eval(), frames, edges) > 0


def test_a_loss_that_is_not_finite_ends_the_diagnosis_with_a_note():
    wild = CONFIG.model_copy(update={"train": CONFIG.train.model_copy(update={"learning_rate": 1e30})})
    found = diagnose(SMALL, wild, batches())
    assert "not finite at step" in found.note
    (row,) = diagnosis_rows("made-up", "jester-fixture", 3, {"full": found})
    assert row["grad_norm_first_step"] > 0
    assert "d_logits_d_rgb" not in row


def test_rows_say_what_was_found_and_which_reading_is_the_default_itself_here():
    found = {"full": diagnosis(), "kv-source.additive": diagnosis("kv-source.additive"), "same": diagnosis()}
    frame = TABLES["reading_diagnosis"].frame(diagnosis_rows("made-up", "jester-fixture", 3, found))
    full, additive, _ = frame.itertuples()
    assert full.d_logits_d_rgb == 0
    assert full.never_trained_params > additive.never_trained_params
    assert frame.note.tolist() == ["", "", SAME]
    gradients = TABLES["reading_gradients"].frame(gradient_rows("made-up", "jester-fixture", found))
    own = gradients[gradients.variant == "full"]
    assert own.params.sum() == sum(p.numel() for p in LCR(SMALL).parameters())
    assert set(own.component) >= {"edge prompt", "spatial mix", "head"}
