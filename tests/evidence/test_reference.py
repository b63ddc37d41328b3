"""The reference is small, loses nothing, verifies by itself, and is made of whole results alone."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lcr.cli import app
from lcr.commands.evidence import checked
from lcr.evidence.hashes import NAME, read_hashes
from lcr.evidence.reference import make_reference
from lcr.study.store import OF_RUN, PACKED, Store
from lcr.util.errors import InputError, Mismatch
from tests.evidence.conftest import DATASET, OWN, REFERENCE, RESULTS, RUN, STUDY, edit_record


def run(*words: str, study: tuple[str, ...] = ("--study", STUDY)):
    return CliRunner().invoke(app, [*words, *study])


def test_it_verifies_where_nothing_else_of_the_study_is_left(finished):
    page = '<img src="data:image/png;base64,YSBwaWN0dXJlIGFzIC5wbmc="/>'  # "a picture as .png"
    (OWN / "answer.html").write_text(page)
    finished.rehash()
    out = finished.reference()
    assert {path.name for path in out.iterdir()} >= {*PACKED, NAME, "figures", "table2.csv"}
    assert not list(out.rglob("seed-*"))
    assert (out / "answer.html").read_text() == '<img src="figures/ablations.png"/>'
    shutil.rmtree("results")
    shutil.rmtree(".lcr")
    report = checked(out)
    assert report.problems == []
    assert sum(len(places) == 4 and places[0].endswith("model.safetensors") for places in report.notes.values()) == 1


def test_every_file_of_every_run_is_restored_from_the_packed_form(finished):
    folders, packed = Store("results", "made-up"), Store(finished.reference().parent, "made-up")
    assert packed.runs() == folders.runs()
    assert packed.seeds(DATASET, "full") == folders.seeds(DATASET, "full") == [0, 1]
    for key in folders.runs():
        assert packed.record(*key) == folders.record(*key)
        assert packed.metrics(*key) == folders.metrics(*key)
        assert packed.predictions(*key).equals(folders.predictions(*key), check_metadata=True)
        assert packed.temporal(*key).equals(folders.temporal(*key), check_metadata=True)
    for read, named in ((packed.record, "seed-9"), (packed.predictions, r"predictions\.parquet")):
        with pytest.raises(InputError, match=named):
            read(DATASET, "full", 9)


def test_a_reference_of_a_reference_is_the_same_and_never_in_its_place(finished):
    first = finished.reference()
    again = finished.reference(first.parent, Path("again"))
    for path in first.rglob("*"):
        assert path.is_dir() or path.read_bytes() == (again / path.relative_to(first)).read_bytes(), path
    with pytest.raises(InputError, match=str(first)):
        finished.reference(first.parent, first.parent)


@pytest.mark.parametrize("file", OF_RUN)
@pytest.mark.parametrize("content", [b"\xff", b'{"step": 1, "loss": null}\n'])
def test_a_run_with_a_file_that_is_damaged_or_cannot_be_packed_without_loss_gives_no_reference(finished, file, content):
    (RUN / file).write_bytes(content)
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
        finished.reference(out=Path(out))
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before


def test_results_without_hashes_or_with_damaged_or_other_ones_give_no_reference(finished):
    hashes = RESULTS / NAME
    with pytest.raises(InputError, match="made-up"):
        make_reference(finished.study.model_copy(update={"name": "other"}), STUDY, RESULTS, REFERENCE.parent)
    for content in (hashes.read_text().replace("made-up", "made-op", 1), "[]", "{"):
        hashes.write_text(content)
        with pytest.raises(Mismatch, match=str(hashes)):
            finished.reference()
    hashes.unlink()
    with pytest.raises(InputError, match=str(hashes)):
        finished.reference()
    assert not REFERENCE.exists()


def test_the_commands_make_check_and_refuse(finished):
    assert run("hashes").stdout.strip() == "results/hashes.json"
    assert run("reference", "--out", str(REFERENCE.parent)).stdout.strip() == str(REFERENCE)
    kept = read_hashes(REFERENCE)
    assert run("hashes", "--results", str(REFERENCE.parent)).stdout.strip() == str(REFERENCE / NAME)
    assert (read_hashes(REFERENCE), run("verify", str(REFERENCE), study=()).exit_code) == (kept, 0)
    table = REFERENCE / "table2.csv"
    table.write_text(table.read_text().replace("90.83", "91.83"))
    done = run("verify", str(REFERENCE), study=())
    assert isinstance(done.exception, Mismatch)
    assert f"MISMATCH {table}" in done.stdout


def test_claims_are_counted_by_verdict_and_published_on_demand(finished):
    published = RESULTS / "claims.csv"
    published.unlink()
    assert "supported" in run("claims").stdout
    assert not published.exists()
    assert str(published) in run("claims", "--publish").stdout
    assert published.read_bytes() == (OWN / "claims.csv").read_bytes()


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"hardware": {"simd": "AVX512"}}, "instruction set"),
        ({"training": {"hardware": {"simd": "AVX512"}}, "evaluation": {"hardware": {"simd": "AVX2"}}}, "AVX512"),
    ],
)
def test_a_reference_has_one_instruction_set(finished, values, named):
    same = {"hardware": {"simd": "AVX2"}}
    for run in OWN.glob("*/*/seed-*"):
        edit_record(run, **same)
    finished.rehash()
    assert finished.reference() == REFERENCE
    edit_record(RUN, **values)
    finished.rehash()
    with pytest.raises(Mismatch, match=f"lstm_gate.*{named}"):
        finished.reference(out=Path("other"))
    assert not Path("other").exists()
