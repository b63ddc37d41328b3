"""A finished study is found from any folder, and never read over fewer seeds than the tables are."""

import shutil

import pytest

from lcr.report.finished import Finished
from lcr.study.tables.frame import Source
from lcr.study.tables.registry import made_by, write_table
from lcr.util.errors import InputError
from tests.sealed import edit_table, write_log
from tests.study.conftest import made_up_study

SEARCH = made_by("readings search")


def test_results_are_found_from_the_project_and_from_a_folder_in_it(finished, tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "results").symlink_to(finished.results)
    for here in (tmp_path, tmp_path / "notebooks"):
        monkeypatch.chdir(here)
        assert Finished("made-up").results == tmp_path / "results"
    with pytest.raises(InputError, match=r"snakemake .*study=tiny"):
        Finished("tiny")


@pytest.mark.parametrize(("study", "named"), [("tinny", "'tiny'"), ("mine", r"--config study=FILE\.yaml")])
def test_a_study_that_nobody_knows_is_no_advice_to_run_it(study, named):
    with pytest.raises(InputError, match=named) as refused:
        Finished(study)
    assert f"study={study}" not in str(refused.value)


@pytest.mark.parametrize("given", [{"study": 3}, {"study": "made-up", "results": 3}])
def test_a_name_that_is_a_number_is_refused_with_papermills_way_to_give_it(given):
    with pytest.raises(InputError, match=r"-r (study|results) 3"):
        Finished(**given)


@pytest.mark.parametrize("name", SEARCH)
def test_the_package_has_the_tables_of_the_search_where_a_study_lacks_them(copy, name):
    (copy.folder / f"{name}.csv").write_text("damaged")
    with pytest.raises(InputError, match=f"made-up/{name}"):
        copy.table(name)
    (copy.folder / f"{name}.csv").unlink()
    assert len(copy.table(name)) > 40


@pytest.mark.slow
def test_the_packages_tables_are_what_the_search_finds(finished, tmp_path):
    (tmp_path / "made-up").mkdir()
    frozen = Finished("made-up", tmp_path)
    for old in [frozen.path(name) for name in SEARCH]:
        assert write_table(old.stem, Source(made_up_study(name="tiny"), tmp_path)).read_bytes() == old.read_bytes()


def test_curves_hold_every_seed_and_no_end_line_and_predictions_agree_with_the_tables_accuracy(finished):
    curves = finished.curves()
    assert (len(curves), curves.step[:5].tolist()) == (3 * 6 * 3 * 5, [10, 20, 30, 40, 50])
    assert curves.loss.notna().all()
    rows = finished.table("ablations").set_index(["dataset", "variant"])
    for found in finished.class_predictions("no_tube_mask"):
        share = (found.predictions == found.labels).mean()
        assert 100 * share == pytest.approx(rows.top1[found.dataset, "no_tube_mask"], abs=0.005)


def _other_clips(folder):
    edit_table(folder / "predictions.parquet", lambda table: table[1:])


@pytest.mark.parametrize(
    ("damage", "read", "named"),
    [
        (shutil.rmtree, Finished.class_predictions, r"\b2\b.*ablations\.csv.*\b3\b"),
        (_other_clips, Finished.class_predictions, "jester-fixture/full"),
        (
            lambda run: write_log(run, [{"step": 7, "loss": 1}]),
            Finished.curves,
            "jester-fixture/full",
        ),
        (lambda run: (run / "predictions.parquet").unlink(), Finished.class_predictions, "seed-1/predictions.parquet"),
        (lambda run: (run / "metrics.jsonl").unlink(), Finished.curves, "seed-1/metrics.jsonl"),
    ],
)
def test_a_missing_seed_or_file_and_seeds_of_other_clips_or_steps_are_refused_by_name(copy, damage, read, named):
    damage(copy.folder / "jester-fixture/full/seed-1")
    with pytest.raises(InputError, match=named):
        read(copy)
