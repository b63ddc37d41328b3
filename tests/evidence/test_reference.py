"""The reference is small, verifies by itself, and is made of whole results alone."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lcr.cli import app
from lcr.evidence.hashes import read_hashes
from lcr.evidence.reference import make_reference
from lcr.evidence.verify import verify
from lcr.util.errors import InputError, Mismatch
from tests.evidence.conftest import STUDY


def run(*words: str):
    return CliRunner().invoke(app, list(words))


def test_it_verifies_where_nothing_else_of_the_study_is_left(finished, monkeypatch):
    out = make_reference(finished.study, STUDY, "results", "copied/reference")
    assert not list(out.rglob("*.safetensors"))
    hashes = read_hashes(out)
    assert len(hashes.not_kept) == 9
    assert {Path(name).name for name in hashes.files} >= {"run.json", "metrics.jsonl", "predictions.parquet"}
    shutil.rmtree("results")
    shutil.rmtree(".lcr")
    report = verify(out)
    assert report.problems == []
    assert len(report.notes["not kept in this copy, only its hash"]) == 9


def test_its_manifests_are_checked_like_the_rest(finished):
    out = make_reference(finished.study, STUDY, "results", "reference")
    manifest = out / "made-up" / "jester-fixture" / "manifest.parquet"
    content = bytearray(manifest.read_bytes())
    content[len(content) // 2] ^= 1
    manifest.write_bytes(content)
    assert any(str(manifest) in problem for problem in verify(out).problems)


def test_an_earlier_reference_is_replaced_whole(finished):
    out = Path("reference")
    out.mkdir()
    (out / "left-over.csv").write_text("old")
    (out / "hashes.json").write_text("{}")
    make_reference(finished.study, STUDY, "results", out)
    assert not (out / "left-over.csv").exists()


@pytest.mark.parametrize("out", ["precious", "results", ".", "..", "results/made-up", "results/../precious"])
def test_nothing_but_an_earlier_reference_is_ever_replaced(finished, out):
    Path("precious").mkdir()
    Path("precious/thesis.txt").write_text("years")
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    with pytest.raises(InputError, match=r"give a new folder"):
        make_reference(finished.study, STUDY, "results", out)
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before


def test_results_without_hashes_or_with_damaged_ones_give_no_reference(finished):
    hashes = Path("results/hashes.json")
    hashes.write_text(hashes.read_text().replace("made-up", "made-op", 1))
    with pytest.raises(InputError, match=r"damaged|changed"):
        make_reference(finished.study, STUDY, "results", "reference")
    hashes.unlink()
    with pytest.raises(InputError, match=r"no results/hashes\.json"):
        make_reference(finished.study, STUDY, "results", "reference")
    assert not Path("reference").exists()


def test_the_three_commands_make_check_and_refuse(finished):
    assert run("hashes", "--study", STUDY).output.strip() == "results/hashes.json"
    assert run("reference", "--study", STUDY, "--out", "reference").output.strip() == "reference"
    done = run("verify", "reference")
    assert done.exit_code == 0, done.output
    assert "reference matches: " in done.output
    table = Path("reference/table2.csv")
    table.write_text(table.read_text().replace("90.83", "91.83"))
    done = run("verify", "reference")
    assert isinstance(done.exception, Mismatch)
    assert done.exception.exit_code == 1
    assert "MISMATCH reference/table2.csv: its bytes are not those of hashes.json" in done.output


def test_claims_are_counted_by_verdict_and_published_on_demand(finished):
    Path("results/claims.csv").unlink()
    done = run("claims", "--study", STUDY)
    assert "supported" in done.output
    assert "untested" in done.output
    assert not Path("results/claims.csv").exists()
    assert "results/claims.csv" in run("claims", "--study", STUDY, "--publish").output
    assert Path("results/claims.csv").read_bytes() == Path("results/made-up/claims.csv").read_bytes()
