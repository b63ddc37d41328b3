"""A run with fresh weights, for readers of trained runs: the files of `lcr train` and `lcr evaluate`."""

from pathlib import Path

from lcr.config.record import RunRecord
from lcr.model.lcr import LCR
from lcr.model.models import model_by_name
from lcr.run.weights import save_tensors
from tests.study.conftest import made_up_study


def write_trained(folder: Path) -> Path:
    """Writes model.safetensors and run.json of a tiny model to `folder`."""
    study = made_up_study(seeds=1, variants=["full"])
    config = model_by_name("lcr-tiny").model_copy(update={"classes": 3, "depth": 1})
    about = {"hash": "a", "name": "small", "train_key": "b", "model": config.model_dump(), "classes": ["x", "y", "z"]}
    folder.mkdir(parents=True)
    save_tensors(folder / "model.safetensors", LCR(config).state_dict(), about)
    settings = study.dataset("jester-fixture").model_dump(mode="json")
    told = {"study": study.name, "dataset": "jester-fixture", "variant": "full", "seed": 0, "run_hash": "a"}
    record = told | {"config": settings, "protocol": settings["protocol"], "data_hash": "c"}
    RunRecord.model_validate(record).write(folder)
    return folder
