"""A finished study is found from any folder, and never read over fewer seeds than the tables are."""

import json
import shutil

import pyarrow.parquet as pq
import pytest

from lcr.report.finished import Finished
from lcr.util.errors import InputError


def test_results_are_found_from_the_project_and_from_a_folder_in_it(finished, tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "results").symlink_to(finished.results)
    for here in (tmp_path, tmp_path / "notebooks"):
        monkeypatch.chdir(here)
        assert Finished("made-up").results == tmp_path / "results"


def test_results_that_are_not_there_come_with_the_command_that_makes_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"snakemake .*study=tiny"):
        Finished("tiny")


def test_curves_hold_every_seed_and_no_end_line(finished):
    curves = finished.curves()
    assert len(curves) == 3 * 6 * 3 * 5
    assert curves.step[:5].tolist() == [10, 20, 30, 40, 50]
    assert curves.loss.notna().all()


def test_predictions_agree_with_the_tables_accuracy(finished):
    rows = finished.table("ablations").set_index(["dataset", "variant"])
    for found in finished.class_predictions("no_tube_mask"):
        share = 100 * (found.predictions == found.labels).mean()
        assert f"{share:.2f}" == f"{rows.top1[found.dataset, 'no_tube_mask']:.2f}"


def test_a_seed_less_than_the_tables_have_is_refused(copy):
    shutil.rmtree(copy.folder / "jester-fixture/full/seed-1")
    with pytest.raises(InputError, match=r"\b2\b.*ablations\.csv.*\b3\b"):
        copy.class_predictions()


def test_seeds_of_other_clips_or_steps_are_refused(copy):
    folder = copy.folder / "jester-fixture/full/seed-1"
    table = pq.read_table(folder / "predictions.parquet")
    pq.write_table(table[1:], folder / "predictions.parquet")
    with pytest.raises(InputError, match="jester-fixture/full"):
        copy.class_predictions()
    (folder / "metrics.jsonl").write_text(json.dumps({"step": 7, "loss": 1.0}))
    with pytest.raises(InputError, match="jester-fixture/full"):
        copy.curves()


@pytest.mark.parametrize(("name", "read"), [("predictions", Finished.class_predictions), ("metrics", Finished.curves)])
def test_a_runs_missing_file_is_named(copy, name, read):
    (file,) = (copy.folder / "jester-fixture/full/seed-0").glob(f"{name}.*")
    file.unlink()
    with pytest.raises(InputError, match=file.name):
        read(copy)


@pytest.mark.parametrize("given", [{"study": 3}, {"study": "made-up", "results": 3}])
def test_a_name_that_is_a_number_is_refused_with_papermills_way_to_give_it(given):
    with pytest.raises(InputError, match=r"-r (study|results) 3"):
        Finished(**given)
