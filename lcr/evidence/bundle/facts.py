"""Facts of a finished study that the bundle's texts state, read once from the study's own files."""

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from lcr.config.load import known_variants
from lcr.config.made import Made
from lcr.config.record import RunRecord
from lcr.config.variant import VariantConfig
from lcr.data.manifest import Manifest, read_manifest
from lcr.evidence.hashes import manifest_path
from lcr.report.finished import Finished
from lcr.study.store import Key
from lcr.study.tables.registry import TABLES
from lcr.util.errors import InputError
from lcr.util.provenance import commit_date


@dataclass(frozen=True)
class Facts:
    """A finished study, and the known variants by name."""

    finished: Finished
    known: Mapping[str, VariantConfig] = field(default_factory=known_variants)

    @cached_property
    def rows(self) -> list[dict[str, str]]:
        """The cells of ablations.csv: a row each dataset × variant."""
        return TABLES["ablations"].cells(self.finished.table("ablations")).to_dict("records")

    @cached_property
    def variants(self) -> list[VariantConfig]:
        """The study's variants.

        Raises:
            InputError: one of them is not known.
        """
        names = dict.fromkeys(row["variant"] for row in self.rows)
        if unknown := sorted(names.keys() - self.known):
            raise InputError(f"no variant '{unknown[0]}' is known; give the file that lists it: --study FILE.yaml")
        return [self.known[name] for name in names]

    @cached_property
    def manifests(self) -> dict[str, Manifest]:
        """The manifest of each dataset.

        Raises:
            InputError: a manifest is missing.
        """
        names = dict.fromkeys(row["dataset"] for row in self.rows)
        return {name: read_manifest(manifest_path(self.finished.store, name)) for name in names}

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
    def makers(self) -> list[Made]:
        """All that made the weights or predictions of a run, each once, in order."""
        found: list[Made] = []
        for record in self.runs.values():
            found += [made for made in record.makers if made not in found]
        return found

    def mean(self, name: str, records: Iterable[RunRecord] | None = None) -> float:
        """The mean of a field over some runs, or over all."""
        return statistics.mean(getattr(record, name) for record in records or self.runs.values())

    @cached_property
    def commits(self) -> list[str]:
        """The commits that the runs were made with."""
        return list(dict.fromkeys(made.git.commit for made in self.makers if made.git.commit))

    @cached_property
    def date(self) -> str:
        """YYYY-MM-DD: the newest commit that a run was made with, so that the same results have the same date.

        Raises:
            InputError: no commit is recorded, or the date of one is not known here.
        """
        dates = list(map(commit_date, self.commits)) or [None]
        if None in dates:
            raise InputError(
                "the date of the runs' commit is not known here (no repository, or one without it); "
                "give one: lcr bundle --date YYYY-MM-DD"
            )
        return max(filter(None, dates))
