"""`Store`: the per-run results of one study, wherever they lie."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lcr.config.record import RunRecord
from lcr.util.errors import InputError

REDO = "run snakemake again"


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """The path of a run's file, for a block that reads it.

    Raises:
        InputError: there is no such file, or the block cannot read it.
    """
    try:
        yield path
    except FileNotFoundError:
        raise InputError(f"no {path}; {REDO}") from None
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise InputError(f"{path} is damaged ({' '.join(str(error).split())}); remove it and {REDO}") from None


class Store:
    """Records, predictions and metrics of a study's runs, from their folders `<dataset>/<variant>/seed-<seed>/`.

    Args:
        results: the folder that holds the study's folder.
        study: the study's name.
    """

    def __init__(self, results: str | Path, study: str) -> None:
        self.folder = Path(results) / study

    def run_folder(self, dataset: str, variant: str, seed: int) -> Path:
        return self.folder / dataset / variant / f"seed-{seed}"

    def seeds(self, dataset: str, variant: str) -> list[int]:
        """The seeds that have results, ascending."""
        names = (one.name.removeprefix("seed-") for one in (self.folder / dataset / variant).glob("seed-*"))
        return sorted(int(name) for name in names if name.isdecimal())

    def record(self, dataset: str, variant: str, seed: int) -> RunRecord:
        """The run's record.

        Raises:
            InputError: it is missing or damaged.
        """
        folder = self.run_folder(dataset, variant, seed)
        with whole_file(folder / "run.json"):
            return RunRecord.read(folder)

    def predictions(self, dataset: str, variant: str, seed: int, columns: list[str] | None = None) -> pa.Table:
        """One row a clip: id, label, label_name, prediction, and score_0 … of every class; the metadata name classes.

        Raises:
            InputError: the file is missing or damaged.
        """
        return self._table(dataset, variant, seed, "predictions", columns)

    def temporal(self, dataset: str, variant: str, seed: int, columns: list[str] | None = None) -> pa.Table:
        """One row a clip and condition: scores of the own label and of its time reverse.

        Raises:
            InputError: the file is missing or damaged.
        """
        return self._table(dataset, variant, seed, "temporal", columns)

    def _table(self, dataset: str, variant: str, seed: int, name: str, columns: list[str] | None) -> pa.Table:
        with whole_file(self.run_folder(dataset, variant, seed) / f"{name}.parquet") as path:
            return pq.read_table(path, columns=columns)

    def metrics(self, dataset: str, variant: str, seed: int) -> list[dict[str, Any]]:
        """The lines of metrics.jsonl: the mean of each window of steps, and a last line with `end`.

        Raises:
            InputError: the file is missing or damaged.
        """
        with whole_file(self.run_folder(dataset, variant, seed) / "metrics.jsonl") as path:
            return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
