"""The bundle is whole, the same file each time, follows from the study's files, and passes its standards' tools."""

import json
import os
import re
import shutil
import sys
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from lcr.data.manifest import SCHEMA, Manifest
from lcr.evidence.bundle.facts import Facts
from lcr.evidence.bundle.texts import checklist, model_card
from lcr.report.finished import Finished
from lcr.report.notebooks import NOTEBOOKS
from lcr.study.claims.caveats import CAVEATS
from lcr.study.store import PACKED, pack
from lcr.study.tables.frame import write_frame
from lcr.study.tables.registry import TABLES
from lcr.util.errors import InputError
from tests.cli import lcr
from tests.evidence.conftest import edit_record
from tests.study.conftest import finished  # noqa: F401 (a fixture)
from tests.study.written import CLASSES

pytestmark = pytest.mark.slow
DATE = "2026-11-26"


def bundle(results: Path, date: str | None = DATE):
    """`lcr bundle` of the study in `results`."""
    return lcr("bundle", "--study", "made-up", "--results", results, *(["--date", date] if date else []))


def manifest(dataset: str) -> Manifest:
    clip = {"frames": 37, "width": 176, "height": 100, "hash": "ab" * 32, "status": "ok"}
    clips = [
        clip
        | {"id": str(1000 + k), "path": f"20bn/{k}", "label": CLASSES[k % 12]}
        | {"split": "train" if k < 90 else "validation"}
        for k in range(150)
    ]
    clips[7]["status"] = "missing"
    return Manifest(dataset, "/home/someone/clips", tuple(CLASSES), pa.Table.from_pylist(clips, SCHEMA), key="key")


