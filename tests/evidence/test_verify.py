"""`lcr verify` finds every flipped byte and every edited cell, names the place, and passes unchanged results."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from lcr.cli import app
from lcr.commands.evidence import checked
from lcr.config import keys
from lcr.config.keys import record_key
from lcr.config.run import Data
from lcr.config.study_keys import diagnosis_key
from lcr.evidence import hashes, verify
from lcr.evidence.findings import SHOWN_ALIKE, Report
from lcr.evidence.hashes import NAME, read_hashes
from lcr.study.store import Store
from lcr.study.tables.frame import Source
from lcr.study.tables.registry import TABLES
from lcr.util.errors import InputError, Mismatch
from lcr.util.parquet import read_sealed_parquet, write_sealed_parquet
from lcr.util.provenance import commit_known, git_state
from tests.evidence.conftest import DATASET, MADE, OWN, REFERENCE, RESULTS, RUN, STUDY, edit_record


def flip(path: Path, at: int = 100, bit: int = 1) -> bytes:
    """Flips a bit of a file, whose earlier content is returned."""
    whole = path.read_bytes()
    path.write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at:][1:])
    return whole


def named(places: list[Path | str], problems: list[str]) -> bool:
    """Whether each of these places is named by a problem."""
    return all(any(str(place) in problem for problem in problems) for place in places)


def test_whole_results_match_and_it_is_said_what_was_checked(finished):
    shutil.copy(RUN / "metrics.jsonl", RUN / "came-later.jsonl")
    report = checked("results")
    assert report.problems == []
    # 5 files a run; tables and the two pictures, each also published; and the readings' diagnosis
    files = 4 * 5 + 2 * (len(MADE) + 2) + 1
    assert re.findall(r"\d+", report.checked) == [str(files), "4", str(len(MADE))]
    assert len(max(report.notes.values(), key=len)) >= 4  # no commit is recorded
    assert ["made-up/jester-fixture/lstm_gate/seed-1/came-later.jsonl"] in report.notes.values()


@pytest.mark.parametrize("packed", [False, True])
def test_one_flipped_byte_of_any_file_is_found_and_the_file_named(finished, packed):
    folder = finished.reference() if packed else RESULTS
    hashes, store = read_hashes(folder), Store(folder.parent if packed else folder, "made-up")
    for number, path in enumerate(folder / name for name in hashes.files):
        report, at = Report(), (0, path.stat().st_size // 2, -2)[number % 3]
        whole = flip(path, at, bit=(1, 0x80)[number % 2])
        verify.check_files(store, hashes, report, lambda: None)
        assert len(report.problems) == 1
        assert named([path], report.problems)
        path.write_bytes(whole)
    flip(folder / "table2.csv")
    assert named([folder / "table2.csv"], checked(str(folder)).problems)
    flip(folder / NAME, -60)  # in the last hash, so that it stays JSON
    problems = checked(str(folder)).problems
    assert named([folder / NAME, folder / "table2.csv"], problems)


def test_missing_and_damaged_files_are_found(finished):
    manifest = Data.of(finished.study, DATASET).folder / "manifest.parquet"
    names = [RESULTS / "table2.csv", OWN / "table1.csv", RUN / "temporal.parquet", RUN / "model.safetensors", manifest]
    for name in names:
        name.unlink()
    assert named(names, checked("results").problems)
    with pytest.raises(InputError, match=str(manifest)):
        finished.rehash()
    manifest.write_bytes(b"no table")
    assert sum(str(manifest) in problem for problem in checked("results").problems) == 2
    shutil.rmtree(OWN)
    with pytest.raises(InputError, match=str(OWN)):
        finished.rehash()


@pytest.mark.parametrize("name", MADE)
def test_one_edited_cell_of_every_column_is_computed_again_and_found(finished, monkeypatch, name):
    monkeypatch.setattr(verify, "SHOWN", 1000)
    path, table, report = OWN / f"{name}.csv", TABLES[name], Report()
    cells = pd.read_csv(path, dtype=str, keep_default_na=False)
    edited = []
    for column in table.columns:
        line = max(range(len(cells)), key=lambda row: bool(cells[column.name][row]))  # the first that is not empty
        cell = cells.loc[line, column.name]
        cells.loc[line, column.name] = cell[:-1] + ("7" if cell[-1:] != "7" else "3")
        if not column.machine:  # of measured cells only the file's hash tells
            edited.append(f"{path}, line {line + 2}, {column.name}:")
    cells.to_csv(path, index=False)
    verify.check_table(path, table, Source(finished.study, RESULTS, measure=False), report)
    pairs = zip(sorted(report.problems), sorted(edited), strict=True)
    assert [problem[: len(start)] for problem, start in pairs] == sorted(edited)


def test_dropped_or_exchanged_rows_another_column_and_an_edited_published_copy_are_found(finished):
    path, source = OWN / "table2.csv", Source(finished.study, RESULTS)
    head, *rows = path.read_text().splitlines(keepends=True)
    for change in ([head, *rows[:-1]], [head, *rows[:-2], rows[-1], rows[-2]], [f"other,{head}", *rows]):
        report = Report()
        path.write_text("".join(change))
        verify.check_table(path, TABLES["table2"], source, report)
        assert named([path], report.problems)
    assert named([RESULTS / "table2.csv"], finished.problems())


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"evaluate_key": "of yesterday"}, RUN),
        ({"train_key": "of yesterday"}, RUN),
        ({"seed": 7}, "jester-fixture/lstm_gate/7"),
        ({"data_hash": "other data"}, "data_hash"),
        ({"protocol": None}, "protocol"),
        ({"protocol": {"rule": "mean_last"}}, "protocol.rule"),
        ({"config": {"model": {"hidden": 4}}}, "config.model.hidden"),
        ({"git": {"commit": "0" * 40, "dirty": False}}, "0" * 12),
        ({"git": {**git_state(), "dirty": False}, "lock_hash": "0" * 64}, "lock"),
        ({"git": {"commit": "--output=x"}}, "git.commit"),
    ],
)
def test_a_record_that_contradicts_its_folder_sources_or_data_is_found(finished, values, place):
    if "dirty" in values.get("git", {}) and commit_known("0" * 40) != "not in history":
        pytest.skip("there is no whole repository here to look a commit up in")
    edit_record(RUN, **values)
    assert any(str(RUN) in problem and str(place) in problem for problem in finished.problems())


def test_a_commit_of_the_hashes_that_is_an_option_is_a_finding_and_reaches_no_git(finished, monkeypatch):
    monkeypatch.setattr(hashes, "git_state", lambda: {"commit": "--output=x", "dirty": False})
    before = set(keys.PACKAGE.iterdir())
    assert any(NAME in problem and "git.commit" in problem for problem in finished.problems())
    assert set(keys.PACKAGE.iterdir()) == before


def test_runs_that_were_not_made_alike_are_noted_and_refused_on_demand(finished):
    (row,) = {RUN.parent}
    for run in OWN.glob("*/*/seed-*"):
        edit_record(run, hardware={"simd": "AVX2"})
    edit_record(RUN, hardware={"simd": "AVX512"})
    finished.rehash()
    report = checked("results")
    mixed = {place for text, places in report.notes.items() if "MIXED" in text for place in places}
    assert mixed == {str(row), str(row.with_name("full"))}
    refused = [problem for problem in checked("results", strict=True).problems if problem not in report.problems]
    assert len(refused) == 2
    assert named([*mixed], refused)


def test_sources_that_differ_from_their_commit_and_a_lock_of_an_unknown_time_are_noted(finished):
    edit_record(RUN, git={"commit": git_state()["commit"], "dirty": True})
    edit_record(RUN.with_name("seed-0"), lock_hash="0" * 64)
    assert finished.problems() == []
    noted = [places for places in checked("results").notes.values() if len(places) < 3]  # hashes.json may be the second
    for folder in (RUN, RUN.with_name("seed-0")):
        assert any(str(folder / "run.json") in places for places in noted)


def test_changed_sources_make_every_run_manifest_and_table_of_the_study_stale(finished, sources):
    for name in ("cost", "reading_diagnosis"):
        record_key(OWN / f"{name}.json", "of yesterday")
    sources("an edit that can change a number")
    problems = finished.problems()
    for file, count in {"run.json": 4, "manifest.parquet": 1, "cost.json": 1, "reading_diagnosis.json": 1}.items():
        assert sum(f"{file}:" in problem for problem in problems) == count


def test_another_library_version_is_no_problem_and_noted(finished, monkeypatch):
    record_key(OWN / "reading_diagnosis.json", diagnosis_key(finished.study))
    finished.rehash()
    before = checked("results")
    monkeypatch.setattr(keys, "_versions", lambda: dict.fromkeys(keys.LIBRARIES, "1.0"))
    monkeypatch.setattr(keys, "backend_here", lambda device, width: "cpu")
    after = checked("results")
    assert before.problems == after.problems == []
    (note,) = before.notes.keys() - after.notes.keys()
    assert len(before.notes[note]) == 4


@pytest.mark.parametrize(
    ("column", "value", "places"),
    [
        ("id", lambda row: f"{row['id']}x", [RUN]),
        ("prediction", lambda row: row["label"], [OWN / "table2.csv", OWN / "ablations.csv", OWN / "statistics.csv"]),
    ],
)
def test_edited_predictions_are_found_against_the_manifest_or_in_every_table_of_them(finished, column, value, places):
    path = RUN / "predictions.parquet"
    table = read_sealed_parquet(path, "")
    edited = pa.array(map(value, table.to_pylist()))
    write_sealed_parquet(path, table.set_column(table.column_names.index(column), column, edited))
    assert named(places, finished.problems())


def test_another_configuration_and_another_study_than_the_hashed_are_found(finished):
    study = finished.study.model_dump(mode="json") | {"question": "other"}
    Path(STUDY).write_text(json.dumps(study))
    assert named(["study.question"], checked("results").problems)
    Path(STUDY).write_text(json.dumps(study | {"name": "other"}))
    assert named([RESULTS / NAME], checked("results").problems)
    with pytest.raises(InputError, match=NAME):
        checked("results", STUDY)


def test_the_hashes_are_found_in_the_folder_or_in_every_reference_in_it(finished):
    reference = finished.reference()
    assert verify.hashed_folders(reference.parent) == verify.hashed_folders(reference) == [REFERENCE]
    other = shutil.copytree(reference, reference.with_name("other"))
    assert verify.hashed_folders(reference.parent) == [reference, other]
    flip(other / "table2.csv")
    answer = CliRunner().invoke(app, ["verify", str(reference.parent)])
    assert isinstance(answer.exception, Mismatch)
    assert str(other) in str(answer.exception)
    assert f"{reference} matches" in answer.output
    answer = CliRunner().invoke(app, ["verify", str(reference.parent), "--study", STUDY])
    assert isinstance(answer.exception, InputError)
    with pytest.raises(InputError, match=NAME):
        checked("nothing")


def test_hashes_that_are_gone_or_hold_more_than_they_should_are_found(finished):
    reference = finished.reference()
    whole = json.loads((reference / NAME).read_text())
    del whole["hash"]
    (reference / NAME).write_text(json.dumps(whole | {"more": 1, "hash": keys.hash_of(whole | {"more": 1})}))
    assert named([reference / NAME], checked(str(reference), STUDY).problems)
    (reference / NAME).unlink()
    assert named([reference / NAME], checked(reference).problems)
    edit_record(RUN, seed=7)
    (RESULTS / NAME).unlink()
    assert named([RESULTS / NAME, RUN / "run.json"], checked("results", STUDY).problems)


def test_many_problems_of_one_cause_are_told_once_and_counted():
    report = Report(problems=[f"run {number}: stale" for number in range(20)] + ["a: other"])
    lines = list(report.problem_lines())
    assert len(lines) == SHOWN_ALIKE + 2
    assert lines[-1] == f"and {20 - SHOWN_ALIKE} more: stale"
