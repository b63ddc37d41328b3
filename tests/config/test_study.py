"""Studies and variants as files: what would count a run twice, or lie elsewhere, is refused with the file's name."""

from pathlib import Path

import pytest
import yaml

from lcr.config.run import hash_of
from lcr.config.study import StudyConfig, load_study, load_variant
from lcr.util.errors import InputError
from lcr.util.schema import read_yaml
from tests.micro import STUDY


def refusal(folder: Path, text: str) -> str:
    """What is said of a study's file with this text, which begins with its path."""
    path = folder / "study.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_study(path)
    assert str(path) in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("seeds: [0, 1, 0]", "seeds: Value error, 0 is given more than once"),
        ("seeds: [-1]", "seeds.0: Input should be greater than or equal to 0"),
        ("variants: [full, full]", "variants: Value error, full is given more than once"),
        ("name: ../elsewhere", "names a folder"),
        ('name: ""', "names a folder"),
        ("seeds: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]", "at most 16 items"),
        ("variants: [lstm_gate]", "variants: 'full' is missing"),
        (f"seeds: [{2**31}]", "seeds.0: Input should be less than 2147483648"),
        ("name: reference", "name: Value error, 'reference' is a folder of results/"),
        ("name: 2020-99-99", "no valid YAML: month must be in 1..12"),
    ],
)
def test_a_study_that_would_mislead_is_refused(tmp_path: Path, line: str, words: str) -> None:
    key = line.split(":")[0]
    lines = [line if one.startswith(f"{key}:") else one for one in STUDY.splitlines()]
    assert line in lines
    assert words in refusal(tmp_path, "\n".join(lines))


def test_a_variant_whose_runs_would_lie_elsewhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "variant.yaml"
    path.write_text("name: ../../x\ntitle: x\ncomponent: x\nhypothesis: x\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"variant\.yaml: name: '\.\./\.\./x' names a folder"):
        load_variant(path)


def test_two_variants_of_one_name_are_refused(tmp_path: Path) -> None:
    twin = tmp_path / "mine.yaml"
    twin.write_text("name: full\ntitle: x\ncomponent: x\nhypothesis: x\n", encoding="utf-8")
    path = tmp_path / "study.yaml"
    path.write_text(STUDY.replace("variants: [full", f"variants: [full, {twin}"), encoding="utf-8")
    with pytest.raises(InputError, match=r"variants: full and .*mine\.yaml are both named 'full'; rename one"):
        load_study(path)


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("tube_ratio", "model.tube_ratio"),
        ("gate", "model.gate"),
        ("position", "model.readings.position"),
        ("readings", "model.readings"),
        ("tube_rato", "model.tube_ratio"),
        ("hypotesis", "hypothesis"),
    ],
)
def test_a_key_of_a_variant_in_the_wrong_place_is_told_the_right_one(tmp_path: Path, key: str, hint: str) -> None:
    path = tmp_path / "variant.yaml"
    path.write_text(f"name: x\ntitle: x\ncomponent: x\nhypothesis: x\n{key}: x\n", encoding="utf-8")
    with pytest.raises(InputError, match=rf"unknown key '{key}'; did you mean '{hint}'\?"):
        load_variant(path)


def test_a_full_model_with_a_change_is_refused(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("name: full\ntitle: x\ncomponent: x\nhypothesis: x\nmodel: {tube_ratio: 0.6}\n", encoding="utf-8")
    said = refusal(tmp_path, STUDY.replace("variants: [full", f"variants: [{mine}"))
    assert "mine.yaml changes something and is named 'full'; rename it" in said


def test_a_variant_with_the_name_of_a_reading_is_refused(tmp_path: Path) -> None:
    twin = tmp_path / "mine.yaml"
    twin.write_text("name: kv-source.additive\ntitle: x\ncomponent: x\nhypothesis: x\n", encoding="utf-8")
    said = refusal(tmp_path, STUDY.replace("variants: [full", f"variants: [full, {twin}"))
    assert "mine.yaml has the name of a reading, 'kv-source.additive'; rename it" in said


def test_views_that_no_clip_could_give_are_refused_before_anything_is_trained(tmp_path: Path) -> None:
    content = yaml.safe_load(STUDY)
    next(iter(content["datasets"].values()))["protocol"] = {"rule": "mean_last_third", "crops": 3}
    said = refusal(tmp_path, yaml.safe_dump(content))
    assert "protocol.crops is 3, but square frames have only one" in said


@pytest.mark.parametrize(
    ("readings", "words"),
    [
        ({"seeds": [0, 0]}, "readings.seeds: Value error, 0 is given more than once"),
        ({"readings": ["a", "a"]}, "a is given"),
    ],
)
def test_a_reading_counted_twice_is_refused(tmp_path: Path, readings: dict, words: str) -> None:
    content = yaml.safe_load(STUDY) | {"readings": {"dataset": "jester-fixture", "seeds": [0]} | readings}
    assert words in refusal(tmp_path, yaml.safe_dump(content))


def test_no_reading_is_none_and_not_all(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(f"{STUDY}readings: {{dataset: jester-fixture, seeds: [0], readings: []}}\n", encoding="utf-8")
    assert load_study(path).reading_variants() == {}


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("jester", {}, "'fixture' is for generated clips; name it jester-fixture"),
        ("jester-fixture", {"root": "."}, "generated clips have a part 'fixture', and no 'root'"),
        ("jester-fixture", {"fixture": None}, "generated clips have a part 'fixture', and no 'root'"),
        (
            "jester-fixture",
            {"fixture": {"train": 1, "validation": 1, "classes": ["a", "a"]}},
            "a is given more than once",
        ),
    ],
)
def test_clips_that_are_drawn_and_real_at_once_are_refused(tmp_path: Path, name: str, change: dict, words: str) -> None:
    content = yaml.safe_load(STUDY)
    content |= {"table2": name, "datasets": {name: content["datasets"]["jester-fixture"] | change}}
    assert words in refusal(tmp_path, yaml.safe_dump(content))


