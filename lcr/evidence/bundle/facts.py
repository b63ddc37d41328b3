"""What the bundle's texts say, read once from the study's own files: nothing in them is written by hand."""

import json
import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from lcr.config.study import known_variants
from lcr.config.variant import VariantConfig
from lcr.data.manifest import Manifest, read_manifest
from lcr.report.finished import Finished, whole_file
from lcr.study.tables.rows import Row
from lcr.util.errors import InputError
from lcr.util.provenance import commit_date

KEPT_OF_RUN = ("predictions.parquet", "temporal.parquet", "metrics.jsonl", "run.json")


def _record(folder: Path) -> dict[str, Any]:
    with whole_file(folder / "run.json") as path:
        return json.loads(path.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Facts:
    """A finished study, and what its variants are, by name."""

    finished: Finished
    known: Mapping[str, VariantConfig] = field(default_factory=known_variants)

    @property
    def study(self) -> str:
        return self.finished.study

    @cached_property
    def rows(self) -> list[Row]:
        """Rows of ablations.csv: each dataset × variant."""
        return self.finished.variants()

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
    def folders(self) -> dict[tuple[str, str], list[Path]]:
        """The run folders of each dataset × variant, by seed."""
        places = [(row["dataset"], row["variant"]) for row in self.rows]
        return {place: self.finished.seeds(*place) for place in places}

    @cached_property
    def records(self) -> dict[tuple[str, str], list[dict[str, Any]]]:
        """run.json of each run, as `folders`."""
        return {place: list(map(_record, folders)) for place, folders in self.folders.items()}

    @cached_property
    def all_folders(self) -> list[Path]:
        """Every run of the study: those of `folders`, and those of other readings of the paper."""
        return sorted(path.parent for path in self.finished.folder.glob("*/*/seed-*/run.json"))

    @cached_property
    def all_records(self) -> list[dict[str, Any]]:
        return list(map(_record, self.all_folders))

    @cached_property
    def manifests(self) -> dict[str, Manifest]:
        """The manifest of each dataset.

        Raises:
            InputError: one is gone.
        """
        folder = self.finished.folder
        return {name: read_manifest(folder / name / "manifest.parquet") for name in self.datasets}

    def cost(self, dataset: str, variant: str) -> Row:
        """The whole's row of cost.csv; empty where the table has none."""
        rows = self.finished.rows("cost")
        wanted = {"dataset": dataset, "variant": variant, "component": "all"}
        return next((row for row in rows if wanted.items() <= row.items()), {})

    def every(self, what: Callable[[dict[str, Any]], Any]) -> list[Any]:
        """The different values of something over all runs, in order."""
        found = [what(record) for record in self.all_records]
        return [json.loads(text) for text in dict.fromkeys(json.dumps(one, sort_keys=True) for one in found)]

    def mean(self, field: str, records: Iterable[dict[str, Any]] | None = None) -> float:
        return statistics.mean(record[field] for record in (self.all_records if records is None else records))

    @cached_property
    def commits(self) -> list[str]:
        """The commits that the runs were made with."""
        return [commit for commit in self.every(lambda record: record["git"]["commit"]) if commit]

    @cached_property
    def date(self) -> str:
        """YYYY-MM-DD: the newest commit that a run was made with, so that the same results have the same date.

        Raises:
            InputError: no commit is known, or its date is not: give the bundle a date.
        """
        dates = [commit_date(commit) for commit in self.commits]
        known = [date for date in dates if date is not None]
        if not known or len(known) < len(dates):
            raise InputError(
                "the date of the runs' commit is not known here (no repository, or one without it); "
                "give one: lcr bundle --date YYYY-MM-DD"
            )
        return max(known)
