"""`lcr verify` finds every flipped byte and every edited cell, says where, and passes what is whole."""

import csv
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lcr.config.keys import record_key
from lcr.config.run import WORK
from lcr.evidence.hashes import NAME, read_hashes
from lcr.evidence.verify import verify
from lcr.study.tables.registry import TABLES
from lcr.util.errors import InputError
from lcr.util.provenance import commit_known, git_state

RUN = "results/made-up/jester-fixture/lstm_gate/seed-1"


def flip(path: Path, at: int, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= bit
    path.write_bytes(content)


def edit_record(file: Path, **values) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def test_whole_results_match_and_it_is_said_what_was_checked(finished):
    report = verify("results")
    assert report.problems == []
    assert (report.runs, report.tables) == (9, len(TABLES))
    # 5 files a run; tables and the two pictures, each also published; and the readings' diagnosis
    assert report.files == 9 * 5 + 2 * (len(TABLES) + 2) + 1
    assert len(report.notes["made outside a repository, so it names no commit"]) >= 9


def test_one_flipped_byte_of_any_file_is_found_and_the_file_named(finished):
    manifest = WORK / "data/made-up/jester-fixture" / "manifest.parquet"
    files = [finished.results / name for name in read_hashes("results").files]
    assert len(files) > 50
    for number, path in enumerate([*files, manifest, finished.results / NAME]):
        whole = path.read_bytes()
        at = (0, len(whole) // 2, len(whole) - 1)[number % 3]
        flip(path, at, bit=(1, 0x80)[number % 2])
        assert any(str(path) in problem for problem in finished.problems()), f"byte {at} of {path}"
        path.write_bytes(whole)
    assert finished.problems() == []


def test_a_missing_file_is_found(finished):
    for name in ("results/table2.csv", f"{RUN}/temporal.parquet", f"{RUN}/model.safetensors"):
        moved = Path(name).rename(Path("elsewhere"))
        assert f"{name} is missing" in finished.problems()
        moved.rename(name)


def cells(path: Path) -> tuple[list[str], list[list[str]]]:
    with path.open(newline="") as opened:
        head, *rows = list(csv.reader(opened))
    return head, rows


def rewrite(path: Path, head: list[str], rows: list[list[str]]) -> None:
    with path.open("w", newline="") as opened:
        csv.writer(opened, lineterminator="\n").writerows([head, *rows])


@pytest.mark.parametrize("name", TABLES)
def test_one_edited_cell_of_any_column_is_computed_anew_and_found_though_its_hash_was_renewed(finished, name):
    own, published = finished.results / "made-up" / f"{name}.csv", finished.results / f"{name}.csv"
    head, rows = cells(own)
    for column, title in enumerate(head):
        line = next((at for at, row in enumerate(rows) if row[column]), 0)
        edited = [list(row) for row in rows]
        edited[line][column] = edited[line][column][:-1] + ("7" if edited[line][column][-1:] != "7" else "3")
        for path in (own, published):
            rewrite(path, head, edited)
        if title in TABLES[name].machine:  # measured, and not computed: its bytes alone tell
            assert f"{own}: its bytes are not those of {NAME}" in finished.problems()
            continue
        finished.rehash()
        assert any(f"line {line + 2}, {title}:" in problem for problem in finished.problems()), title
    for path in (own, published):
        rewrite(path, head, rows)
    finished.rehash()
    assert finished.problems() == []


def test_a_dropped_row_another_column_and_an_edited_published_copy_are_found(finished):
    own, published = finished.results / "made-up" / "table2.csv", finished.results / "table2.csv"
    head, rows = cells(own)
    for change in ((head, rows[:-1]), (head, [*rows[:-2], rows[-1], rows[-2]]), ([*head[:-1], "remark"], rows)):
        for path in (own, published):
            rewrite(path, *change)
        finished.rehash()
        assert any("table2.csv" in problem for problem in finished.problems())
    rewrite(own, head, rows)
    finished.rehash()
    assert f"{published} is not the study's {own}" in finished.problems()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"evaluate_key": "of yesterday"}, "stale: its configuration or the sources have changed"),
        ({"train_key": "of yesterday"}, "stale: what it was trained with"),
        ({"seed": 7}, "seed is 7, its folder says 1"),
        ({"data_hash": "other data"}, "not those of the manifest"),
        ({"protocol": None}, "its files cannot be read"),
        ({"config": None}, "its files cannot be read"),
        ({"protocol": {"rule": "mean_last"}}, "protocol.rule is not the study's"),
        ({"git": {"commit": "0" * 40, "dirty": False}}, "is not in this repository's history"),
    ],
)
def test_a_record_that_contradicts_its_folder_sources_or_data_is_found_though_hashes_were_renewed(
    finished, values, said
):
    if "git" in values and commit_known("0" * 40) != "not in history":
        pytest.skip("there is no whole repository here to look a commit up in")
    edit_record(Path(RUN) / "run.json", **values)
    finished.rehash()
    assert any(RUN in problem and said in problem for problem in finished.problems())


