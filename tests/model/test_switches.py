"""Each switch and reading changes what the table names, and acts in the fast and the plain path, or is registered."""

from fnmatch import fnmatch
from functools import cache

import pytest
import torch

from lcr.config.variant import ModelChange, VariantConfig
from lcr.model import LCR, ModelConfig
from lcr.model.cross_rwkv import CrossRWKV
from lcr.model.scan import scan
from lcr.model.selfcheck import check_acts, check_paths, generic, generic_clips
from lcr.util.errors import RunFailed
from tests.model.conftest import (
    ABLATIONS,
    CONFIGS,
    FILES,
    INTERPRETATIONS,
    RUNNABLE,
    alternatives,
    logits,
    name_of,
    small,
    start,
    variants,
)

Z = "edge_prompt.conv.*"
# Parameters that the variant adds, removes, resizes or starts otherwise, and the first module whose output differs.
CHANGES = {
    "no_edge_prompt": (Z, "edge_prompt.conv"),
    "no_edge_prompt_constant": (Z, "edge_prompt.conv"),
    "nonzero_init": (Z, "edge_prompt.conv"),
    "no_tube_mask": ("", "edge_prompt.conv"),
    "unidirectional_wkv": ("", "units.0.gate.spatial.norm"),
    "lstm_gate": ("units.?.gate.*", "units.0.gate.norm_e"),
    "lstm_gate_frame": ("units.?.gate.*", "units.0.gate.norm_e"),
    "no_edge_keys": ("", "embedding.conv"),  # whose frames are the edge maps
    "no_edge_gate": ("", "units.0.gate.norm_z"),  # of the second frame, by h
    "constant_gate": ("", "units.0.gate.norm_z"),
    "kv-source.additive": ("", "units.0.gate.norm_e"),
    "kv-source.edges": ("", "units.0.gate.norm_e"),
    "cell-gate.sigmoid": ("", "units.0.gate.norm_z"),
    "cell-gate.sigmoid-plus-cell": ("", "units.0.gate.norm_z"),
    "dead-start.edge-norm": ("units.?.gate.norm_e.*", "units.0.gate.norm_e"),
    "dead-start.residual": ("", "units.1.gate.conv.pointwise"),
    "dead-start.stream-output": ("", "units.1.gate.conv.pointwise"),
    "dead-start.first-version": ("edge_prompt.class_token units.?.gate.norm_e.*", "edge_prompt"),
    "edge-class-token.learned": ("edge_prompt.class_token", "edge_prompt"),
    "zero-start.usual": (Z, "edge_prompt.conv"),
    "edge-index.previous": ("", "edge_prompt.conv"),
    "zero-conv.pointwise": ("edge_prompt.zero_convs.*", "edge_prompt"),
    "cauconv.tokens": ("units.?.gate.conv.kernel", "units.0.gate.conv.pointwise"),
    "position.rotary": ("embedding.position units.?.gate.spatial.frequency", "embedding"),
    "position.none": ("embedding.position", "embedding"),
    "patch-kernel.overlapping": ("embedding.conv.weight", "embedding.conv"),
    "tube-ratio.none": ("", "edge_prompt.conv"),
    "tube-ratio.half": ("", "edge_prompt.conv"),
    "tube-ratio.three-quarters": ("", "edge_prompt.conv"),
}
NOISE = 2e-6  # of two right paths, relative; a switch that acts changes logits by over 100 times as much
ADDITIVE = {"readings": {"kv_source": "additive"}}
TRAINING = {"zero_init", "tube_ratio"}  # switches of the training alone
BASES = [
    {},
    *({"readings": one} for one in (*RUNNABLE, {"residual": True, "class_output": "stream"})),
    {"edge_prompt": False},
    {"depth": 1},
    {"patch_size": 16},
]
MODELS = {name: one for name, one in variants().items() if one.model != ModelChange()}


