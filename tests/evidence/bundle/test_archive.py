"""The bundle is whole, the same file each time, and passes the tools of the standards that it follows."""

import io
import json
import os
import re
import shutil
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

pytest.importorskip("rocrate", reason="needs the extra: pip install 'lcr[bundle]'")
pytest.importorskip("mlcroissant", reason="needs the extra: pip install 'lcr[bundle]'")

from lcr.evidence.bundle.archive import bundle_files, write_bundle, write_zip
from lcr.evidence.bundle.facts import Facts
from lcr.report.finished import Finished
from lcr.study.store import PACKED, pack
from lcr.util.errors import InputError
from tests.evidence.bundle.conftest import DATE


@pytest.fixture
def unpacked(facts: Facts, tmp_path: Path) -> Path:
    with zipfile.ZipFile(write_bundle(facts, DATE)) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "unpacked")
    return tmp_path / "unpacked"


def test_the_same_results_give_the_same_bytes_whenever_and_wherever_they_were_written(facts, tmp_path):
    first = write_bundle(facts, DATE).read_bytes()
    elsewhere = shutil.copytree(facts.finished.results, tmp_path / "elsewhere" / "results")
    for path in elsewhere.rglob("*"):
        os.utime(path, (1e9, 1e9))
    other = Facts(Finished("made-up", elsewhere))
    assert write_bundle(other, DATE).read_bytes() == first
    (other.finished.folder / "figures/ablations.svg").write_text("other")
    assert write_bundle(other, DATE).read_bytes() != first


def test_a_variant_that_is_known_by_the_studys_file_alone_is_asked_for(facts):
    known = dict(facts.known)
    mine = known.pop("lstm_gate")
    with pytest.raises(InputError, match=r"lstm_gate.*--study FILE\.yaml"):
        write_bundle(Facts(facts.finished, known), DATE)
    assert mine in Facts(facts.finished, known | {"lstm_gate": mine}).variants


def test_the_crate_is_read_by_rocrate_and_names_every_file(unpacked):
    from rocrate.rocrate import ROCrate

    crate = ROCrate(unpacked)
    described = {entity.id for entity in crate.data_entities}
    files = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    assert described == files - {"ro-crate-metadata.json"}
    assert "made-up" in crate.name
    assert str(crate.root_dataset["datePublished"]).startswith(DATE)
    assert crate.root_dataset["license"]
    action = crate.dereference("#study")
    assert {result.id for result in action["result"]} >= {"ablations.csv", "claims.csv"}


@pytest.mark.parametrize("dataset", ["jester-fixture", "something-fixture", "kinetics-fixture"])
def test_croissant_reads_every_clip_of_a_manifest_and_finds_no_fault(unpacked, dataset):
    import mlcroissant

    found = mlcroissant.Dataset(jsonld=unpacked / f"manifests/{dataset}.croissant.json")
    assert not found.metadata.ctx.issues.errors
    assert not found.metadata.ctx.issues.warnings
    clips = list(found.records("clips"))
    assert len(clips) == 150
    assert clips[0]["clips/id"] in (b"1000", "1000")
    assert clips[0]["clips/frames"] == 37


def test_no_place_on_this_machine_and_no_video_is_in_the_bundle(unpacked):
    for path in unpacked.rglob("*"):
        if path.is_file():
            assert path.suffix in (".csv", ".json", ".jsonl", ".md", ".png", ".svg", ".html", ".parquet"), path
            assert b"/home/someone" not in path.read_bytes(), path
    assert b"root" not in pq.read_schema(unpacked / "manifests/jester-fixture.parquet").metadata


def test_every_link_in_cards_and_checklist_leads_to_a_file_of_the_bundle(unpacked):
    for page in (unpacked / "checklist.md", *(unpacked / "model-cards").iterdir()):
        links = re.findall(r"\]\(([^)]+)\)", page.read_text())
        assert links, page
        for link in links:
            assert (page.parent / link).resolve().is_file(), f"{page}: {link}"


def test_a_missing_part_is_refused_by_name_and_leaves_the_earlier_bundle(facts):
    earlier = write_bundle(facts, DATE).read_bytes()
    missing = facts.finished.folder / "jester-fixture/full/seed-1/predictions.parquet"
    missing.unlink()
    with pytest.raises(InputError, match=r"seed-1/predictions\.parquet"):
        write_bundle(facts, DATE)
    assert (facts.finished.results / "bundle.zip").read_bytes() == earlier


def test_without_a_known_commit_a_date_is_asked_for(facts):
    with pytest.raises(InputError, match="--date"):
        write_bundle(facts)


def test_a_known_commit_dates_the_bundle(facts, monkeypatch):
    monkeypatch.setattr("lcr.evidence.bundle.facts.commit_date", lambda commit: "2026-01-02")
    files = bundle_files(facts, facts.date)
    graph = json.loads(files["ro-crate-metadata.json"])["@graph"]
    assert next(one for one in graph if one["@id"] == "./")["datePublished"] == "2026-01-02"


def test_entries_are_plain_files_of_one_time(tmp_path):
    write_zip(tmp_path / "a.zip", {"b/one.txt": b"1", "a.txt": b"2"})
    entries = zipfile.ZipFile(io.BytesIO((tmp_path / "a.zip").read_bytes())).infolist()
    assert [entry.filename for entry in entries] == ["b/one.txt", "a.txt"]
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}


def test_packed_runs_go_in_as_they_are(facts, tmp_path):
    reference = tmp_path / "reference/made-up"
    shutil.copytree(facts.finished.folder, reference, ignore=shutil.ignore_patterns("seed-*"))
    pack(facts.finished.store, reference)
    files = bundle_files(Facts(Finished("made-up", reference.parent)), DATE)
    assert files.keys() >= set(PACKED)
    assert not any("seed-" in name for name in files)
    assert b"(../runs.json)" in files["model-cards/full.md"]
