"""A key holds whatever can change its run's numbers, and nothing else."""

import shutil
import sys
from pathlib import Path

import pytest

from lcr.config import keys
from lcr.config.files import load_variant
from lcr.config.keys import PACKAGE, Environment, files_of, meaning
from lcr.config.load import load_study
from lcr.config.run import Data, Run
from lcr.config.study import StudyConfig
from lcr.config.study_keys import cost_key, diagnosis_key
from lcr.run.evaluate import evaluate
from lcr.run.train import train
from lcr.wkv import library
from tests.micro import PROJECT, STUDY, micro_run

ARMS = {
    "jester": ("jester-fixture", "full@literal"),  # whose class tokens need no WKV
    "lstm": ("jester-fixture", "lstm_gate"),
    "wkv": ("jester-fixture", "full"),
    "kinetics": ("kinetics-fixture", "full@literal"),
    "real": ("jester", "full@literal"),
}


def study_with_a_real_root() -> StudyConfig:
    """The study smoke, with Jester's real clips beside the synthetic ones."""
    study = load_study("smoke")
    real = study.datasets["jester-fixture"].model_copy(update={"fixture": None, "root": "/clips/jester"})
    return study.model_copy(update={"datasets": study.datasets | {"jester": real}})


def run_keys(study: StudyConfig) -> dict[str, str]:
    """The evaluation key of each of `ARMS`, computed from scratch."""
    keys.source_digest.cache_clear()
    return {
        name: Run(study=study, dataset=dataset, variant=load_variant(variant), seed=0).evaluate_key
        for name, (dataset, variant) in ARMS.items()
    }


DIGESTS: dict[tuple[str, bytes], str] = {}  # by content: a copy's files are parsed once for all tests


