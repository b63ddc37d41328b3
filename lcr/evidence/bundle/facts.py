"""Facts of a finished study that the bundle's texts state, read once from the study's own files."""

import json
import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lcr.config.record import RunRecord
from lcr.config.study import known_variants
from lcr.config.variant import VariantConfig
from lcr.data.manifest import Manifest, read_manifest
from lcr.evidence.hashes import manifest_path
from lcr.report.finished import Finished
from lcr.study.store import Key
from lcr.study.tables.costs import WHOLE
from lcr.study.tables.frame import Row
from lcr.study.tables.registry import TABLES
from lcr.util.errors import InputError
from lcr.util.provenance import commit_date


@dataclass(frozen=True)
class Facts:
    """A finished study, and the known variants by name."""

    finished: Finished
    known: Mapping[str, VariantConfig] = field(default_factory=known_variants)

    @property
    def study(self) -> str:
        return self.finished.study

    @cached_property
    def rows(self) -> list[dict[str, str]]:
        """The cells of ablations.csv: a row each dataset × variant."""
        return TABLES["ablations"].cells(self.finished.table("ablations")).to_dict("records")

    @property
    def datasets(self) -> list[str]:
        return list(dict.fromkeys(row["dataset"] for row in self.rows))

    @cached_property
    def variants(self) -> list[VariantConfig]:
        """The study's variants.

        Raises:
            InputError: one of them is not known.
        """
        names = dict.fromkeys(row["variant"] for row in self.rows)
        for name in names:
            if name not in self.known:
                raise InputError(f"no variant '{name}' is known; give the file that lists it: --study FILE.yaml")
        return [self.known[name] for name in names]

    @cached_property
    def runs(self) -> dict[Key, RunRecord]:
        """The record of every run of the study, including the runs of other readings of the paper."""
        return {run: self.finished.store.record(*run) for run in self.finished.store.runs()}

    def records(self, dataset: str, variant: str) -> list[RunRecord]:
        """The records of a dataset × variant, as many as ablations.csv is over, by seed."""
        return [self.runs[Key(dataset, variant, seed)] for seed in self.finished.seeds(dataset, variant)]

    def link(self, dataset: str, variant: str) -> str:
        """The bundle's file with the record of the first run of a dataset × variant."""
        run = Key(dataset, variant, self.finished.seeds(dataset, variant)[0])
        return self.finished.store.place(run, "run.json").relative_to(self.finished.folder).as_posix()

    @cached_property
    def manifests(self) -> dict[str, Manifest]:
        """The manifest of each dataset.

        Raises:
            InputError: a manifest is missing.
        """
        return {name: read_manifest(manifest_path(self.finished.results, self.study, name)) for name in self.datasets}

    def cost(self, dataset: str, variant: str) -> Row:
        """The row of cost.csv for the whole model; empty if the table has none."""
        rows = self.finished.table("cost")
        found = rows[(rows.dataset == dataset) & (rows.variant == variant) & (rows.component == WHOLE)]
        return next(iter(found.to_dict("records")), {})

    def every(self, value: Callable[[RunRecord], Any]) -> list[Any]:
        """The different values of something over all runs, in order."""
        found = map(value, self.runs.values())
        return [json.loads(text) for text in dict.fromkeys(json.dumps(one, sort_keys=True) for one in found)]

    def mean(self, field: str, records: Iterable[RunRecord] | None = None) -> float:
        """The mean of a field over some runs, or over all."""
        return statistics.mean(getattr(record, field) for record in records or self.runs.values())

    @cached_property
    def commits(self) -> list[str]:
        """The commits that the runs were made with."""
        return [commit for commit in self.every(lambda record: record.git.commit) if commit]

    @cached_property
    def date(self) -> str:
        """YYYY-MM-DD: the newest commit that a run was made with, so that the same results have the same date.

        Raises:
            InputError: no commit is recorded, or the date of one is not known here.
        """
        dates = list(map(commit_date, self.commits))
        if not dates or None in dates:
            raise InputError(
                "the date of the runs' commit is not known here (no repository, or one without it); "
                "give one: lcr bundle --date YYYY-MM-DD"
            )
        return max(filter(None, dates))
