"""A proof compares runs to the bit, finds statements that nobody executed, and is the one who says what equals what."""

import json
import shutil
from pathlib import Path

import pytest

from lcr.config import keys
from lcr.config.load import load_study
from lcr.evidence import prove
from lcr.run.evaluate import evaluate
from lcr.run.train import train
from lcr.run.weights import load_tensors, save_tensors
from lcr.util.errors import InputError
from tests.micro import STUDY, micro_run


@pytest.mark.slow
def test_a_changed_weight_prediction_or_metric_is_a_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("micro.yaml").write_text(STUDY)
    one = evaluate(micro_run(train(micro_run("results")).parents[3]))
    other = Path(shutil.copytree(one, "other"))
    assert prove._difference(one, other) is None
    log = (other / "metrics.jsonl").read_text()
    (other / "metrics.jsonl").write_text(log.replace('"step": 10', '"step": 11'))
    assert "metrics.jsonl" in prove._difference(one, other)
    shutil.copy(one / "temporal.parquet", other / "predictions.parquet")
    assert "predictions.parquet" in prove._difference(one, other)
    tensors, about = load_tensors(other / "model.safetensors", "")
    tensors["head.bias"][0] += 1e-7
    save_tensors(other / "model.safetensors", tensors, about)
    assert "head.bias" in prove._difference(one, other)


def test_a_statement_has_the_same_meaning_wherever_it_stands_and_whatever_it_says(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        'def f(x: int) -> int:\n    "Docs."\n    y: int = x + 1\n    raise ValueError("no")\n'
    )
    (tmp_path / "b.py").write_text("import os\n\n\nclass A:\n    def f(x):\n        y = x + 1\n        z = 2\n")
    one, other = (dict(prove.statements(tmp_path / name)) for name in ("a.py", "b.py"))
    assert one.keys() < other.keys()
    assert sorted(other[shape] for shape in other.keys() - one.keys()) == [4, 7]


def test_what_is_proved_is_recorded_once_and_keys_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prove, "PROVED", tmp_path / "proved.json")
    now = {"sources": {"a": "new", "b": "same"}, "proved": {"a": "new", "b": "same"}}
    before = {"sources": {"a": "old", "b": "same"}, "proved": {"a": "first", "b": "same"}}
    assert prove._record(now, before, {"date": "today"}) == 1
    content = json.loads((tmp_path / "proved.json").read_text())
    assert content == {"equal": {"new": "first"}, "proofs": [{"date": "today"}]}
    monkeypatch.setattr(keys, "PROVED", tmp_path / "proved.json")
    keys._proved.cache_clear()
    assert keys._proved() == {"new": "first"}
    keys._proved.cache_clear()


def test_every_arm_format_and_reader_is_vouched_for_by_components_of_its_own() -> None:
    study = load_study("smoke")
    told = prove.told_sources(study)
    arms = {(arm.dataset, arm.variant) for arm in prove.arms_of(study)}
    assert {("jester-fixture", "lstm_gate"), ("jester", "full"), ("kinetics-fixture", "full")} <= arms
    assert told["sources"].keys() == prove.vouched(study).keys()
    assert len({told["sources"][f"{name}/data"] for name in ("jester", "jester-fixture", "kinetics")}) == 3
    assert "model/lcr.py" in told["files"]


def test_a_commit_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--output=x"):
        prove.checkout(keys.PACKAGE.parent, "--output=x", tmp_path / "out")
    assert not (tmp_path / "out").exists()