@pytest.fixture(scope="session")
def bundled(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Finished:  # noqa: F811
    """A study with its bundle, which stands unpacked in `unpacked`; to read only."""
    pytest.importorskip("rocrate", reason="needs the extra: pip install 'lcr[bundle]'")
    pytest.importorskip("mlcroissant", reason="needs the extra: pip install 'lcr[bundle]'")
    results = Path(shutil.copytree(finished.results, tmp_path_factory.mktemp("bundled") / "results"))
    files = ["README.md", *(f"notebooks/{name}.html" for name in NOTEBOOKS)]
    files += [f"figures/{name}.{suffix}" for name in NOTEBOOKS for suffix in ("png", "svg")]
    for path in (results / "made-up" / file for file in files):
        path.parent.mkdir(exist_ok=True)
        path.write_text(path.stem)
    copy = Finished("made-up", results)
    for dataset in copy.table("ablations").dataset.unique():
        manifest(dataset).write(copy.folder / dataset / "manifest.parquet")
    with zipfile.ZipFile(bundle(results).stdout.strip()) as archive:
        archive.extractall(results.with_name("unpacked"))
    return copy


@pytest.fixture
def unpacked(bundled: Finished) -> Path:
    return bundled.results.with_name("unpacked")


@pytest.fixture
def facts(bundled: Finished, tmp_path: Path) -> Facts:
    """A copy that a test may change."""
    return Facts(Finished("made-up", shutil.copytree(bundled.results, tmp_path / "results")))


def test_the_same_results_give_the_same_bytes_whenever_and_wherever_they_were_written(facts):
    written = facts.finished.results / "bundle.zip"
    first = written.read_bytes()
    for path in facts.finished.results.rglob("*"):
        os.utime(path, (1e9, 1e9))
    written.unlink()
    assert bundle(facts.finished.results).stdout.strip() == str(written)
    assert written.read_bytes() == first
    (facts.finished.folder / "figures/ablations.svg").write_text("other")
    bundle(facts.finished.results)
    assert written.read_bytes() != first


def test_a_variant_that_is_known_by_the_studys_file_alone_is_asked_for(facts):
    known = {name: variant for name, variant in facts.known.items() if name != "lstm_gate"}
    with pytest.raises(InputError, match=r"lstm_gate.*--study FILE\.yaml"):
        _ = Facts(facts.finished, known).variants
    assert facts.known["lstm_gate"] in facts.variants


def test_the_crate_is_read_by_rocrate_and_names_every_file(unpacked):
    from rocrate.rocrate import ROCrate

    crate = ROCrate(unpacked)
    described = {entity.id for entity in crate.data_entities}
    files = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    assert described == files - {"ro-crate-metadata.json"}
    assert "made-up" in crate.name
    assert str(crate.root_dataset["datePublished"]).startswith(DATE)
    assert crate.root_dataset["license"]
    assert {result.id for result in crate.dereference("#study")["result"]} >= {"ablations.csv", "claims.csv"}


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
    for path in (path for path in unpacked.rglob("*") if path.is_file()):
        assert path.suffix in (".csv", ".json", ".jsonl", ".md", ".png", ".svg", ".html", ".parquet"), path
        assert b"/home/someone" not in path.read_bytes(), path
    assert b"root" not in pq.read_schema(unpacked / "manifests/jester-fixture.parquet").metadata


def test_every_link_in_cards_and_checklist_leads_to_a_file_of_the_bundle(unpacked):
    for page in (unpacked / "checklist.md", *(unpacked / "model-cards").iterdir()):
        links = re.findall(r"\]\(([^)]+)\)", page.read_text())
        assert links, page
        assert all((page.parent / link).resolve().is_file() for link in links), links


def test_a_missing_part_is_refused_by_name_and_leaves_the_earlier_bundle(facts):
    earlier = (facts.finished.results / "bundle.zip").read_bytes()
    (facts.finished.folder / "jester-fixture/full/seed-1/predictions.parquet").unlink()
    with pytest.raises(InputError, match=r"seed-1/predictions\.parquet"):
        bundle(facts.finished.results)
    assert (facts.finished.results / "bundle.zip").read_bytes() == earlier


def test_the_newest_known_commit_dates_the_bundle_and_without_one_a_date_is_asked_for(facts, monkeypatch):
    with pytest.raises(InputError, match="--date"):
        bundle(facts.finished.results, date=None)
    monkeypatch.setattr("lcr.evidence.bundle.facts.commit_date", lambda commit: "2026-01-02")
    with zipfile.ZipFile(bundle(facts.finished.results, date=None).stdout.strip()) as archive:
        graph = json.loads(archive.read("ro-crate-metadata.json"))["@graph"]
    assert next(one for one in graph if one["@id"] == "./")["datePublished"] == "2026-01-02"


def test_entries_are_plain_files_of_one_time_with_the_description_first(bundled):
    with zipfile.ZipFile(bundled.results / "bundle.zip") as archive:
        assert archive.testzip() is None
        first, *others = archive.infolist()
    assert first.filename == "ro-crate-metadata.json"
    assert [entry.filename for entry in others] == sorted(entry.filename for entry in others)
    assert {(entry.date_time, entry.external_attr >> 16) for entry in others} == {((1980, 1, 1, 0, 0, 0), 0o644)}


def test_packed_runs_go_in_as_they_are(facts, tmp_path):
    reference = tmp_path / "reference/made-up"
    shutil.copytree(facts.finished.folder, reference, ignore=shutil.ignore_patterns("seed-*"))
    pack(facts.finished.store, reference)
    with zipfile.ZipFile(bundle(reference.parent).stdout.strip()) as archive:
        assert {*archive.namelist()} >= {*PACKED}
        assert not any("seed-" in name for name in archive.namelist())
        assert b"(../runs.json)" in archive.read("model-cards/full.md")


@pytest.mark.parametrize("date", ["26 November", "2026-W48-4", "20261126"])
def test_a_malformed_date_is_refused(tmp_path, date):
    with pytest.raises(InputError, match=date):
        bundle(tmp_path, date)


def test_without_the_extra_the_command_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlcroissant", None)
    monkeypatch.delitem(sys.modules, "lcr.evidence.bundle.archive", raising=False)
    monkeypatch.delitem(sys.modules, "lcr.evidence.bundle.standards", raising=False)
    with pytest.raises(InputError, match=r"lcr\[bundle\]"):
        bundle(tmp_path)


def card(facts: Facts, name: str) -> str:
    return model_card(facts, facts.known[name])


def changed(facts: Facts, **values) -> Facts:
    """The study with other values in every run.json."""
    for path in facts.finished.folder.rglob("run.json"):
        edit_record(path.parent, **values)
    return Facts(Finished("made-up", facts.finished.results))


def answers(facts: Facts) -> dict[str, list[str]]:
    """By item of the checklist: answer, reason and links."""
    lines = [line.strip("| ").split(" | ") for line in checklist(facts).splitlines() if line.startswith("| ")]
    return {item: rest for item, *rest in lines if item != "Item"}


def numbers(text: str) -> list[str]:
    return re.findall(r"[\d.,]*\d", text)


def test_every_variant_has_a_card_with_the_tables_numbers_and_metadata_that_yaml_reads(facts):
    for variant in facts.variants:
        text = model_card(facts, variant)
        assert yaml.safe_load(text.split("---")[1])["license"] == "apache-2.0"
        assert variant.hypothesis in text
        assert (CAVEATS["no_edge_prompt"] in text) == (variant.name == "no_edge_prompt")
        for row in (row for row in facts.rows if row["variant"] == variant.name):
            assert f"{row['top1']} [{row['top1_ci_low']}, {row['top1_ci_high']}]" in text


def test_a_cards_command_has_a_seed_of_the_study(facts):
    for path in facts.finished.folder.rglob("seed-*"):
        path.rename(path.with_name(f"seed-{int(path.name[5:]) + 5}"))
    assert "--ablation lstm_gate --seed 0`" not in card(changed(facts, seed=5), "lstm_gate")


def test_a_card_has_the_training_and_the_cost_of_its_variant(facts):
    rows = facts.finished.table("cost")
    mine = (rows.dataset == "jester-fixture") & (rows.variant == "no_tube_mask") & (rows.component == "all")
    (row,) = rows[mine].to_dict("records")
    wanted = [f"{row['params']:,}", f"{row['macs']:,}", "0.0123"]
    for table, cost in ((rows, wanted), (rows.assign(peak_mem_gb=float("nan")), wanted[:2]), (rows[~mine], [])):
        write_frame(facts.finished.path("cost"), TABLES["cost"], table)
        lines = card(facts, "no_tube_mask").splitlines()
        trained, counted = (line for line in lines if line.startswith("- jester-fixture: "))
        assert (numbers(trained)[:4], numbers(counted)) == (["240", "50", "43", "3"], cost)


READ = {
    "The exact number": ["54", "3", "6", "3"],
    "The relevant statistics": ["89", "60"] * 3,
    "An explanation of any data excluded": ["1", "1", "1"],
    "The average runtime": ["43", "4", "0.6"],
}


def test_the_checklists_21_answers_follow_from_the_files(facts):
    found = answers(facts)
    assert len(found) == 21
    assert {answer for answer, *_ in found.values()} == {"**yes**", "**no**", "**does not apply**"}
    told = {start: numbers(rest[1]) for item, rest in found.items() for start in READ if item.startswith(start)}
    assert told == READ
    assert any("a CPU" in reason for _, reason, *_ in found.values())
    other = answers(changed(facts, git={"commit": "0" * 40, "dirty": True}, lock_hash=None))
    turned = {item for item in found if (found[item][0], other[item][0]) == ("**yes**", "**no**")}
    assert turned == {"Specification of dependencies", "Training code", "Evaluation code"}


def test_runs_of_other_readings_are_counted_and_kept(facts):
    full = facts.finished.folder / "jester-fixture/full/seed-0"
    other = full.parents[1] / "kv-source.additive" / full.name
    shutil.copytree(full, other)
    edit_record(other, variant="kv-source.additive", train_seconds=43 + 55 * 7)
    found = [numbers(reason) for _, reason, *_ in answers(Facts(facts.finished)).values()]
    assert ["55", "3", "6", "3", "1"] in found
    assert ["50", "4"] in [one[:2] for one in found]
    with zipfile.ZipFile(bundle(facts.finished.results).stdout.strip()) as archive:
        assert "jester-fixture/kv-source.additive/seed-0/predictions.parquet" in archive.namelist()
