"""Each alternative reading in the register is a variant of its own, and changes what it says and nothing else."""

from pathlib import Path

import pytest
import torch

from lcr.config.register import load_discrepancies, reading_variants
from lcr.config.run import Run
from lcr.config.study import load_study, load_variant
from lcr.model import LCR
from lcr.model.models import model_by_name
from lcr.util.errors import InputError

NAMES = list(reading_variants())


def leaves(tree: dict, prefix: str = "") -> dict[str, object]:
    found = {}
    for key, value in tree.items():
        found |= leaves(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return found


@pytest.mark.parametrize("name", NAMES)
def test_an_alternative_changes_the_fields_that_it_names_and_no_other(name: str) -> None:
    study, variant, full = load_study("tiny"), load_variant(name), load_variant("full")

    def whole(one) -> dict[str, object]:
        run = Run(study=study, dataset="jester-fixture", variant=one, seed=0).config
        return leaves(run.model_dump() | {"model": study.model("jester-fixture", one, classes=12).model_dump()})

    ours, theirs = whole(variant), whole(full)
    named = leaves({key: getattr(variant, key).model_dump(exclude_none=True) for key in ("model", "train", "protocol")})
    assert named
    assert {key: ours[key] for key in ours if ours[key] != theirs[key]} == named


@pytest.mark.parametrize("name", NAMES)
def test_an_alternatives_runs_are_no_other_variants_runs(name: str) -> None:
    study = load_study("tiny")
    runs = [Run(study=study, dataset="jester-fixture", variant=load_variant(one), seed=0) for one in (name, "full")]
    assert runs[0].evaluate_key != runs[1].evaluate_key
    assert name in study.reading_variants()


@pytest.mark.parametrize("name", NAMES)
def test_every_alternative_trains_a_step_with_finite_gradients(name: str) -> None:
    torch.manual_seed(0)
    model = LCR(load_variant(name).apply(model_by_name("lcr-tiny"))).train()
    model(torch.rand(2, 3, 3, 48, 48))[:, -1].square().mean().backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert gradients
    assert all(g.isfinite().all() for g in gradients)


def test_as_the_paper_is_printed_nothing_but_head_and_edge_class_token_starts_to_learn() -> None:
    torch.manual_seed(0)
    model = LCR(load_variant("dead-start.as-printed").apply(model_by_name("lcr-tiny"))).train()
    model(torch.rand(2, 3, 3, 48, 48))[:, -1].square().mean().backward()
    alive = {name for name, p in model.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}
    assert alive <= {"head.weight", "head.bias", "norm.weight", "norm.bias", "edge_prompt.class_token"}
    assert "head.bias" in alive


def test_what_cannot_be_run_is_in_the_register_but_no_variant() -> None:
    assert "decay" in {entry.id for entry in load_discrepancies()}
    assert not any(name.startswith("decay.") for name in NAMES)
    with pytest.raises(InputError, match="unknown ablation"):
        load_variant("decay.data-dependent")


def test_a_misspelt_reading_gets_the_nearest_known_one() -> None:
    with pytest.raises(InputError, match=r"did you mean 'kv-source\.additive'"):
        load_variant("kv-source.aditive")


def test_a_register_with_an_unknown_key_is_refused_with_its_file_named(tmp_path: Path) -> None:
    file = tmp_path / "register.yaml"
    file.write_text("- {id: one, where: eq. 1, findings: none}")
    with pytest.raises(InputError, match=r"register\.yaml"):
        load_discrepancies(file)


def test_a_misspelt_key_of_a_study_is_named_though_the_right_one_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    text = (Path(__file__).parents[2] / "ablations/studies/tiny.yaml").read_text()
    file.write_text(text.replace("epochs: 8", "epoch: 8", 1))
    with pytest.raises(InputError, match=r"unknown key 'datasets\.jester-fixture\.train\.epoch'"):
        load_study(file)


@pytest.mark.parametrize(
    ("readings", "message"),
    [
        ("{dataset: jester, seeds: [0]}", "did you mean 'jester-fixture'"),
        ("{dataset: jester-fixture, seeds: [9]}", "none of the study's seeds"),
        ("{dataset: jester-fixture, seeds: [0], readings: [cell-gate.literall]}", r"did you mean 'cell-gate\.literal'"),
    ],
)
def test_a_study_with_readings_it_cannot_pair_is_refused(tmp_path: Path, readings: str, message: str) -> None:
    text = (Path(__file__).parents[2] / "ablations/studies/tiny.yaml").read_text()
    begin = text.index("readings:")
    line = text[begin : text.index("\n", begin)]
    file = tmp_path / "mine.yaml"
    file.write_text(text.replace(line, f"readings: {readings}"))
    with pytest.raises(InputError, match=message):
        load_study(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected keys with values (such as `name: …`), found nothing"),
        ("just words", "expected keys with values (such as `name: …`), found str 'just words'"),
        ("name: [tiny\nx: 3", "line 2, column 2: no valid YAML: expected ',' or ']'"),
    ],
)
def test_a_file_that_is_no_study_is_named_with_the_place(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_study(file)
    assert str(file) in str(refused.value)
    assert message in str(refused.value)
