"""Measurements of a study that claims are held against, and whether a measurement may decide a claim.

A measurement decides if it was made on the paper's data: the real dataset, its whole validation split, a model of
Table 1. Any other measurement is shown without a verdict, with the reason.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

from lcr.config.datasets import dataset_format, is_synthetic
from lcr.config.study import StudyConfig
from lcr.cost.table1 import table1
from lcr.paper.facts import validation_clips
from lcr.study.claims import verdicts
from lcr.study.claims.claim import Quantity
from lcr.study.tables import statistics as statistics_table
from lcr.study.tables import temporal
from lcr.study.tables.rows import Row, float_of, int_of, read_rows, remake
from lcr.study.tables.statistics import EQUAL
from lcr.study.tables.whole import require_runs

TABLES = {"statistics": statistics_table.COLUMNS, "temporal": temporal.COLUMNS}


class Measurement(NamedTuple):
    """Cells of the ledger, the reason if there is no verdict, and in words the p-value, if there is one."""

    measured: str = ""
    ci_low: str = ""
    ci_high: str = ""
    verdict: str = verdicts.UNTESTED
    evidence: str = ""
    reason: str = ""
    p: str = ""

    def row(self, test: str, why: str) -> Row:
        """The ledger's cells for a test. why: the reason for the verdict, in words, if there is a number."""
        cells = dict(zip(self._fields[:5], self[:5], strict=True))
        return cells | {"test": test, "why": "; ".join(filter(None, (why if self.measured else "", self.reason)))}


class Measurements:
    """The tables of a study that claims are held against.

    Args:
        variants: names of the study's variants; both tables must have all of them.

    Raises:
        InputError: a table is missing or damaged, or lacks a run of the study.
    """

    def __init__(self, study: StudyConfig, variants: Sequence[str], results: str | Path) -> None:
        self.study, self._variants = study, variants
        self.tables: Mapping[str, list[Row]] = {name: self._read(name, results) for name in TABLES}

    def _read(self, name: str, results: str | Path) -> list[Row]:
        path, redo = Path(results) / self.study.name / f"{name}.csv", remake(name, self.study.given)
        rows = read_rows(path, TABLES[name], redo)
        require_runs(path, rows, product(self.study.datasets, self._variants), redo)
        return rows

    def of(self, quantity: Quantity) -> Measurement:
        """The quantity on the paper's dataset, or else on its synthetic twin."""
        row = self._row(quantity)
        if row is None:
            return Measurement(
                reason=f"study '{self.study.name}' has not measured this on {quantity.dataset} or clips like it"
            )
        interval = quantity.column.replace("delta_top1", "delta")
        cells = row[quantity.column], row[f"{interval}_ci_low"], row[f"{interval}_ci_high"]
        p = f", p = {row['p_holm']} after Holm (least possible {row['p_floor_holm']})" if row.get("p_holm") else ""
        undefined = "" if all(cells) else row["note"] or "not defined on these clips"
        reason = undefined or self._not_the_papers(quantity, row)
        ends = [] if reason else [float_of(row, f"{interval}_ci_{end}") for end in ("low", "high")]
        verdict = decide(quantity, *ends) if ends else verdicts.UNTESTED
        return Measurement(*cells, verdict, f"results/{quantity.table}.csv", reason, p)

    def _row(self, quantity: Quantity) -> Row | None:
        wanted = [
            (dataset, quantity.variant, quantity.condition)
            for dataset in (quantity.dataset, f"{quantity.dataset}-fixture")
        ]
        found = {(row["dataset"], row["variant"], row.get("condition", "")): row for row in self.tables[quantity.table]}
        return next((found[key] for key in wanted if key in found), None)

    def _not_the_papers(self, quantity: Quantity, row: Row) -> str:
        """In words, why the row says nothing about the paper's data; empty if it does."""
        dataset = row["dataset"]
        if is_synthetic(dataset):
            equal = f"; it {EQUAL}" if EQUAL in row["note"] else ""
            return f"measured on generated clips ({dataset}), not on the paper's data{equal}"
        if EQUAL in row["note"]:
            return f"the variant {EQUAL}"
        if "MIXED" in row["note"]:
            return "measured by runs of different data or protocols"
        config = self.study.dataset(dataset)
        whole = validation_clips(dataset)
        # Rows of temporal count only clips with a time reverse; the runs were tested on all clips.
        clips = max(int_of(other, "clips") for other in self.tables["statistics"] if other["dataset"] == dataset)
        if clips < (1 - config.data.max_unusable_share) * whole:
            return f"measured on {clips} of {whole} validation clips"
        block = "jester" if dataset_format(dataset) == "jester" else "k400_ssv2"
        models = [quantity.model] if quantity.model else [one.name for one in table1() if one.dataset == block]
        return "" if config.model in models else f"measured with {config.model}, not with {' or '.join(models)}"


def decide(quantity: Quantity, low: float, high: float) -> str:
    """The verdict on a quantity whose 95% interval is [low, high]."""
    match quantity.statement:
        case "equals":
            return verdicts.of_value(quantity.bound, low, high)
        case "above":
            return verdicts.of_direction(low, high, above=quantity.bound)
        case "below":
            return verdicts.of_direction(-high, -low, above=-quantity.bound)
