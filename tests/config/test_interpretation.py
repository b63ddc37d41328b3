"""Interpretations are bundles of readings by name, and the study's base is among those that the rule leaves."""

from pathlib import Path

import pytest

from lcr.config.files import interpretation_names, load_interpretation, load_variant
from lcr.config.load import load_study
from lcr.cost import counted
from lcr.cost.table1 import table1
from lcr.model.config import ModelConfig, Readings
from lcr.model.models import model_by_name
from lcr.util.errors import InputError
from tests.micro import PROJECT

NAMES = interpretation_names()
DISTANCES = {"literal": 0, "additive": 1, "tokens": 1, "first-version": 5}


def under(name: str) -> ModelConfig:
    """The default study's full model under an interpretation."""
    return model_by_name("lcr-tiny").model_copy(update={"readings": load_interpretation(name).bundle})


def nearest_in_which_every_ablation_acts() -> set[str]:
    """The interpretations at the least distance from `literal` in which each of the five ablations can act."""
    ablations = [load_variant(name) for name in load_study("tiny").variants[1:]]
    acting = {name for name in NAMES if all(one.acts_on(under(name)) for one in ablations)}
    distance = {name: under(name).readings.distance() for name in acting}
    return {name for name in acting if distance[name] == min(distance.values())}


@pytest.mark.parametrize("name", NAMES)
def test_an_interpretation_has_its_files_name_and_names_only_readings_that_differ_from_literal(name: str) -> None:
    found = load_interpretation(name)
    given = found.readings.model_dump(exclude_none=True)
    assert found.name == name
    assert found.title
    assert found.words
    assert found.bundle.distance() == len(given)
    assert DISTANCES.get(name, len(given)) == len(given)


def test_literal_is_the_default_of_the_readings_and_no_two_interpretations_are_the_same_but_by_name() -> None:
    assert load_interpretation("literal").bundle == Readings()
    bundles = [load_interpretation(name).bundle for name in NAMES]
    assert all(one not in bundles[:at] for at, one in enumerate(bundles))


def test_the_studys_base_is_nearest_to_literal_among_those_in_which_every_ablation_acts() -> None:
    candidates = nearest_in_which_every_ablation_acts()
    assert candidates == {"additive", "tokens"}
    assert load_study("tiny").interpretation in candidates


def test_the_candidates_for_the_base_lie_equally_near_table_1_by_the_digits_of_the_row_that_they_miss_most() -> None:
    missed = []
    for name in nearest_in_which_every_ablation_acts():
        configs = [row.config.model_copy(update={"readings": under(name).readings}) for row in table1()]
        counts = [counted(config, frames=1).params / 1e6 for config in configs]
        errors = [abs(count / row.params_m.value - 1) for count, row in zip(counts, table1(), strict=True)]
        at = errors.index(max(errors))
        missed.append((at, counts[at]))
    (row, one), (same, other) = missed
    assert row == same
    assert abs(one - other) < table1()[row].params_m.half_digit


def test_an_arm_under_an_interpretation_is_compared_with_the_full_model_under_the_same(tmp_path: Path) -> None:
    study, arm = load_study("tiny"), load_variant("no_edge_prompt@tokens")
    assert (arm.name, arm.full_name, arm.variant_name) == ("no_edge_prompt@tokens", "full@tokens", "no_edge_prompt")
    assert study.full_model("jester-fixture", arm, classes=3).readings == load_interpretation("tokens").bundle
    bare = load_variant("no_edge_prompt")
    assert study.full_model("jester-fixture", bare, classes=3).readings == load_interpretation("additive").bundle
    assert bare.full_name == "full"


@pytest.mark.parametrize("name", ["literal", "first-version", "edges-mean-time", "edges-learned-time"])
def test_where_the_full_model_reads_edges_alone_its_partners_read_the_same_maps(name: str) -> None:
    for variant in ("no_edge_prompt", "no_edge_keys"):
        assert load_variant(variant).apply(under(name)).frame_source == "edges"
        assert load_variant(variant).apply(under("additive")).frame_source == "rgb"


@pytest.mark.parametrize("name", ["full@literl", "no_tube_mask@literl"])
def test_an_unknown_interpretation_is_refused_with_the_nearest(name: str) -> None:
    with pytest.raises(InputError, match=r"interpretation 'literl'; did you mean 'literal'"):
        load_variant(name)


def test_an_interpretation_with_an_unknown_reading_is_refused_with_the_file_and_the_nearest(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    text = (PROJECT / "ablations/interpretations/tokens.yaml").read_text()
    file.write_text(text.replace("cauconv:", "causconv:"))
    with pytest.raises(InputError, match=r"mine\.yaml.*readings\.cauconv"):
        load_interpretation(file)