def differ(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    return float((ours - theirs).norm() / theirs.norm())


@cache
def trained(config: ModelConfig, compute_unread: bool = False) -> torch.Tensor:
    """Logits in evaluation after 20 training steps, the same for each configuration."""
    model, (frames, edges) = start(config, compute_unread=compute_unread), generic_clips(config)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(20):
        torch.manual_seed(step)  # of the tube mask
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model.train()(frames, edges)[:, -1], torch.tensor([0, 1])).backward()
        optimizer.step()
    with torch.no_grad():
        return model.eval()(frames, edges)


def acts(variant: VariantConfig, base: ModelConfig) -> bool:
    """Whether the variant changes the logits, in both paths: in evaluation on generic weights, or after training."""
    config = variant.apply(base)
    changes = [differ(logits(config, unread), logits(base, unread)) for unread in (False, True)]
    if variant.model.model_fields_set <= TRAINING:
        assert changes == [0, 0], "a switch of the training alone"
        changes = [differ(trained(config), trained(base))]
    assert max(changes) <= NOISE or min(changes) > 100 * NOISE, f"only one path knows {variant.name}: {changes}"
    return max(changes) > NOISE


def test_every_switch_and_every_reading_has_a_variant():
    changes = [
        change.model_dump(exclude_none=True)
        for one in MODELS.values()
        for change in (one.model, *(matched.model for matched in one.matched))
    ]
    readings = [one.pop("readings") for one in changes]
    assert all(any(one.items() <= given.items() for given in readings) for one in RUNNABLE)
    assert {name for one in changes for name in one} == {name for one in alternatives(small()) for name in one}
    assert set(MODELS) == set(CHANGES)


def outputs(model: LCR) -> list[tuple[str, torch.Tensor]]:
    """Name and output of every module's calls, in a training pass."""
    seen = []
    for name, module in model.named_modules():
        module.register_forward_hook(
            lambda _, given, made, name=name: seen.append((name, made if torch.is_tensor(made) else made[0]))
        )
    torch.manual_seed(0)
    with torch.no_grad():
        model.train()(*generic_clips(model.config))
    return seen


@pytest.mark.parametrize("name", CHANGES)
def test_a_variant_changes_the_parameters_and_the_path_that_it_names_and_no_other(name):
    base = small(**(ADDITIVE if name == "kv-source.edges" else {}))
    config = MODELS[name].apply(base)
    resized, make = config.hidden != base.hidden, start if MODELS[name].model.zero_init is False else generic

    def same(a: torch.Tensor, b: torch.Tensor) -> bool:
        return resized or torch.equal(a, b)

    ours, theirs = (dict(start(one).named_parameters()) for one in (config, base))
    changed = {one for one in ours.keys() | theirs.keys() if one not in ours or one not in theirs}
    changed |= {one for one in ours.keys() & theirs.keys() if not resized and ours[one].shape != theirs[one].shape}
    if not changed:  # else the others start elsewhere in the random numbers
        changed = {one for one in ours if not same(ours[one], theirs[one])}
    patterns, path = CHANGES[name][0].split(), CHANGES[name][1]
    assert all(any(fnmatch(one, pattern) for pattern in patterns) for one in changed), changed
    assert all(any(fnmatch(one, pattern) for one in changed) for pattern in patterns), changed
    pairs = zip(*(outputs(make(one, compute_unread=True)) for one in (base, config)), strict=False)
    assert next(one for (one, a), (other, b) in pairs if one != other or not same(a, b)) == path


@pytest.mark.parametrize("name", ABLATIONS)
def test_an_ablation_is_one_switch_of_one_component_with_a_hypothesis(name):
    variant = variants()[name]
    assert (variant.name, len(variant.model.model_dump(exclude_defaults=True))) == (name, 1)
    assert variant.hypothesis
    assert variant.component != "none"


