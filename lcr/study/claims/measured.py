"""What a study measured of a quantity that the paper speaks about, and whether that may decide.

It decides where it was measured on the paper's data: the real data set, its whole validation split, a model of Table 1.
Anything else is a number to look at, and the reason says what it is.
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
from lcr.study.claims.ledger import Quantity
from lcr.study.tables import statistics as statistics_table
from lcr.study.tables import temporal
from lcr.study.tables.rows import Row, float_of, int_of, read_rows, remake
from lcr.study.tables.statistics import EQUAL
from lcr.study.tables.whole import require_runs

# The columns of a quantity's interval, where they are not named after it.
_INTERVALS = {"delta_top1": "delta"}
TABLES = {"statistics": statistics_table.COLUMNS, "temporal": temporal.COLUMNS}


class Measurement(NamedTuple):
    """Cells of the ledger: value and interval as in their table, the verdict, and why there is none ("" if decided).

    test: in words, the p-value that belongs to it, where there is one.
    """

    measured: str
    low: str
    high: str
    verdict: str
    reason: str
    evidence: str
    test: str = ""


class Measurements:
    """The tables of a study that claims are held against.

    Args:
        variants: the names of its variants, of which no table may lack one.

    Raises:
        InputError: one of them has not been made, is damaged, or lacks a run of the study.
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
        """The quantity on the paper's data set, or else on its stand-in."""
        row = self._row(quantity)
        if row is None:
            reason = f"study '{self.study.name}' has not measured this on {quantity.dataset} or clips like it"
            return Measurement("", "", "", verdicts.UNTESTED, reason, "")
        interval = _INTERVALS.get(quantity.column, quantity.column)
        cells = row[quantity.column], row[f"{interval}_ci_low"], row[f"{interval}_ci_high"]
        evidence = f"results/{quantity.table}.csv"
        if not all(cells):
            return Measurement(*cells, verdicts.UNTESTED, row["note"] or "not defined on these clips", evidence)
        p = f", p = {row['p_holm']} after Holm (least possible {row['p_floor_holm']})" if row.get("p_holm") else ""
        if reason := self._not_the_papers(quantity, row):
            return Measurement(*cells, verdicts.UNTESTED, reason, evidence, p)
        return Measurement(
            *cells,
            decide(quantity, float_of(row, f"{interval}_ci_low"), float_of(row, f"{interval}_ci_high")),
            "",
            evidence,
            p,
        )

    def _row(self, quantity: Quantity) -> Row | None:
        for dataset in (quantity.dataset, f"{quantity.dataset}-fixture"):
            for row in self.tables[quantity.table]:
                here = row["dataset"], row["variant"], row.get("condition", "")
                if here == (dataset, quantity.variant, quantity.condition):
                    return row
        return None

    def _not_the_papers(self, quantity: Quantity, row: Row) -> str:
        """In words, why this row says nothing about the paper's data; empty where it does."""
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
        # Rows of temporal count the clips with a time reverse alone; the runs were tested on all.
        clips = max(int_of(other, "clips") for other in self.tables["statistics"] if other["dataset"] == dataset)
        if clips < (1 - config.data.max_unusable_share) * whole:
            return f"measured on {clips} of {whole} validation clips"
        models = (quantity.model,) if quantity.model else paper_models(dataset)
        if config.model not in models:
            return f"measured with {config.model}, not with {' or '.join(models)}"
        return ""


def paper_models(dataset: str) -> tuple[str, ...]:
    """The named models that Table 1 has for a dataset."""
    block = "jester" if dataset_format(dataset) == "jester" else "k400_ssv2"
    return tuple(row.name for row in table1() if row.dataset == block)


def decide(quantity: Quantity, low: float, high: float) -> str:
    """The verdict on a quantity whose 95% interval is [low, high]."""
    if quantity.equals is not None:
        return verdicts.of_value(quantity.equals, low, high)
    if quantity.above is not None:
        return verdicts.of_direction(low, high, above=quantity.above)
    return verdicts.of_direction(-high, -low, above=-float(quantity.below or 0.0))