def digest_of(path: Path) -> str:
    content = path.suffix, path.read_bytes()
    if content not in DIGESTS:
        DIGESTS[content] = keys.hash_of(meaning(path))
    return DIGESTS[content]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package's sources, whose digests count."""
    monkeypatch.setattr(keys, "backend_here", lambda device, width: "cpu")
    copy = shutil.copytree(keys.PACKAGE, tmp_path / "lcr", ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    monkeypatch.setattr(keys, "PACKAGE", copy)
    monkeypatch.setattr(keys, "_file_digest", digest_of)
    yield copy
    keys.source_digest.cache_clear()


EDITS = {
    "the drawings of Kinetics": ("synthetic/activities.py", "\nNEW = 1\n", {"kinetics"}),
    "the reader of Kinetics": ("data/formats/kinetics.py", "\nNEW = 1\n", {"kinetics"}),
    "the reader of Jester": ("data/formats/jester.py", "\nNEW = 1\n", {"jester", "lstm", "wkv", "real"}),
    "the LSTM gate": ("model/lstm_gate.py", "\nNEW = 1\n", {"lstm"}),
    "the Cross-RWKV gate": ("model/cross_rwkv.py", "\nNEW = 1\n", {*ARMS} - {"lstm"}),
    "the operator's kernel": ("wkv/native/kernel.cpp", "// new", {"wkv"}),
    "another backend": ("wkv/chunk.py", "\nNEW = 1\n", set()),
    "a new model's name": ("model/models.py", '\nMODELS["mine"] = MODELS["lcr-tiny"]\n', set()),
    "an error's text": ("data/formats/annotations.py", "", set()),
    "the training": ("run/train.py", "\nNEW = 1\n", {*ARMS}),
    "the evaluation": ("run/evaluate.py", "\nNEW = 1\n", {*ARMS}),
    "a comment": ("run/train.py", "\n# new\n", set()),
    "a command": ("commands/runs.py", "\nNEW = 1\n", set()),
    "a table": ("study/tables/registry.py", "\nNEW = 1\n", set()),
}


@pytest.fixture(scope="module")
def before() -> dict[str, str]:
    """The keys of the sources as they are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "backend_here", lambda device, width: "cpu")
        patch.setattr(keys, "_file_digest", digest_of)
        return run_keys(study_with_a_real_root())


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_redoes_the_runs_that_it_can_change_and_no_others(package: Path, before, edit: str) -> None:
    file, text, changed = EDITS[edit]
    source = (package / file).read_text()
    edited = source + text if text else source.replace('raise InputError(f"', 'raise InputError(f"new ')
    assert edited != source
    (package / file).write_text(edited)
    assert {name for name, key in run_keys(study_with_a_real_root()).items() if key != before[name]} == changed


# Files that a training or an evaluation executes and that cannot change its numbers.
NEUTRAL = (
    "util/",
    "config/",
    "run/made.py",
    "model/models.py",
    "model/selfcheck.py",
    "run/trained.py",  # whether there is anything to train
    "model/__init__.py",
    "methods/__init__.py",  # which module a configuration is built by
    "methods/lcr.py",
    "wkv/__init__.py",
    "cost/",
    "__init__.py",
)


@pytest.mark.slow
def test_every_file_that_a_run_executes_counts_in_its_key_or_is_named_as_neutral(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "micro.yaml").write_text(STUDY)
    monkeypatch.setattr("lcr.run.train.check_paths", lambda config: None)  # it runs all that can be compared
    run, executed = micro_run("results"), set()

    def called(frame, event, _):
        if frame.f_code.co_name != "<module>":
            executed.add(frame.f_code.co_filename)

    sys.setprofile(called)
    try:
        evaluate(micro_run(train(run).parents[3]))
    finally:
        sys.setprofile(None)
    ours = {Path(name).relative_to(PACKAGE).as_posix() for name in executed if name.startswith(str(PACKAGE))}
    counted = files_of((*run.components(run.environment), "evaluate"))
    unknown = ours - {path.relative_to(PACKAGE).as_posix() for path in counted}
    assert "run/train.py" in ours
    assert not {name for name in unknown if not name.startswith(NEUTRAL)}


def test_settings_and_libraries_count_and_the_place_of_results_does_not() -> None:
    study = study_with_a_real_root()
    run = Run(study=study, dataset="jester-fixture", variant=load_variant("full"), seed=0)
    train = run.config.train.model_copy(update={"learning_rate": 0.5})
    dataset = study.datasets["jester-fixture"].model_copy(update={"train": train})
    faster = study.model_copy(update={"datasets": study.datasets | {"jester-fixture": dataset}})
    before, after = run_keys(study), run_keys(faster)
    assert {name for name in ARMS if before[name] != after[name]} == {"jester", "lstm", "wkv"}
    assert run.train_key != run.model_copy(update={"seed": 1}).train_key
    assert run.train_key == run.model_copy(update={"results": Path("elsewhere")}).train_key
    other = Environment({**run.environment.versions, "numpy": "0.1"}, run.environment.backend)
    assert len({*run.keys_in(other), run.train_key, run.evaluate_key}) == 4
    assert run.data.key != run.data.key_in(other)


MEANING = """
def f(x):
    y = x + 1
    print("one")
    if y > 2:
        raise ValueError("too large")
    return {"key": y}
"""
SAME = '''
"""New."""
def f(x: int) -> dict[str, int]:
    "Docs."
    y: int = x + 1  # new
    print(f"two {x}")
    if y > 2:
        raise ValueError(f"{y} is too large")
    return {"key": y}
'''


def test_docstrings_comments_annotations_and_messages_have_no_meaning_and_code_has(tmp_path: Path) -> None:
    def of(text: str) -> object:
        path = tmp_path / "source.py"
        path.write_text(text)
        return meaning(path)

    assert of(MEANING) == of(SAME)
    for old, new in (("+ 1", "+ 2"), ('"key"', '"other"'), ("ValueError", "TypeError"), ("y > 2", "x > 2")):
        assert of(MEANING) != of(MEANING.replace(old, new)), new
    assert of("class A:\n    x: int = 1\n") != of("class A:\n    x: str = 1\n")  # a field's type is code


def test_a_proved_digest_stands_for_the_earlier_one(monkeypatch: pytest.MonkeyPatch) -> None:
    now = keys.source_digest(("data",))
    monkeypatch.setattr(keys, "_proved", lambda: {now: "before", "before": "first"})
    assert keys.digest(("data",)) == "first"


def test_the_backend_that_is_named_without_torch_is_the_one_that_auto_selects(monkeypatch: pytest.MonkeyPatch) -> None:
    from lcr.wkv import backend_for

    assert keys.backend_here("cpu", 24) == backend_for("cpu", width=24)
    assert keys.backend_here("cpu", library.MAX_WIDTH + 1) == backend_for("cpu", width=library.MAX_WIDTH + 1) == "torch"


def test_the_frames_that_a_rule_reads_count_in_every_readings_key(monkeypatch: pytest.MonkeyPatch) -> None:
    study = load_study("tiny")
    runs = [
        Run(study=study, dataset="jester-fixture", variant=load_variant(name), seed=0)
        for name in ("full", "loss-frames.all", "loss-frames.last")
    ]
    before = {run.evaluate_key for run in runs}
    monkeypatch.setattr("lcr.config.study.Protocol.frames_read", lambda self, frames: 4)
    assert not before & {run.model_copy().keys_in(run.environment)[1] for run in runs}


def test_models_classes_and_rules_count_in_the_keys_of_what_is_made_once(package: Path, monkeypatch) -> None:
    study = load_study("smoke")
    one = study.datasets["jester-fixture"]
    studies = [study] + [
        study.model_copy(update={"datasets": study.datasets | {"jester-fixture": one.model_copy(update=change)}})
        for change in ({"model": "lcr-s-112"}, {"model": "lcr-l-112"})
    ]
    assert len({diagnosis_key(one) for one in studies}) == len({cost_key(one) for one in studies}) == 3
    before = cost_key(study), diagnosis_key(study)
    (package / "config/labels/kinetics.txt").write_text("one\n")
    keys.source_digest.cache_clear()
    assert cost_key(study) != before[0]
    monkeypatch.setattr("lcr.config.study.Protocol.frames_read", lambda self, frames: 4)
    assert diagnosis_key(study) != before[1]


def test_an_edit_of_an_interpretation_redoes_its_runs_alone(tmp_path: Path) -> None:
    copy = shutil.copytree(PROJECT / "ablations", tmp_path / "ablations") / "interpretations"

    def of() -> dict[str, str]:
        study = load_study("tiny", root=tmp_path)
        arms = ("full", "lstm_gate", "full@additive", "full@tokens", "lstm_gate@tokens", "full@literal")
        runs = [
            Run(study=study, dataset="jester-fixture", variant=load_variant(name, tmp_path), seed=0) for name in arms
        ]
        return {run.variant.name: run.evaluate_key for run in runs}

    def edited(name: str, old: str, new: str) -> set[str]:
        before, text = of(), (copy / f"{name}.yaml").read_text()
        assert old in text
        (copy / f"{name}.yaml").write_text(text.replace(old, new))
        return {arm for arm, key in of().items() if key != before[arm]}

    assert edited("tokens", "cauconv: tokens", "cauconv: tokens, residual: true") == {"full@tokens", "lstm_gate@tokens"}
    assert edited("additive", "kv_source: additive", "kv_source: additive, cell_gate: sigmoid") == {
        "full",
        "lstm_gate",
        "full@additive",
    }
    assert edited("tokens", "title: '", "title: 'new ") == set()


def test_data_of_two_datasets_have_keys_of_their_own() -> None:
    study = study_with_a_real_root()
    assert len({Data.of(study, name).key for name in study.datasets}) == len(study.datasets)


def test_every_component_names_files_that_there_are() -> None:
    empty = [pattern for files in keys.COMPONENTS.values() for pattern in files if not any(PACKAGE.glob(pattern))]
    assert not empty