@pytest.mark.parametrize(
    "changes", [BASES[0], *(pytest.param(one, marks=pytest.mark.slow) for one in BASES[1:])], ids=name_of
)
def test_a_variant_acts_in_both_paths_or_is_registered(changes):
    base = small(**changes)
    for variant in MODELS.values():
        if variant.apply(base) != base and not (changes and variant.model.model_fields_set <= TRAINING):
            assert acts(variant, base) == variant.acts_on(base), variant.name


def test_only_what_is_registered_cannot_act():
    for variant in MODELS.values():
        for condition in variant.cannot_act_under:
            given = condition.model_dump(exclude_defaults=True)
            base = small(**given, **({"frame_size": 64} if "patch_size" in given else {}))
            assert not variant.acts_on(base)
            assert not acts(variant, base)
    assert not variants()["unidirectional_wkv"].acts_on(small())
    assert not variants()["kv-source.additive"].acts_on(small(**ADDITIVE)), "the base itself"
    assert variants()["loss-frames.all"].acts_on(small()), "by its recipe"


@pytest.mark.parametrize("name", [one for one in INTERPRETATIONS if one != "literal"])
@pytest.mark.slow
def test_under_every_interpretation_a_variant_of_a_file_acts_in_both_paths_or_is_registered(name):
    base = small(readings=INTERPRETATIONS[name].bundle)
    for variant in (MODELS[one] for one in FILES):
        check_paths(variant.apply(base))
        if variant.acts_on(base):
            check_acts(variant.apply(base), base)
        assert acts(variant, base) == variant.acts_on(base), variant.name


@pytest.mark.parametrize("changes", CONFIGS, ids=name_of)
def test_the_fast_path_is_the_plain_path_and_the_check_leaves_random_numbers_alone(changes, monkeypatch):
    torch.manual_seed(1)
    before = torch.get_rng_state()
    monkeypatch.setattr("lcr.model.selfcheck.NOISE", 1e-5)
    check_paths(small(**changes))
    assert torch.equal(torch.get_rng_state(), before)


class Mine(ModelConfig):
    """A model with a switch of a user's own."""

    halves: bool = True


def test_a_switch_that_only_the_plain_path_knows_stops_the_training(monkeypatch):
    forward = CrossRWKV.forward
    monkeypatch.setattr(
        CrossRWKV, "forward", lambda gate, *given: forward(gate, *given) * (0.5 if gate.config.halves else 1)
    )
    check_paths(Mine(**small().model_dump(), halves=False))
    with pytest.raises(RunFailed, match=r"units\.0 .*units\.\d\.gate.*lcr/model/scan\.py"):
        check_paths(Mine(**small().model_dump()))


@pytest.mark.parametrize(
    ("target", "broken", "gate", "named"),
    [
        (
            "lcr.scan",
            lambda *given: [one / 2 for one in scan(*given)],
            "cross_rwkv",
            r"units\.0 .*model/scan",
        ),
        ("lcr.scan", lambda *given: given[99], "cross_rwkv", "model/scan"),
        ("config.ModelConfig.cls_only", property(lambda config: (True,) * config.depth), "lstm", "config"),
    ],
)
def test_a_fast_path_that_computes_otherwise_or_not_at_all_stops_the_training(target, broken, gate, named, monkeypatch):
    monkeypatch.setattr(f"lcr.model.{target}", broken)
    with pytest.raises(RunFailed, match=rf"{named}\.py"):
        check_paths(small(gate=gate, **ADDITIVE))


def test_a_switch_that_no_path_knows_stops_the_training_by_its_name():
    for variant in MODELS.values():
        if variant.acts_on(small()):
            check_acts(variant.apply(small()), small())
    with pytest.raises(RunFailed, match=r"halves"):
        check_acts(Mine(**small().model_dump()), Mine(**small().model_dump(), halves=False))
    with pytest.raises(RunFailed, match=r"bidirectional"):
        check_acts(small(bidirectional=False), small())
    check_acts(small(depth=3), small())  # sizes alone
