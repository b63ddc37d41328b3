"""The reference is small, loses nothing, verifies by itself, and is made of whole results alone."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from lcr.cli import app
from lcr.commands.evidence import checked
from lcr.evidence.hashes import NAME, read_hashes
from lcr.evidence.reference import make_reference
from lcr.study.store import OF_RUN, PACKED, Store
from lcr.util.errors import InputError, Mismatch
from tests.evidence.conftest import REFERENCE, RESULTS, STUDY


def run(*words: str):
    return CliRunner().invoke(app, list(words))


def test_it_verifies_where_nothing_else_of_the_study_is_left(finished):
    page = '<img src="data:image/png;base64,YSBwaWN0dXJlIGFzIHBuZw=="/>'  # "a picture as png"
    Path("results/made-up/answer.html").write_text(page)
    finished.rehash()
    out = finished.reference()
    assert {path.name for path in out.iterdir()} >= {*PACKED, NAME, "figures", "table2.csv"}
    assert not list(out.rglob("seed-*"))
    assert (out / "answer.html").read_text() == '<img src="figures/ablations.png"/>'
    shutil.rmtree("results")
    shutil.rmtree(".lcr")
    report = checked(str(out.parent))
    assert report.problems == []
    assert sum(len(places) == 9 and places[0].endswith("model.safetensors") for places in report.notes.values()) == 1


def test_every_file_of_every_run_is_restored_from_the_packed_form(finished):
    folders, packed = Store("results", "made-up"), Store(finished.reference().parent, "made-up")
    assert packed.runs() == folders.runs()
    assert packed.seeds("jester-fixture", "full") == folders.seeds("jester-fixture", "full") == [0, 1, 2]
    for key in folders.runs():
        folder = folders.folder / key.folder
        assert packed.record(*key) == folders.record(*key)
        assert packed.predictions(*key).equals(pq.read_table(folder / "predictions.parquet"), check_metadata=True)
        assert packed.temporal(*key).equals(pq.read_table(folder / "temporal.parquet"), check_metadata=True)
        assert packed.metrics(*key) == folders.metrics(*key)
    with pytest.raises(InputError, match="seed-9"):
        packed.record("jester-fixture", "full", 9)
    with pytest.raises(InputError, match=r"predictions\.parquet"):
        packed.predictions("jester-fixture", "full", 9)


def test_a_reference_of_a_reference_is_the_same(finished):
    first = finished.reference()
    again = make_reference(finished.study, STUDY, first.parent, Path("again"))
    for path in first.rglob("*"):
        assert path.is_dir() or path.read_bytes() == (again / path.relative_to(first)).read_bytes(), path


@pytest.mark.parametrize("file", OF_RUN)
@pytest.mark.parametrize("content", [b"\xff", b'{"step": 1, "loss": null}\n'])
def test_a_run_with_a_file_that_is_damaged_or_cannot_be_packed_without_loss_gives_no_reference(finished, file, content):
    (RESULTS / "made-up/jester-fixture/full/seed-1" / file).write_bytes(content)
    with pytest.raises(InputError, match=f"seed-1/{file}"):
        finished.reference()
    assert not REFERENCE.exists()


def test_an_earlier_reference_is_replaced_whole_and_nothing_else_is(finished):
    for path in (REFERENCE / "left-over.csv", REFERENCE / NAME, REFERENCE.parent / "other/precious.txt"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    finished.reference()
    assert not (REFERENCE / "left-over.csv").exists()
    assert (REFERENCE.parent / "other/precious.txt").exists()


@pytest.mark.parametrize("out", ["precious", "results", "results/../precious"])
def test_a_folder_that_is_no_reference_is_never_replaced(finished, out):
    Path("precious/made-up").mkdir(parents=True)
    Path("precious/made-up/thesis.txt").write_text("years")
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    with pytest.raises(InputError, match="made-up"):
        make_reference(finished.study, STUDY, RESULTS, Path(out))
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before


def test_results_without_hashes_or_with_damaged_ones_give_no_reference(finished):
    hashes = RESULTS / NAME
    hashes.write_text(hashes.read_text().replace("made-up", "made-op", 1))
    with pytest.raises(Mismatch, match=str(hashes)):
        finished.reference()
    hashes.unlink()
    with pytest.raises(InputError, match=str(hashes)):
        finished.reference()
    assert not REFERENCE.exists()


def test_the_commands_make_check_and_refuse(finished):
    assert run("hashes", "--study", STUDY).stdout.strip() == "results/hashes.json"
    assert run("reference", "--study", STUDY, "--out", str(REFERENCE.parent)).stdout.strip() == str(REFERENCE)
    kept = read_hashes(REFERENCE)
    again = run("hashes", "--study", STUDY, "--results", str(REFERENCE.parent))
    assert again.stdout.strip() == str(REFERENCE / NAME)
    assert read_hashes(REFERENCE) == kept
    assert run("verify", str(REFERENCE)).exit_code == 0
    table = REFERENCE / "table2.csv"
    table.write_text(table.read_text().replace("90.83", "91.83"))
    done = run("verify", str(REFERENCE))
    assert isinstance(done.exception, Mismatch)
    assert f"MISMATCH {table}" in done.output


def test_claims_are_counted_by_verdict_and_published_on_demand(finished):
    published = RESULTS / "claims.csv"
    published.unlink()
    assert "supported" in run("claims", "--study", STUDY).output
    assert not published.exists()
    assert str(published) in run("claims", "--study", STUDY, "--publish").output
    assert published.read_bytes() == (RESULTS / "made-up/claims.csv").read_bytes()