def test_a_changed_width_in_a_record_is_found(finished):
    file = Path(RUN) / "run.json"
    record = json.loads(file.read_text())
    record["config"]["model"]["hidden"] += 4
    edit_record(file, config=record["config"])
    finished.rehash()
    assert any("config.model.hidden is not the variant's" in problem for problem in finished.problems())


def test_sources_that_differ_from_their_commit_are_noted(finished):
    edit_record(Path(RUN) / "run.json", git={"commit": git_state()["commit"], "dirty": True})
    finished.rehash()
    report = verify("results")
    assert any("differed from commit" in note for note in report.notes)


def test_changed_sources_make_every_run_and_manifest_stale(finished, sources):
    sources("an edit that can change a number")
    problems = finished.problems()
    assert sum("stale: its configuration or the sources" in problem for problem in problems) == 9
    assert any("manifest.parquet was made for another configuration" in problem for problem in problems)


def test_a_prediction_turned_into_a_right_answer_is_found_in_every_table_of_it(finished):
    file = Path(RUN) / "predictions.parquet"
    table = pq.read_table(file)
    for at in range(len(table)):
        label, prediction = table["label"][at].as_py(), table["prediction"][at].as_py()
        if label != prediction:
            break
    columns = {name: table[name].to_numpy().copy() for name in table.column_names[3:]}
    columns["prediction"][at] = label
    columns[f"score_{label}"][at] = 0.99
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), name, pa.array(values))
    pq.write_table(table, file)
    finished.rehash()
    problems = finished.problems()
    for name in ("table2", "ablations", "statistics"):
        assert any(f"{name}.csv, line" in problem for problem in problems)


def test_predictions_of_other_clips_than_the_manifests_are_found(finished):
    file = Path(RUN) / "predictions.parquet"
    table = pq.read_table(file)
    ids = pa.array([f"{clip}x" for clip in table["id"].to_pylist()])
    pq.write_table(table.set_column(0, "id", ids), file)
    finished.rehash()
    assert any("not of the manifest's validation clips" in problem for problem in finished.problems())


def test_another_configuration_than_the_recorded_one_is_named(finished):
    Path("made-up.yaml").write_text(Path("made-up.yaml").read_text().replace("question: made up", "question: other"))
    assert "study 'made-up': study.question has changed since the results were made" in finished.problems()


def test_without_hashes_one_is_told_how_to_make_them(tmp_path):
    with pytest.raises(InputError, match="make it with `lcr hashes`"):
        verify(tmp_path)


def test_files_that_came_later_are_noted(finished):
    shutil.copy(f"{RUN}/metrics.jsonl", f"{RUN}/metrics-2.jsonl")
    report = verify("results")
    assert report.problems == []
    assert report.notes[f"not in {NAME}"] == ["made-up/jester-fixture/lstm_gate/seed-1/metrics-2.jsonl"]


def test_what_is_made_once_a_study_is_stale_when_its_key_is_another(finished):
    for name in ("cost", "reading_diagnosis"):
        record_key(finished.results / "made-up" / f"{name}.json", "of yesterday")
    finished.rehash()
    for name in ("cost", "reading_diagnosis"):
        assert any(f"{name}.json: stale" in problem for problem in finished.problems())
