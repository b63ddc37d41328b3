"""`lcr verify` finds every flipped byte and every edited cell, names the place, and passes unchanged results."""

import csv
import json
import re
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lcr.commands.evidence import checked
from lcr.config import keys
from lcr.config.keys import record_key
from lcr.config.run import Data
from lcr.config.study_keys import diagnosis_key
from lcr.evidence import verify
from lcr.evidence.checks import Report, check_files
from lcr.evidence.hashes import NAME, read_hashes
from lcr.study.tables.frame import Source
from lcr.study.tables.registry import TABLES
from lcr.util.errors import InputError, Mismatch
from lcr.util.provenance import commit_known, git_state
from tests.evidence.conftest import REFERENCE, RESULTS, edit_record

OWN = RESULTS / "made-up"
RUN = OWN / "jester-fixture/lstm_gate/seed-1"
MADE = [name for name, table in TABLES.items() if table.maker]


def flip(path: Path, at: int, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= bit
    path.write_bytes(content)


def test_whole_results_match_and_it_is_said_what_was_checked(finished):
    report = checked("results")
    assert report.problems == []
    # 5 files a run; tables and the two pictures, each also published; and the readings' diagnosis
    files = 9 * 5 + 2 * (len(MADE) + 2) + 1
    assert re.findall(r"\d+", report.checked) == [str(files), "9", str(len(MADE))]
    assert len(max(report.notes.values(), key=len)) >= 9  # no commit is recorded


@pytest.mark.parametrize("packed", [False, True])
def test_one_flipped_byte_of_any_file_is_found_and_the_file_named(finished, packed):
    folder = finished.reference() if packed else RESULTS
    hashes = read_hashes(folder)
    for number, path in enumerate(folder / name for name in hashes.files):
        whole, report = path.read_bytes(), Report()
        flip(path, (0, len(whole) // 2, len(whole) - 1)[number % 3], bit=(1, 0x80)[number % 2])
        check_files(folder, hashes, report, lambda: None)
        assert len(report.problems) == 1
        assert str(path) in report.problems[0]
        path.write_bytes(whole)
    path = folder / "table2.csv"
    flip(path, 100, bit=1)
    assert any(str(path) in problem for problem in finished.problems(folder))
    flip(folder / NAME, 100, bit=1)
    with pytest.raises(Mismatch, match=str(folder / NAME)):
        checked(str(folder))


def test_missing_files_are_found(finished):
    manifest = Data.of(finished.study, "jester-fixture").folder / "manifest.parquet"
    names = [RESULTS / "table2.csv", RUN / "temporal.parquet", RUN / "model.safetensors", manifest]
    for name in names:
        name.unlink()
    problems = finished.problems()
    for name in names:
        assert any(str(name) in problem for problem in problems)
    with pytest.raises(InputError, match=str(manifest)):
        finished.rehash()
    manifest.write_bytes(b"no table")
    assert sum(str(manifest) in problem for problem in finished.problems()) == 2
    shutil.rmtree(OWN)
    with pytest.raises(InputError, match=str(OWN)):
        finished.rehash()


def cells(path: Path) -> list[list[str]]:
    with path.open(newline="") as opened:
        return list(csv.reader(opened))


def rewrite(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", newline="") as opened:
        csv.writer(opened, lineterminator="\n").writerows(rows)


@pytest.mark.parametrize("name", MADE)
def test_one_edited_cell_of_every_column_is_computed_again_and_found(finished, monkeypatch, name):
    monkeypatch.setattr(verify, "SHOWN", 1000)
    path, table, report = OWN / f"{name}.csv", TABLES[name], Report()
    head, *rows = cells(path)
    edited = []
    for column in range(len(head)):
        line = next((at for at, row in enumerate(rows) if row[column]), 0)
        rows[line][column] = rows[line][column][:-1] + ("7" if rows[line][column][-1:] != "7" else "3")
        edited.append((f"{path}, line {line + 2}, {head[column]}:", table.columns[column].machine))
    rewrite(path, [head, *rows])
    verify.check_table(path, table, Source(finished.study, RESULTS, measure=False), report)
    wanted = sorted(start for start, machine in edited if not machine)  # measured cells: the file's hash alone tells
    assert [problem[: len(start)] for problem, start in zip(sorted(report.problems), wanted, strict=True)] == wanted


def test_a_dropped_row_another_column_and_an_edited_published_copy_are_found(finished):
    path, source = OWN / "table2.csv", Source(finished.study, RESULTS)
    head, *rows = cells(path)
    for change in ([head, *rows[:-1]], [head, *rows[:-2], rows[-1], rows[-2]], [[*head[:-1], "remark"], *rows]):
        report = Report()
        rewrite(path, change)
        verify.check_table(path, TABLES["table2"], source, report)
        assert any(str(path) in problem for problem in report.problems)
    finished.rehash()
    assert any(str(RESULTS / "table2.csv") in problem for problem in finished.problems())


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"evaluate_key": "of yesterday"}, ""),
        ({"train_key": "of yesterday"}, ""),
        ({"seed": 7}, "jester-fixture/lstm_gate/7"),
        ({"data_hash": "other data"}, "data_hash"),
        ({"protocol": None}, "protocol"),
        ({"protocol": {"rule": "mean_last"}}, "protocol.rule"),
        ({"git": {"commit": "0" * 40, "dirty": False}}, "0" * 12),
        ({"git": {**git_state(), "dirty": False}, "lock_hash": "0" * 64}, "lock"),
    ],
)
def test_a_record_that_contradicts_its_folder_sources_or_data_is_found_though_hashes_were_renewed(
    finished, values, named
):
    if "git" in values and commit_known("0" * 40) != "not in history":
        pytest.skip("there is no whole repository here to look a commit up in")
    edit_record(RUN, **values)
    finished.rehash()
    assert any(str(RUN) in problem and named in problem for problem in finished.problems())


