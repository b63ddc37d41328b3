"""Each alternative reading in the register is a variant of its own, and changes what it says and nothing else."""

from pathlib import Path

import pytest
import torch

from lcr.config.files import load_variant
from lcr.config.load import load_study
from lcr.config.register import load_discrepancies, reading_variants
from lcr.config.run import Run
from lcr.config.study import ReadingRuns
from lcr.model import LCR
from lcr.util.errors import InputError
from tests.micro import PROJECT

NAMES = list(reading_variants())
SMOKE = (PROJECT / "ablations/studies/smoke.yaml").read_text()
READINGS = SMOKE[SMOKE.index("readings:") :].splitlines()[0]
BASES = {"kv-source.edges": "additive"}  # else `literal`, from which all other readings differ


def leaves(tree: dict, prefix: str = "") -> dict[str, object]:
    found = {}
    for key, value in tree.items():
        found |= leaves(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return found


@pytest.mark.parametrize("name", NAMES)
def test_an_alternative_changes_the_fields_that_it_names_and_no_other_and_trains(name: str) -> None:
    every = ReadingRuns(dataset="jester-fixture", seeds=(0,))
    base = {"interpretation": BASES.get(name, "literal"), "readings": every}
    study, variant = load_study("tiny").model_copy(update=base), load_variant(name)
    ours, theirs = (
        Run(study=study, dataset="jester-fixture", variant=one, seed=0) for one in (variant, load_variant("full"))
    )
    mine, default = (leaves(run.config.model_dump() | {"model": run.model(12).model_dump()}) for run in (ours, theirs))
    named = leaves({key: getattr(variant, key).model_dump(exclude_none=True) for key in ("model", "train", "protocol")})
    assert named
    assert {key: mine[key] for key in mine if mine[key] != default[key]} == named
    assert ours.evaluate_key != theirs.evaluate_key
    assert name in study.reading_variants()
    model = LCR(ours.model(12)).train()
    model(torch.rand(2, 3, 3, 48, 48))[:, -1].square().mean().backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert gradients
    assert all(g.isfinite().all() for g in gradients)


def test_the_data_dependent_decay_is_in_the_register_but_no_variant() -> None:
    assert "decay" in {entry.id for entry in load_discrepancies()}
    assert not any(name.startswith("decay.") for name in NAMES)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("decay.data-dependent", "decay.data-dependent"), ("kv-source.aditive", "kv-source.additive")],
)
def test_an_unknown_reading_is_refused_with_the_nearest_one(name: str, meant: str) -> None:
    with pytest.raises(InputError) as refused:
        load_variant(name)
    assert meant in str(refused.value)


def test_a_register_with_an_unknown_key_is_refused_with_its_file_named(tmp_path: Path) -> None:
    file = tmp_path / "register.yaml"
    file.write_text("- {id: one, where: eq. 1, findings: none}")
    with pytest.raises(InputError, match=r"register\.yaml.*findings"):
        load_discrepancies(file)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (SMOKE.replace("epochs: 2", "epoch: 2", 1), "datasets.jester-fixture.train.epoch"),  # not the missing epochs
        (SMOKE.replace(READINGS, "readings: {dataset: jester, seeds: [0]}"), "jester-fixture"),
        (SMOKE.replace(READINGS, "readings: {dataset: jester-fixture, seeds: [9]}"), "9"),
        (
            SMOKE.replace(READINGS, "readings: {dataset: jester-fixture, seeds: [0], readings: [cell-gate.literall]}"),
            "cell-gate.literal",
        ),
        ("", "mine.yaml"),
        ("just words", "just words"),
        ("name: [tiny\nx: 3", "line 2, column 2"),
    ],
    ids=["key", "dataset", "seed", "reading", "empty", "words", "syntax"],
)
def test_a_study_that_cannot_be_read_is_refused_with_its_file_and_the_place(text, named, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_study(file)
    assert str(file) in str(refused.value)
    assert named in str(refused.value)
