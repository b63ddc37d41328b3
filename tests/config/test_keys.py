"""What counts in a run's key: whatever can change a number, and no comment."""

import shutil

import pytest

from lcr.config.keys import COST_SOURCES, diagnosis_key
from lcr.config.run import PACKAGE, evaluate_key, source_hash
from lcr.config.study import load_study, load_variant

PYTHON, CPP = "x = 1\n", 'const char* at = "a//b";\nint x = 1;\n'


def key(folder, python: str = PYTHON, cpp: str = CPP) -> str:
    folder.mkdir()
    (folder / "a.py").write_text(python)
    (folder / "a.cpp").write_text(cpp)
    return source_hash(("a.py", "a.cpp"), folder)


def test_comments_of_either_language_count_in_no_key(tmp_path):
    before = key(tmp_path / "before")
    commented = f"// at the top\n{CPP}/* or\nbelow */".replace("1;", "1;  // beside")
    assert key(tmp_path / "commented", f'"""Docs."""\n# why\n{PYTHON}', commented) == before


def test_code_and_what_looks_like_a_comment_in_a_string_do(tmp_path):
    changes = [{"python": "x = 2\n"}, {"cpp": CPP.replace("1", "2")}, {"cpp": CPP.replace("//b", "//c")}, {}]
    assert len({key(tmp_path / str(i), **change) for i, change in enumerate(changes)}) == len(changes)


def test_the_frames_that_a_rule_reads_count_in_every_readings_key(monkeypatch):
    """The rule is lcr/config.py's, which is no source of a run: the number it comes to counts instead."""
    study = load_study("tiny")
    names = ("full", "loss-frames.all", "loss-frames.last")

    def keys() -> list[str]:
        return [evaluate_key(study, "jester-fixture", load_variant(name), 0) for name in names]

    before = keys()
    monkeypatch.setattr("lcr.config.study.Protocol.frames_read", lambda self, frames: 3)
    assert not set(before) & set(keys())


def test_the_model_and_the_frames_of_the_rule_count_in_the_diagnosis_key(monkeypatch):
    study = load_study("tiny")
    one = study.datasets["jester-fixture"]
    models = [one.model_copy(update={"model": name}) for name in ("lcr-s-112", "lcr-l-112")]  # of one frame size
    keys = {diagnosis_key(study.model_copy(update={"datasets": {"jester-fixture": model}})) for model in models}
    assert len(keys) == 2
    before = diagnosis_key(study)
    monkeypatch.setattr("lcr.config.study.Protocol.frames_read", lambda self, frames: 3)
    assert diagnosis_key(study) != before


@pytest.mark.parametrize("file", ["data/labels/jester.txt", "data/fixtures/activities.py"])
def test_how_many_classes_there_are_counts_in_the_cost_key(tmp_path, file):
    package = shutil.copytree(PACKAGE, tmp_path / "lcr", ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    before = source_hash(COST_SOURCES)
    with (package / file).open("a") as opened:
        opened.write("one_more = 1\n")
    assert source_hash(COST_SOURCES, package) != before
