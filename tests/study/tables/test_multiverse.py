"""The multiverse's table: every ablation under every interpretation, each with its state, and verdicts over them."""

from pathlib import Path

import numpy as np
import pytest

from lcr.config.load import load_study
from lcr.config.run import runs_of
from lcr.config.study import StudyConfig
from lcr.study.predictions import load, predictions
from lcr.study.stats.joint import joint_flip_p
from lcr.study.tables.frame import Source
from lcr.study.tables.registry import TABLES, runs_of_table, tables_of, write_table
from lcr.util.errors import InputError
from tests.sealed import write_log
from tests.study import made_up
from tests.study.conftest import made_up_study, write_run

INTERPRETATIONS = ("edges-learned-time", "edges-mean-time", "additive", "tokens")
FLOOR = "bag_of_frames-rgb"
ACCURACY = {"full": 0.8, "no_edge_prompt": 0.5, "unidirectional_wkv": 0.8}


def accuracy_of(arm: str) -> float:
    """`tokens` has a full model below the floor; elsewhere no_edge_prompt loses."""
    if arm == FLOOR:
        return 0.35
    variant, _, interpretation = arm.partition("@")
    return 0.3 if interpretation == "tokens" else ACCURACY[variant]


def loss_of(arm: str, step: int) -> float:
    """Flat in the last fifth, except for one arm."""
    return 3 - step / 50 if arm == "unidirectional_wkv@additive" else max(1.0, 3 - step / 30)


@pytest.fixture(scope="module")
def study() -> StudyConfig:
    return made_up_study(seeds=6, variants=list(ACCURACY), interpretations=INTERPRETATIONS, methods=[FLOOR])


@pytest.fixture
def source(study: StudyConfig, tmp_path: Path) -> Source:
    for run in runs_of_table(TABLES["multiverse"], study, tmp_path):
        name = run.variant.name
        folder = write_run(study, tmp_path, run.dataset, name, run.seed, clips=120, accuracy=accuracy_of(name))
        steps = range(10, 101, 10)
        write_log(folder, [*({"step": step, "loss": loss_of(name, step)} for step in steps), {"end": True}])
    return Source(study, tmp_path)


def states(source: Source) -> dict[tuple[str, str], str]:
    frame = TABLES["multiverse"].make(source)
    return dict(zip(zip(frame.interpretation, frame.variant, strict=True), frame.state, strict=True))


def test_every_cell_has_a_row_with_its_state(source: Source):
    found = states(source)
    assert [*found] == [(one, variant) for one in INTERPRETATIONS for variant in ACCURACY if variant != "full"]
    assert found == {
        ("edges-learned-time", "no_edge_prompt"): "dead start",
        ("edges-learned-time", "unidirectional_wkv"): "dead start",
        ("edges-mean-time", "no_edge_prompt"): "tested",
        ("edges-mean-time", "unidirectional_wkv"): "identical by construction",
        ("additive", "no_edge_prompt"): "tested",
        ("additive", "unidirectional_wkv"): "no plateau",
        ("tokens", "no_edge_prompt"): "below the floor",
        ("tokens", "unidirectional_wkv"): "below the floor",
    }


def test_neither_a_dead_start_nor_an_identical_cell_is_trained(study: StudyConfig, tmp_path: Path):
    arms = {run.variant.name for run in runs_of_table(TABLES["multiverse"], study, tmp_path)}
    assert not any("edges-learned-time" in arm for arm in arms)
    assert "unidirectional_wkv@edges-mean-time" not in arms
    assert {"full@edges-mean-time", "unidirectional_wkv@additive", FLOOR} <= arms


def test_one_family_holds_every_trained_ablation_and_a_state_other_than_tested_has_no_verdict(source: Source):
    arms = load(runs_of_table(TABLES["multiverse"], source.study, source.results), predictions)
    by_seed = {one.run.variant.name: one.arrays["correct"].mean(1) for one in arms}
    members = [name for name in by_seed if not name.startswith("full") and name != FLOOR]
    wanted = joint_flip_p([by_seed[name] - by_seed[f"full@{name.partition('@')[2]}"] for name in members])
    frame = TABLES["multiverse"].make(source)
    trained = frame[frame.p_family.notna()]
    assert (trained.variant + "@" + trained.interpretation).tolist() == members
    np.testing.assert_allclose(trained.p_family, wanted)
    assert (frame.verdict[frame.state != "tested"] == "").all()
    tested = frame[frame.state == "tested"]
    assert tested.verdict.tolist() == ["helps", "helps"]
    assert (tested.delta_ci_low < tested.delta_ci90_low).all()


def test_the_verdicts_count_tested_cells_alone_and_name_the_rest(source: Source):
    write_table("multiverse", source)
    found = TABLES["multiverse_verdicts"].make(source).set_index("variant")
    edge, wkv = found.loc["no_edge_prompt"], found.loc["unidirectional_wkv"]
    assert (edge.verdict, edge.tested, edge.helps, edge.cannot_act_under) == ("helps", 2, 2, "edges-learned-time")
    assert edge.not_counted == "tokens (below the floor)"
    assert (wkv.verdict, wkv.tested) == ("not tested", 0)
    assert wkv.cannot_act_under == "edges-learned-time, edges-mean-time"
    assert wkv.not_counted == "additive (no plateau), tokens (below the floor)"


def test_a_choice_that_separates_the_verdicts_is_named_in_the_table(tmp_path: Path):
    source = Source(load_study("multiverse"), tmp_path)
    (tmp_path / "multiverse").mkdir()
    source.write(TABLES["multiverse"], made_up.multiverse().to_dict("records"))
    found = TABLES["multiverse_verdicts"].make(source).set_index("variant")
    assert tuple(found.loc["no_edge_prompt", ["verdict", "depends_on"]]) == ("depends", "convolution")
    assert found.verdict["no_tube_mask"] == "no difference beyond 3 points"


def test_a_missing_run_is_named_and_no_table_is_made(source: Source):
    run = next(run for run in runs_of(source.study, source.results) if run.variant.name == "full@additive")
    (run.folder / "predictions.parquet").unlink()
    with pytest.raises(InputError, match="full@additive"):
        TABLES["multiverse"].make(source)


def test_a_study_has_the_tables_of_its_kind_alone():
    assert tables_of(load_study("multiverse")) == ("multiverse", "multiverse_verdicts")
    assert tables_of(load_study("tuning")) == ("tuning",)
    assert tables_of(load_study("convergence")) == ("convergence",)
    assert {"table2", "claims", "cost"} <= {*tables_of(load_study("tiny"))}
    assert not {"multiverse", "tuning"} & {*tables_of(load_study("tiny"))}
