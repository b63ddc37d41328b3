"""What notebooks read: found from any folder, and never over fewer seeds than the tables are."""

import shutil

import numpy as np
import pytest

from lcr.report.finished import Finished
from lcr.util.errors import InputError


def test_results_are_found_from_the_project_and_from_a_folder_in_it(finished, tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "results").symlink_to(finished.results)
    for here in (tmp_path, tmp_path / "notebooks"):
        monkeypatch.chdir(here)
        assert Finished("made-up").results == tmp_path / "results"


def test_results_that_are_not_there_say_how_to_make_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="snakemake --cores all --config study=tiny"):
        Finished("tiny")


def test_curves_hold_every_seed_and_no_end_line(finished):
    curves = finished.curves()
    assert len(curves) == 3 * 6
    assert curves[0].loss.shape == (3, 5)
    np.testing.assert_array_equal(curves[0].steps, [10, 20, 30, 40, 50])


def test_answers_agree_with_the_tables_accuracy(finished):
    for answers in finished.class_answers("no_tube_mask"):
        row = next(
            row for row in finished.variants() if (row["dataset"], row["variant"]) == (answers.dataset, "no_tube_mask")
        )
        assert f"{100 * (answers.predictions == answers.labels).mean():.2f}" == row["top1"]


def test_a_seed_more_or_fewer_than_the_tables_have_is_refused(finished, tmp_path):
    shutil.copytree(finished.results, tmp_path / "results")
    copy = Finished("made-up", tmp_path / "results")
    shutil.rmtree(copy.folder / "jester-fixture/full/seed-1")
    with pytest.raises(InputError, match=r"has 2 seeds, and ablations\.csv is over 3"):
        copy.class_answers()


def test_a_folder_that_is_no_seed_is_not_one(finished, tmp_path):
    shutil.copytree(finished.results, tmp_path / "results")
    copy = Finished("made-up", tmp_path / "results")
    full = copy.folder / "jester-fixture/full"
    shutil.copytree(full / "seed-1", full / "seed-1.bak")
    assert [folder.name for folder in copy.seeds("jester-fixture", "full")] == ["seed-0", "seed-1", "seed-2"]


@pytest.mark.parametrize("damage", [lambda content: content[:-9], lambda content: b"something else"])
@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("predictions.parquet", Finished.class_answers),
        ("predictions.parquet", lambda copy: copy.classes("jester-fixture")),
        ("metrics.jsonl", Finished.curves),
    ],
)
def test_a_runs_damaged_or_missing_file_is_named(finished, tmp_path, name, read, damage):
    shutil.copytree(finished.results, tmp_path / "results")
    copy = Finished("made-up", tmp_path / "results")
    file = copy.folder / "jester-fixture/full/seed-0" / name
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(InputError, match=rf"{name} is damaged .*; remove it and run snakemake again"):
        read(copy)
    file.unlink()
    with pytest.raises(InputError, match=rf"no .*{name}; run snakemake again"):
        read(copy)


def test_a_missing_table_is_refused_by_name(finished):
    with pytest.raises(InputError, match=r"no table .*unheard-of\.csv"):
        finished.rows("unheard-of")


@pytest.mark.parametrize("given", [{"study": 3}, {"study": "made-up", "results": 3}])
def test_a_name_that_is_a_number_is_refused_with_papermills_way_to_give_it(given):
    with pytest.raises(InputError, match=r"is 3, no text; from papermill give it with `-r (study|results) 3`"):
        Finished(**given)