def test_a_changed_width_in_a_record_is_found_and_sources_that_differ_from_their_commit_are_noted(finished):
    config = json.loads((RUN / "run.json").read_text())["config"]
    config["model"]["hidden"] += 4
    edit_record(RUN, config=config, git={"commit": git_state()["commit"], "dirty": True})
    finished.rehash()
    report = checked("results")
    assert any(str(RUN) in problem and "config.model.hidden" in problem for problem in report.problems)
    assert any(str(RUN / "run.json") in places and len(places) < 3 for places in report.notes.values())


def test_changed_sources_make_every_run_manifest_and_table_of_the_study_stale(finished, sources):
    for name in ("cost", "reading_diagnosis"):
        record_key(OWN / f"{name}.json", "of yesterday")
    finished.rehash()
    sources("an edit that can change a number")
    problems = finished.problems()
    for file, count in {"run.json": 9, "manifest.parquet": 1, "cost.json": 1, "reading_diagnosis.json": 1}.items():
        assert sum(f"{file}: stale" in problem for problem in problems) == count


def test_another_library_version_is_no_problem_and_noted(finished, monkeypatch):
    record_key(OWN / "reading_diagnosis.json", diagnosis_key(finished.study))
    finished.rehash()
    before = checked("results")
    monkeypatch.setattr(keys, "_versions", lambda: dict.fromkeys(keys.LIBRARIES, "1.0"))
    monkeypatch.setattr(keys, "backend_here", lambda device, width: "cpu")
    after = checked("results")
    assert before.problems == after.problems == []
    (note,) = before.notes.keys() - after.notes.keys()
    assert len(before.notes[note]) == 9


def test_a_prediction_turned_into_the_label_is_found_in_every_table_of_it(finished):
    file = RUN / "predictions.parquet"
    table = pq.read_table(file)
    at, label = next(
        (at, row["label"]) for at, row in enumerate(table.to_pylist()) if row["label"] != row["prediction"]
    )
    for name, value in {"prediction": label, f"score_{label}": 0.99}.items():
        column = table[name].to_numpy().copy()
        column[at] = value
        table = table.set_column(table.column_names.index(name), name, pa.array(column))
    pq.write_table(table, file)
    finished.rehash()
    problems = finished.problems()
    for name in ("table2", "ablations", "statistics"):
        assert any(f"{name}.csv, line" in problem for problem in problems)


def test_predictions_of_other_clips_than_the_manifests_and_another_configuration_are_found(finished):
    file = RUN / "predictions.parquet"
    table = pq.read_table(file)
    ids = pa.array([f"{clip}x" for clip in table["id"].to_pylist()])
    pq.write_table(table.set_column(0, "id", ids), file)
    finished.rehash()
    study = Path("made-up.yaml")
    study.write_text(study.read_text().replace("question: made up", "question: other"))
    problems = finished.problems()
    assert any(problem.startswith(str(RUN)) for problem in problems)
    assert any("study.question" in problem for problem in problems)


def test_files_that_came_later_are_noted(finished):
    shutil.copy(RUN / "metrics.jsonl", RUN / "metrics-2.jsonl")
    report = checked("results")
    assert report.problems == []
    assert ["made-up/jester-fixture/lstm_gate/seed-1/metrics-2.jsonl"] in report.notes.values()


def test_the_hashes_are_found_in_the_folder_or_in_the_only_reference_in_it(finished, tmp_path):
    reference = finished.reference()
    assert verify.hashed_folder(reference.parent) == verify.hashed_folder(reference) == REFERENCE
    shutil.copytree(reference, reference.with_name("other"))
    with pytest.raises(InputError, match=str(REFERENCE)):
        verify.hashed_folder(reference.parent)
    with pytest.raises(InputError, match="lcr hashes"):
        checked(str(tmp_path / "nothing"))
