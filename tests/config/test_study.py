"""Studies and variants as files: an error names the file and the key, and nothing misleading is accepted."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from lcr.config.files import load_interpretation, load_variant, real_folder
from lcr.config.keys import hash_of
from lcr.config.load import load_study
from lcr.config.run import Data
from lcr.config.study import StudyConfig
from lcr.util.errors import InputError
from lcr.util.schema import read_yaml
from tests.micro import STUDY

VARIANT = {"name": "mine", "title": "x", "component": "x", "hypothesis": "x"}


def written(path: Path, content: Any) -> Path:
    """A file with this text, bytes, or YAML value."""
    data = content if isinstance(content, bytes | str) else yaml.safe_dump(content)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def changed(place: str, value: Any, content: Any = None) -> dict:
    """The micro study with the value at a dotted place set, or removed where it is `...`; `*` is its one dataset."""
    content = content or yaml.safe_load(STUDY)
    *above, key = place.replace("*", "datasets.jester-fixture").split(".")
    inner = content
    for part in above:
        inner = inner[part]
    inner[key] = value
    if value is ...:
        del inner[key]
    return content


def refusal(path: Path, content: Any, load=load_study) -> str:
    """The message that refuses a file; the file is named in it."""
    with pytest.raises(InputError) as refused:
        load(written(path, content))
    assert str(path) in str(refused.value)
    return str(refused.value)


MISLEADING = [
    *(
        ("seeds", [0, 1, 0]),
        ("seeds", [-1]),
        ("seeds", [2**31]),
        ("seeds", list(range(17))),
        ("variants", ["full"] * 2),
    ),
    *(("name", "../elsewhere"), ("name", ""), ("name", "reference"), ("variants", ["lstm_gate"])),
    *(("name", "table2.csv"), ("name", "Hashes.json"), ("name", "n" * 101), ("name", "é" * 60), ("name", "a\nb")),
    *(("threads", 10**9), ("*.data.frames", 10**12), ("*.fixture.train", 10**11), ("*.train.epochs", 10**15)),
    *(("*.train.batch_size", 10**9), ("*.data.workers", 10**6), ("*.data.max_pixels", 2**31)),
    *(("*.train.learning_rate", float("inf")), ("*.train.weight_decay", float("nan")), ("table2", "jester")),
    *(("*.root", "."), ("*.fixture", ...), ("*.fixture.classes", ["a", "a"])),
    ("*.protocol", {"rule": "mean_last_third", "crops": 3}),
]


@pytest.mark.parametrize(("place", "value"), MISLEADING)
def test_a_study_that_would_mislead_is_refused_and_the_key_named(tmp_path: Path, place: str, value: Any) -> None:
    key = place.replace("*.", "").split(".")[-1]
    assert key in refusal(tmp_path / "study.yaml", changed(place, value))


def test_real_clips_have_no_fixture(tmp_path: Path) -> None:
    content = yaml.safe_load(STUDY) | {"table2": "jester"}
    content["datasets"] = {"jester": content["datasets"]["jester-fixture"]}
    assert "jester-fixture" in refusal(tmp_path / "study.yaml", content)


@pytest.mark.parametrize("readings", [{"seeds": [0, 0]}, {"seeds": [7]}, {"readings": ["a", "a"]}, {"readings": ["a"]}])
def test_readings_that_pair_with_no_run_are_refused(tmp_path: Path, readings: dict) -> None:
    content = yaml.safe_load(STUDY) | {"readings": {"dataset": "jester-fixture", "seeds": [0]} | readings}
    assert next(iter(readings)) in refusal(tmp_path / "study.yaml", content)


def test_no_reading_is_none_and_not_all(tmp_path: Path) -> None:
    content = yaml.safe_load(STUDY) | {"readings": {"dataset": "jester-fixture", "seeds": [0], "readings": []}}
    assert load_study(written(tmp_path / "study.yaml", content)).reading_variants() == {}


@pytest.mark.parametrize(
    "change",
    [
        {"name": "full"},
        {"name": "full", "model": {"tube_ratio": 0.6}},
        {"name": "kv-source.additive"},
        {"name": "../../x"},
        {"model": {"tube_ratio": 1.5}},
    ],
)
def test_a_variant_whose_runs_would_be_taken_for_anothers_is_refused(tmp_path: Path, change: dict) -> None:
    mine = written(tmp_path / "mine.yaml", VARIANT | change)
    others = [] if change == {"name": "full", "model": {"tube_ratio": 0.6}} else ["full"]
    with pytest.raises(InputError, match=str(mine)):
        load_study(written(tmp_path / "study.yaml", changed("variants", [str(mine), *others])))


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("tube_ratio", "model.tube_ratio"),
        ("position", "model.readings.position"),
        ("tube_rato", "model.tube_ratio"),
        ("hypotesis", "hypothesis"),
    ],
)
def test_a_key_of_a_variant_in_the_wrong_place_is_told_the_right_one(tmp_path: Path, key: str, meant: str) -> None:
    said = refusal(tmp_path / "variant.yaml", VARIANT | {key: "x"}, load_variant)
    assert f"'{key}'" in said
    assert f"'{meant}'" in said


@pytest.mark.parametrize(
    ("right", "wrong", "meant"),
    [
        ("epochs:", "epoch:", "datasets.jester-fixture.train.epochs"),
        ("validation:", "validaton:", "datasets.jester-fixture.fixture.validation"),
        ("protocol:", "xyz:", "protocol"),
        ("question:", "qestion:", "question"),
        ("model:", "epochs: 1\n    model:", "datasets.jester-fixture.train.epochs"),
        ("jester-fixture:\n    model:", "1:\n    xyz: 1\n    model:", "model"),
    ],
)
def test_a_misspelt_key_is_told_the_nearest_beside_it(tmp_path: Path, right: str, wrong: str, meant: str) -> None:
    assert meant in refusal(tmp_path / "study.yaml", STUDY.replace(right, wrong, 1))


@pytest.mark.parametrize(
    "content",
    [
        "name: größe".encode("latin-1"),
        b"[" * 5000,
        STUDY.replace("name: micro", "name: 2020-99-99"),
        f"{STUDY}seeds: [7]\n",
        f"{STUDY}other: {{a: {{b: 1, b: 2}}}}\n",
        "- a list",
    ],
)
def test_a_file_that_is_no_mapping_of_keys_given_once_is_named(tmp_path: Path, content: Any) -> None:
    refusal(tmp_path / "study.yaml", content)


@pytest.mark.parametrize(
    "first_and_more",
    [
        ("a0: &a0 [x, x]\n", "a{0}: &a{0} [*a{1}, *a{1}]\n"),
        ("- &a0 [x, x]\n", "- &a{0} [*a{1}, *a{1}]\n"),
        ("a0: &a0 {{x: 1}}\n", "a{0}: &a{0}\n  <<: [*a{1}, *a{1}]\n"),
        ("a0: &a0 [*a0]\n", ""),
        ("# " + "x" * 2**18, ""),
    ],
)
def test_a_file_whose_aliases_or_bytes_are_too_many_is_refused_before_it_is_built(tmp_path, first_and_more) -> None:
    first, more = first_and_more
    refusal(tmp_path / "bomb.yaml", first + "".join(more.format(n, n - 1) for n in range(1, 60)), read_yaml)


def test_the_limit_on_pixels_counts_in_keys_only_where_it_is_given(tmp_path: Path) -> None:
    plain = load_study(written(tmp_path / "a.yaml", STUDY))
    assert "max_pixels" not in str(plain.model_dump())
    given = load_study(written(tmp_path / "b.yaml", changed("*.data.max_pixels", 2**27)))
    keys = [Data.of(study, "jester-fixture").key for study in (plain, given)]
    assert given.datasets["jester-fixture"].data.max_pixels == 2**27
    assert keys[0] != keys[1]


@pytest.mark.parametrize("folder", ["~nobody_of_this_name/x", "loop", "x" * 5000, "a\0b", ""])
def test_a_folder_that_cannot_be_is_refused_with_the_option(tmp_path: Path, monkeypatch, folder: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("loop").symlink_to("loop")
    with pytest.raises(InputError, match="--data-root"):
        real_folder(folder, "--data-root jester=…")


def test_a_key_given_twice_is_told_with_its_line(tmp_path: Path) -> None:
    last = len(STUDY.rstrip().splitlines()) + 1
    assert f"line {last}," in refusal(tmp_path / "study.yaml", f"{STUDY.rstrip()}\nseeds: [7]\n")


def test_a_merged_key_is_none_that_is_given_twice(tmp_path: Path) -> None:
    text = "a: &a {x: 1, y: 2}\nb: &b {<<: *a, y: 3}\nc: {<<: *b, x: 4}\nd: {<<: *b, <<: *a}\n"
    merged = read_yaml(written(tmp_path / "merged.yaml", text))
    assert (merged["b"], merged["c"]) == ({"x": 1, "y": 3}, {"x": 4, "y": 3})
    assert set(merged["d"]) == {"x", "y"}


def test_a_studys_variants_are_found_by_name_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    for name, meant in (("lstm_gat", "'lstm_gate'"), ("kv-source.aditive", "'kv-source.additive'")):
        assert meant in refusal(path, changed("variants", [name, "full"]))
    study = load_study(written(path, changed("variants", ["full", "kv-source.additive"])))
    assert [one.name for one in study.variant_configs] == ["full", "kv-source.additive"]
    assert study.variant("kv-source.additive").model.readings.kv_source == "additive"
    with pytest.raises(InputError, match="lstm_gate"):
        study.variant("lstm_gate")


def test_how_a_study_was_given_is_told_and_counts_in_nothing(tmp_path: Path) -> None:
    path = written(tmp_path / "a study.yaml", STUDY)
    study = load_study(path)
    assert (study.given, study.model_copy(update={"seeds": (0,)}).given) == (f"'{path}'", study.given)
    clips = tmp_path / "clips"
    clips.mkdir()
    assert load_study("tiny", {"jester": str(clips)}).given == f"tiny --data-root jester={clips}"
    bare = StudyConfig.model_validate(study.model_dump())
    assert (bare.given, hash_of(bare.model_dump())) == (study.name, hash_of(study.model_dump()))


def test_a_multiverse_has_every_variant_under_every_interpretation_but_those_with_a_dead_start() -> None:
    study = load_study("multiverse")
    arms = [one.name for one in study.variant_configs]
    living = [name for name in study.interpretations if not load_interpretation(name).dead_start]
    assert arms == [f"{variant}@{name}" for name in living for variant in study.variants]
    assert {*study.interpretations} - {*living} == {"edges-learned-time"}
    models = {study.model("jester-fixture", one, 6).readings for one in study.variant_configs}
    assert models == {load_interpretation(name).bundle for name in living}
