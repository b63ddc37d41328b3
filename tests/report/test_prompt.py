"""The clip of edge_prompt: the first that the model predicts rightly; clips that are gone are made again."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from lcr.report.finished import Finished
from lcr.report.prompt import prompt_clip
from lcr.run.evaluate import evaluate
from lcr.run.train import train
from lcr.study.tables.frame import Source
from lcr.study.tables.registry import TABLES
from tests.micro import PROJECT, STUDY, micro_run
from tests.sealed import edit_table

DATASET = "jester-fixture"


def test_the_first_clip_that_is_predicted_rightly_is_shown_and_made_again_where_it_is_gone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("ablations").symlink_to(PROJECT / "ablations")
    Path("micro.yaml").write_text(STUDY.replace("epochs: 15", "epochs: 1"))
    run = micro_run("results")
    evaluate(micro_run(train(run).parents[3]))
    Source(run.study).write(TABLES["ablations"], [{"dataset": DATASET, "variant": "full", "seeds": 1}])
    path = run.folder / "predictions.parquet"

    def two_wrong(table: pa.Table) -> pa.Table:
        rows = table.to_pandas().sort_values("id")
        rows = rows.assign(prediction=np.where(np.arange(len(rows)) < 2, 1 - rows.label, rows.label))
        return pa.Table.from_pandas(rows, preserve_index=False).replace_schema_metadata(table.schema.metadata)

    edit_table(path, two_wrong)
    rows = pd.read_parquet(path)

    clip = prompt_clip(Finished("micro"), DATASET)
    assert clip.label == clip.prediction == rows.label_name.iloc[2]
    assert (clip.frames.shape, clip.edges.shape, clip.shares.shape) == ((12, 3, 48, 48), (12, 1, 48, 48), (2, 12, 17))
    assert clip.kept.sum() == 16 - round(16 * 0.125)
    np.testing.assert_allclose(clip.shares.sum(-1), 1, rtol=1e-5)

    Path(".lcr").rename("moved")
    Path("notebooks").mkdir()
    monkeypatch.chdir("notebooks")
    np.testing.assert_array_equal(prompt_clip(Finished("micro"), DATASET).frames, clip.frames)
    assert (tmp_path / ".lcr").is_dir()
    assert not Path(".lcr").exists()
