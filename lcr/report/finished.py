"""A finished study's files as its notebooks and its answer read them: tables, training curves, answers by class.

Nothing is computed that a table does not hold already, and nothing is averaged over fewer seeds than the tables are.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lcr.config.datasets import is_synthetic
from lcr.config.study import FULL
from lcr.study.tables.registry import TABLES
from lcr.study.tables.rows import Row, read_rows, remake
from lcr.util.errors import InputError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """The path of a run's file, for a block that reads it.

    Raises:
        InputError: the file is not there, or what the block reads is not what such a file holds.
    """
    redo = "run snakemake again"
    try:
        yield path
    except FileNotFoundError:
        raise InputError(f"no {path}; {redo}") from None
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise InputError(f"{path} is damaged ({' '.join(str(error).split())}); remove it and {redo}") from None


class Curves(NamedTuple):
    """The training of one dataset × variant.

    steps: (K,) the step that each line of metrics.jsonl ends at.
    loss: (seeds, K), the mean training loss of the steps since the line before, in nats.
    """

    dataset: str
    variant: str
    title: str
    steps: np.ndarray
    loss: np.ndarray


class ClassAnswers(NamedTuple):
    """One variant's answers on one dataset: n seeds, M labelled clips.

    classes: their names by number. labels: (M,). predictions: (n, M).
    """

    dataset: str
    classes: tuple[str, ...]
    labels: np.ndarray
    predictions: np.ndarray


class Finished:
    """The results of one study.

    Args:
        study: its name.
        results: the folder of all results; a relative one is looked for from the working directory upward, so that a
            notebook runs from the project's folder and from notebooks/ alike.

    Raises:
        InputError: there are no results of this study, or its name or folder is no text.
    """

    def __init__(self, study: str, results: str | Path = "results") -> None:
        for name, given in (("study", study), ("results", results)):
            if not isinstance(given, str | Path):
                raise InputError(
                    f"{name} is {given!r}, no text; from papermill give it with `-r {name} {given}`, since -p takes "
                    "what looks like a number for one"
                )
        here = Path.cwd()
        places = [folder / results for folder in (here, *here.parents)]
        found = [place for place in places if (place / study).is_dir()]
        if not found:
            raise InputError(f"no {results}/{study} here or above; first: snakemake --cores all --config study={study}")
        self.study, self.results = study, found[0]
        self.folder = self.results / study

    def rows(self, table: str) -> list[Row]:
        """The rows of one of the study's tables.

        Raises:
            InputError: the table is not made, or damaged (see `read_rows`).
        """
        columns = TABLES[table].columns if table in TABLES else ()
        return read_rows(self.path(table), columns, self.redo(table))

    def path(self, table: str) -> Path:
        """Where a table of the study lies."""
        return self.folder / f"{table}.csv"

    def redo(self, table: str) -> str:
        """In words: what makes a table of the study anew; of a study outside ablations/, only its YAML is known."""
        return f"{remake(table, self.study)} (or its YAML)"

    def variants(self) -> list[Row]:
        """The rows of ablations.csv: every dataset × variant that was run."""
        return self.rows("ablations")

    def seeds(self, dataset: str, variant: str) -> list[Path]:
        """The folders of a variant's seeds, as many as the tables are over.

        Raises:
            InputError: there are more or fewer: the tables are of other runs than these.
        """
        folders = (self.folder / dataset / variant).glob("seed-*")
        found = sorted((one for one in folders if one.name[5:].isdecimal()), key=lambda one: int(one.name[5:]))
        told = {row["seeds"] for row in self.variants() if (row["dataset"], row["variant"]) == (dataset, variant)}
        if told != {str(len(found))}:
            raise InputError(
                f"{self.folder / dataset / variant} has {len(found)} seeds, and ablations.csv is over "
                f"{' or '.join(told) or 'none'}; make the tables anew, or remove runs that left the study"
            )
        return found

    def curves(self) -> list[Curves]:
        """The training curves of every dataset × variant.

        Raises:
            InputError: a run's metrics.jsonl is missing or damaged, or its seeds were logged at different steps.
        """
        return [self._curves(row) for row in self.variants()]

    def _curves(self, row: Row) -> Curves:
        logs = []
        for folder in self.seeds(row["dataset"], row["variant"]):
            with whole_file(folder / "metrics.jsonl") as path:
                lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
                logs.append([one for one in lines if "loss" in one])
        steps = [[one["step"] for one in log] for log in logs]
        if any(one != steps[0] for one in steps):
            raise InputError(f"{row['dataset']}/{row['variant']}: its seeds were logged at different steps; train anew")
        loss = np.array([[one["loss"] for one in log] for log in logs])
        return Curves(row["dataset"], row["variant"], row["method"], np.array(steps[0]), loss)

    def class_answers(self, variant: str = FULL) -> list[ClassAnswers]:
        """A variant's answers on each dataset.

        Raises:
            InputError: its predictions are missing or damaged, or its seeds answer different clips.
        """
        return [self._class_answers(row["dataset"], variant) for row in self.variants() if row["variant"] == variant]

    def _class_answers(self, dataset: str, variant: str) -> ClassAnswers:
        columns = ["id", "label", "prediction"]
        tables = []
        for folder in self.seeds(dataset, variant):
            with whole_file(folder / "predictions.parquet") as path:
                tables.append(pq.read_table(path, columns=columns))
        if any(not table["id"].equals(tables[0]["id"]) for table in tables):
            raise InputError(f"{self.folder / dataset / variant}: its seeds answer different clips; evaluate them anew")
        labels = tables[0]["label"].to_numpy()
        predictions = np.stack([table["prediction"].to_numpy() for table in tables])
        return ClassAnswers(dataset, self.classes(dataset), labels[labels >= 0], predictions[:, labels >= 0])

    def classes(self, dataset: str) -> tuple[str, ...]:
        """The dataset's classes by number, as its predictions say."""
        with whole_file(self.seeds(dataset, FULL)[0] / "predictions.parquet") as path:
            return tuple(json.loads(pq.read_schema(path).metadata[b"classes"]))

    def generated(self, dataset: str) -> bool:
        """Whether its clips are drawn here, and so not the paper's."""
        return is_synthetic(dataset)
