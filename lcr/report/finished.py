"""A finished study's files as its notebooks and its answer read them: tables, training curves, predictions by class.

A number that a table holds is read, never computed again, and nothing is averaged over fewer seeds than the tables are.
"""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from lcr import paper
from lcr.config.files import study_names
from lcr.config.variant import FULL
from lcr.study.store import Store
from lcr.study.tables.frame import read_frame
from lcr.study.tables.markdown import markdown
from lcr.study.tables.registry import made_by, table_named
from lcr.util.errors import InputError, nearest, printable


class ClassPredictions(NamedTuple):
    """One variant's predictions on one dataset: n seeds, M labelled clips.

    classes: their names by number. labels: (M,). predictions: (n, M).
    """

    dataset: str
    classes: tuple[str, ...]
    labels: np.ndarray
    predictions: np.ndarray


def _no_results(study: str, results: str | Path) -> InputError:
    """The error for a study without results: how to make them, where a study of this name is known."""
    known = study_names()
    if study in known:
        return InputError(f"no {results}/{study} here or above; first: snakemake --cores all --config study={study}")
    meant = nearest(study, known)
    return InputError(
        f"no {results}/{study} here or above, and no study '{printable(study):.80}' in ablations/studies/; "
        + (f"did you mean '{meant}'?" if meant else f"known: {', '.join(known)}")
        + " For a study of your own, first: snakemake --cores all --config study=FILE.yaml"
    )


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
                    f"{name} is {given!r}, no text; from papermill give it with `-r {name} {given}`, since -p reads a "
                    "word of digits as a number"
                )
        found = [
            folder / results for folder in (Path.cwd(), *Path.cwd().parents) if (folder / results / study).is_dir()
        ]
        if not found:
            raise _no_results(study, results)
        self.study, self.results = study, found[0]
        self.folder = self.results / study
        self.store = Store(self.results, study)

    def path(self, table: str) -> Path:
        """The path of one of the study's tables; where it lacks those of `lcr readings search`, the package's own.

        That search depends on no result, so the package holds what it found.
        """
        own = self.folder / f"{table}.csv"
        frozen = table in made_by("readings search") and not own.exists()
        return Path(paper.__file__).with_name(own.name) if frozen else own

    def table(self, name: str) -> pd.DataFrame:
        """One of the study's tables.

        Raises:
            InputError: no table has this name, or it is missing or damaged (see `read_frame`).
        """
        return read_frame(self.path(name), table_named(name), self.study)

    def markdown(self, name: str) -> str:
        """One of the study's tables as Markdown; raises as `table`."""
        return markdown(table_named(name), self.table(name))

    def seeds(self, dataset: str, variant: str) -> list[int]:
        """The seeds of a variant, as many as the tables are over.

        Raises:
            InputError: there are more or fewer: the tables are of other runs than these.
        """
        found = self.store.seeds(dataset, variant)
        told = self.table("ablations").query("dataset == @dataset and variant == @variant").seeds.tolist()
        if told != [len(found)]:
            raise InputError(
                f"{self.folder / dataset / variant} has {len(found)} seeds, and ablations.csv is over "
                f"{' or '.join(map(str, told)) or 'none'}; make the tables again, or remove runs that left the study"
            )
        return found

    def curves(self) -> pd.DataFrame:
        """The training of every run: dataset, variant, method, seed, step, and loss in nats, mean since the row before.

        Raises:
            InputError: a run's metrics are missing or damaged, or a variant's seeds were logged at different steps.
        """
        found = pd.DataFrame(
            {"dataset": one.dataset, "variant": one.variant, "method": one.method, "seed": seed} | line
            for one in self.table("ablations").itertuples()
            for seed in self.seeds(one.dataset, one.variant)
            for line in self.store.metrics(one.dataset, one.variant, seed)
            if "loss" in line
        )
        for arm, runs in found.groupby(["dataset", "variant"]):
            if runs.step.value_counts().nunique() > 1:
                raise InputError(f"{'/'.join(arm)}: its seeds were logged at different steps; train them again")
        return found

    def class_predictions(self, variant: str = FULL) -> list[ClassPredictions]:
        """A variant's predictions on each dataset.

        Raises:
            InputError: they are missing or damaged, or the seeds predict different clips.
        """
        rows = self.table("ablations")
        return [self._class_predictions(dataset, variant) for dataset in rows.dataset[rows.variant == variant]]

    def _class_predictions(self, dataset: str, variant: str) -> ClassPredictions:
        seeds = self.seeds(dataset, variant)
        tables = [self.store.predictions(dataset, variant, seed, ["id", "label", "prediction"]) for seed in seeds]
        if any(not table["id"].equals(tables[0]["id"]) for table in tables):
            raise InputError(f"{dataset}/{variant}: its seeds predict different clips; evaluate them again")
        labels = tables[0]["label"].to_numpy()
        predictions = np.stack([table["prediction"].to_numpy() for table in tables])
        return ClassPredictions(dataset, self.classes(dataset), labels[labels >= 0], predictions[:, labels >= 0])

    def classes(self, dataset: str) -> tuple[str, ...]:
        """The dataset's classes by number, from the description of its predictions."""
        table = self.store.predictions(dataset, FULL, self.seeds(dataset, FULL)[0], ["id"])
        return tuple(json.loads(table.schema.metadata[b"classes"]))
