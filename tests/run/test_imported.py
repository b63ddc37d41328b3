"""Predictions from elsewhere: what is read of a file, and what is refused."""

from pathlib import Path

import pandas as pd
import pytest

from lcr.config.load import load_study
from lcr.config.run import Run
from lcr.config.variant import METHOD_ARMS
from lcr.run.evaluate import evaluate
from lcr.run.train import train
from lcr.study.store import Store
from lcr.study.tables.frame import Source
from lcr.study.tables.registry import TABLES, write_table
from lcr.util.errors import InputError
from tests.cli import lcr
from tests.micro import STUDY

CLASSES = ["Swiping Left", "Swiping Right"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with the micro study and its full model, trained and tested; the full model's own predictions."""
    folder = tmp_path_factory.mktemp("imported")
    known = dict(METHOD_ARMS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "micro.yaml").write_text(STUDY)
        study = load_study("micro.yaml")
        run = Run(study=study, dataset="jester-fixture", variant=study.variant("full"), seed=0)
        train(run)
        evaluate(run)
        table = Store(run.results, "micro").predictions("jester-fixture", "full", 0).to_pandas()
        yield table[["id", "score_0", "score_1"]]
    METHOD_ARMS.clear()
    METHOD_ARMS.update(known)


def bring(table: pd.DataFrame, name: str = "theirs.csv", method: str = "theirs"):
    path = Path(name)
    table.to_csv(path, index=False) if path.suffix == ".csv" else table.to_parquet(path)
    words = ("import-predictions", path, "--method", method, "--dataset", "jester-fixture", "--study", "micro.yaml")
    return lcr(*words)


@pytest.mark.parametrize("name", ["theirs.csv", "theirs.parquet"])
@pytest.mark.parametrize("named", [False, True])
def test_the_same_scores_give_the_same_row(made, name, named):
    table = made.sample(frac=1, random_state=0)
    bring(table.rename(columns=dict(zip(("score_0", "score_1"), CLASSES, strict=True))) if named else table, name)
    study = load_study("micro.yaml+imported:theirs")
    source = Source(study, Path("results"))
    write_table("cost", source)
    write_table("table2", source)
    rows = source.read(TABLES["table2"]).set_index("variant")
    assert rows.top1["theirs"] == rows.top1["full"]
    assert (rows.source["theirs"], rows.reads["theirs"]) == ("method", "not known")
    assert pd.isna(rows.params_m["theirs"])
    assert "MIXED" not in "".join(rows.note)
    write_table("temporal", source)
    assert "theirs" not in set(source.read(TABLES["temporal"]).variant)


WRONG = {
    "no id": lambda table: table.rename(columns={"id": "clip"}),
    "a clip less": lambda table: table.iloc[1:],
    "a clip twice": lambda table: pd.concat([table, table.iloc[:1]]),
    "another split's clip": lambda table: table.assign(id=["999999", *table.id[1:]]),
    "a class less": lambda table: table.drop(columns="score_1"),
    "a class more": lambda table: table.assign(score_2=0.0),
    "other classes": lambda table: table.rename(columns={"score_0": "Thumb Up", "score_1": "Swiping Right"}),
    "NaN": lambda table: table.assign(score_0=float("nan")),
    "infinite": lambda table: table.assign(score_0=float("inf")),
    "no number": lambda table: table.assign(score_0="high"),
}


@pytest.mark.parametrize("why", WRONG)
def test_other_clips_classes_or_scores_are_refused(made, why):
    with pytest.raises(InputError, match=r"wrong\.csv"):
        bring(WRONG[why](made), "wrong.csv", "wrong")
    assert not Path("results/micro/jester-fixture/wrong").exists()


@pytest.mark.parametrize("name", ["gone.csv", "theirs.txt", "folder.csv", "noise.parquet"])
def test_a_file_that_is_none_is_refused(made, name):
    Path("theirs.txt").touch()
    Path("folder.csv").mkdir(exist_ok=True)
    Path("noise.parquet").write_bytes(bytes(range(256)))
    with pytest.raises(InputError, match=name.replace(".", r"\.")):
        lcr("import-predictions", name, "--method", "x", "--dataset", "jester-fixture", "--study", "micro.yaml")


@pytest.mark.parametrize("method", ["full", "resnet3d-18", "cnn3d-rgb", "../x", ""])
def test_a_name_that_is_taken_or_no_folder_is_refused(made, method):
    with pytest.raises(InputError):
        bring(made, "theirs.csv", method)
