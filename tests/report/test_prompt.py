"""The clip that edge_prompt shows: the first that the model answers rightly, of clips that are made anew where gone."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lcr.config.run import Data
from lcr.config.study import FULL, StudyConfig, load_variant, parse
from lcr.data.manifest import read_manifest
from lcr.data.prepare import prepare
from lcr.model.lcr import LCR
from lcr.report.finished import Finished
from lcr.report.prompt import prompt_clip
from lcr.run.weights import save_tensors
from lcr.study.tables.accuracy import COLUMNS
from lcr.study.tables.rows import write_rows

DATASET = "jester-fixture"
STUDY = parse(
    StudyConfig,
    {
        "name": "shown",
        "question": "",
        "variants": [FULL],
        "seeds": [0],
        "table2": DATASET,
        "datasets": {
            DATASET: {
                "model": "lcr-tiny",
                "fixture": {"train": 1, "validation": 2, "classes": ["Swiping Left", "Swiping Right"]},
                "data": {"frames": 4, "pack": True},
                "protocol": {"rule": "max_last", "last_frames": 2},
                "train": {"epochs": 1, "batch_size": 2, "learning_rate": 1e-3},
            }
        },
    },
    "made-up study",
)


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Finished, list[str]]:
    """An untrained model's run whose third and fourth clips, by name, are noted as answered rightly; and all names."""
    monkeypatch.chdir(tmp_path)
    rows = read_manifest(prepare(Data.of(STUDY, DATASET), workers=1, progress=False) / "manifest.parquet").rows(
        "validation"
    )
    rows.sort(key=lambda row: row["id"])
    labels = np.array([("Swiping Left", "Swiping Right").index(row["label"]) for row in rows])
    right = np.array([False, False, True, True])
    folder = Path("results/shown", DATASET, FULL, "seed-0")
    folder.mkdir(parents=True)
    table = {"id": [row["id"] for row in rows], "label": labels, "prediction": np.where(right, labels, 1 - labels)}
    pq.write_table(pa.table(table), folder / "predictions.parquet")
    model = LCR(STUDY.model(DATASET, load_variant(FULL), classes=2))
    config = STUDY.dataset(DATASET)
    said = config.model_dump(mode="json") | {"model": model.config.model_dump(mode="json"), "model_name": config.model}
    (folder / "run.json").write_text(json.dumps({"config": said}))
    save_tensors(folder / "model.safetensors", model.state_dict(), {"model": model.config.model_dump(mode="json")})
    made = {"dataset": DATASET, "variant": FULL, "seeds": "1"}
    write_rows("results/shown/ablations.csv", COLUMNS, [made])
    return Finished("shown"), table["id"]


def test_the_first_clip_that_is_answered_rightly_is_shown_as_the_model_meets_it(shown):
    finished, ids = shown
    clip = prompt_clip(finished, DATASET)
    assert clip.label == clip.prediction
    assert clip.frames.shape == (4, 3, 48, 48)
    assert clip.edges.shape == (4, 1, 48, 48)
    assert clip.kept.sum() == 9 - round(9 * 0.3)
    assert clip.shares.shape == (2, 4, 10)
    np.testing.assert_allclose(clip.shares.sum(-1), 1, rtol=1e-5)
    label = pq.read_table(finished.seeds(DATASET, FULL)[0] / "predictions.parquet")["label"].to_pylist()[2]
    assert clip.label == ("Swiping Left", "Swiping Right")[label], ids


def test_clips_that_are_gone_are_made_again_beside_the_results_from_any_folder(shown, tmp_path, monkeypatch):
    finished, _ = shown
    before = prompt_clip(finished, DATASET)
    (tmp_path / ".lcr").rename(tmp_path / "moved")
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    again = prompt_clip(Finished("shown"), DATASET)
    np.testing.assert_array_equal(again.frames, before.frames)
    assert (tmp_path / ".lcr").is_dir()
    assert not (tmp_path / "notebooks" / ".lcr").exists()
