"""Predictions made elsewhere, as a run of the study: the same clips, classes, statistics and tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from lcr.config.keys import hash_of
from lcr.config.record import RunRecord
from lcr.config.run import Run
from lcr.data.clips import Clips
from lcr.data.prepare import prepare
from lcr.run.evaluate import predictions_table, temporal_table
from lcr.run.made import made_here
from lcr.run.train import set_machine
from lcr.util.errors import InputError, printable
from lcr.util.files import file_hash
from lcr.util.locks import run_lock
from lcr.util.parquet import write_sealed_parquet

MOST_BYTES = 2**31  # of the file; 220,847 clips of 174 classes in text have 0.4 GB


def read_scores(path: Path, clips: Clips) -> np.ndarray:
    """Scores (clips, classes) float32 of a file, in the order of the split's clips.

    Args:
        path: .csv or .parquet with a column `id`, and one a class: its name, or `score_0`, `score_1`, ….

    Raises:
        InputError: the file cannot be read; its ids are not those of the split, each once; its classes are not those
            of the data set; a score is no finite number.
    """
    table = _read(path)
    if "id" not in table:
        raise InputError(f"{path}: it has no column 'id'; its columns: {_some(table.columns)}")
    ids = table["id"].astype(str)
    for what, wrong in (
        ("are there twice", ids[ids.duplicated()]),
        ("are none of the clips that the study evaluates", ids[~ids.isin(clips.ids)]),
        ("are missing", pd.Series(clips.ids)[~pd.Series(clips.ids).isin(ids)]),
    ):
        if len(wrong):
            raise InputError(f"{path}: {len(wrong)} of {len(clips)} ids {what}: {_some(wrong)}")
    numbered = [f"score_{number}" for number in range(len(clips.classes))]
    given = [name for name in table.columns if name != "id"]
    wanted = numbered if set(numbered) & set(given) else list(clips.classes)
    if {*given} != {*wanted}:
        missing, more = [n for n in wanted if n not in given], [n for n in given if n not in wanted]
        raise InputError(
            f"{path}: its classes are not the data set's: missing {_some(missing)}; too many {_some(more)}"
        )
    try:
        scores = table.set_index(ids)[wanted].loc[list(clips.ids)].to_numpy(np.float32)
    except (ValueError, TypeError) as error:
        raise InputError(f"{path}: a score is no number: {error}") from error
    if not np.isfinite(scores).all():
        row, column = np.argwhere(~np.isfinite(scores))[0]
        raise InputError(f"{path}: the score of clip {clips.ids[row]} for '{wanted[column]}' is {scores[row, column]}")
    return scores


def _read(path: Path) -> pd.DataFrame:
    readers = {".csv": lambda: pd.read_csv(path, dtype={"id": str}), ".parquet": lambda: pd.read_parquet(path)}
    if path.suffix not in readers:
        raise InputError(f"{path}: give a .csv or .parquet file")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path}: it has more than {MOST_BYTES} bytes")
        return readers[path.suffix]()
    except (OSError, ValueError, pa.ArrowException, pd.errors.ParserError) as error:
        raise InputError(f"{path} cannot be read: {printable(str(error)):.200}") from error


def _some(names: object) -> str:
    found = [printable(str(name)) for name in names] or ["none"]
    return ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")


def import_predictions(run: Run, path: Path) -> Path:
    """Writes predictions.parquet, an empty temporal.parquet and run.json, and returns the run's folder.

    Raises:
        InputError: as for `read_scores`.
    """
    device = set_machine(run.study)
    config = run.config
    split, part = run.evaluated
    clips = Clips(prepare(run.data), split, config.data, run.data.frame_size, part)
    scores = read_scores(path, clips)
    protocol = config.protocol.model_dump() | {
        "frames": config.data.frames,
        "frame_size": clips.size,
        "stride": "random",
        "views": config.protocol.views,
        "split": config.evaluate_on,
    }
    made = made_here(run.study, run.model(len(clips.classes)), device)
    run_hash = hash_of([run.train_key, clips.data_hash, file_hash(path)])
    names = {
        "run": run_hash,
        "data_hash": clips.data_hash,
        "classes": pd.Series(clips.classes).to_json(orient="values"),
    }
    record = RunRecord(
        **{"study": run.study.name, "dataset": run.dataset, "variant": run.variant.name, "seed": run.seed},
        **{"run_hash": run_hash, "train_key": run.train_key, "evaluate_key": run.evaluate_key},
        config=config.model_dump()
        | {"model": run.model(len(clips.classes)).model_dump(), "model_name": config.model, "imported_from": path.name},
        protocol=protocol,
        evaluation=made,
        data_hash=clips.data_hash,
        clips={"train": 0, "validation": len(clips)},
    )
    none = {name: np.zeros((len(clips), 2), np.float32) for name in ("as_is", "last_frame", "reversed")}
    with run_lock(f"evaluate-{run.study.name}-{run.name.replace(' ', '-')}"):
        write_sealed_parquet(run.folder / "predictions.parquet", predictions_table(clips, scores, names))
        write_sealed_parquet(run.folder / "temporal.parquet", temporal_table(clips, none, names).slice(0, 0))
        record.write(run.folder)  # last: it says that the others are whole
    return run.folder