@pytest.mark.parametrize(
    ("right", "wrong", "hint"),
    [
        ("epochs:", "epoch:", "did you mean 'datasets.jester-fixture.train.epochs'?"),
        ("last_frames:", "last_frame:", "did you mean 'datasets.jester-fixture.protocol.last_frames'?"),
        ("validation:", "validaton:", "did you mean 'datasets.jester-fixture.fixture.validation'?"),
        ("protocol:", "xyz:", "known: model, data, train, protocol, fixture, root, note"),
        ("question:", "qestion:", "did you mean 'question'?"),
        ("question:", "xyz:", "known: name, question, datasets"),
        ("model:", "epochs: 1\n    model:", "did you mean 'datasets.jester-fixture.train.epochs'?"),
        ("jester-fixture:\n    model:", "1:\n    xyz: 1\n    model:", "unknown key 'datasets.1.xyz'; known: model"),
    ],
)
def test_a_misspelt_key_is_told_the_nearest_beside_it(tmp_path: Path, right: str, wrong: str, hint: str) -> None:
    assert hint in refusal(tmp_path, STUDY.replace(right, wrong, 1))


@pytest.mark.parametrize("name", ["learning_rate", "weight_decay"])
def test_a_recipe_with_an_infinite_rate_is_refused(tmp_path: Path, name: str) -> None:
    content = yaml.safe_load(STUDY)
    for dataset in content["datasets"].values():
        dataset["train"][name] = float("inf")
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(InputError, match=f"train.{name}: Input should be a finite number"):
        load_study(path)


def test_a_variant_that_would_mask_all_tokens_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "variant.yaml"
    path.write_text("name: x\ntitle: x\ncomponent: x\nhypothesis: x\nmodel: {tube_ratio: 1.5}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"variant\.yaml: model\.tube_ratio: Input should be less than 1"):
        load_variant(path)


@pytest.mark.parametrize("content", ["name: größe".encode("latin-1"), b"[" * 5000])
def test_what_is_no_yaml_in_utf_8_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"study\.yaml: no valid YAML"):
        load_study(path)


def test_a_variant_that_there_is_not_is_refused_where_the_study_is_read(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    for name, hint in (("lstm_gat", "did you mean 'lstm_gate'"), ("kv-source.aditive", "did you mean 'kv-source.addi")):
        path.write_text(STUDY.replace("variants: [full", f"variants: [{name}, full"), encoding="utf-8")
        with pytest.raises(InputError) as refused:
            load_study(path)
        assert f"unknown variant (of {path}) '{name}'; {hint}" in str(refused.value)
    path.write_text(STUDY.replace("variants: [full", "variants: [full, kv-source.additive"), encoding="utf-8")
    assert [load_variant(name).name for name in load_study(path).variants][:2] == ["full", "kv-source.additive"]


@pytest.mark.parametrize(
    ("line", "place"), [("seeds: [7]", "'seeds' is given twice"), ("datasets: {a: {b: 1, b: 2}}", "'b' is given twice")]
)
def test_a_key_that_is_given_twice_is_refused_with_both_lines(tmp_path: Path, line: str, place: str) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(f"{STUDY.rstrip()}\n{line}\n", encoding="utf-8")
    last = len(STUDY.rstrip().splitlines()) + 1
    with pytest.raises(InputError, match=rf"study\.yaml, line {last}, column \d+: .*{place}, first in line \d+"):
        load_study(path)


def test_a_merged_key_is_none_that_is_given_twice(tmp_path: Path) -> None:
    path = tmp_path / "merged.yaml"
    path.write_text(
        "a: &a {x: 1, y: 2}\nb: &b {<<: *a, y: 3}\nc: {<<: *b, x: 4}\nd: {<<: *b, <<: *a}\n", encoding="utf-8"
    )
    merged = read_yaml(path)
    assert (merged["b"], merged["c"]) == ({"x": 1, "y": 3}, {"x": 4, "y": 3})
    assert set(merged["d"]) == {"x", "y"}


def test_how_a_study_was_given_is_told_and_counts_in_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a study.yaml"
    path.write_text(STUDY, encoding="utf-8")
    study = load_study(path)
    assert study.given == f"'{path}'"
    assert study.model_copy(update={"seeds": (0,)}).given == study.given
    clips = tmp_path / "clips"
    clips.mkdir()
    assert load_study("tiny", {"jester": str(clips)}).given == f"tiny --data-root jester={clips}"
    bare = StudyConfig.model_validate(study.model_dump())
    assert (bare.given, bare.model_dump()) == (study.name, study.model_dump())
    assert hash_of(bare.model_dump()) == hash_of(study.model_dump())
