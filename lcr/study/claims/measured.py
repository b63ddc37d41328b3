"""Measurements of a study that claims are held against, and whether a measurement may decide a claim.

A measurement decides if it was made on the paper's data: the real dataset, its whole validation split, a model of
Table 1. Any other measurement is shown without a verdict, with the reason.
"""

from itertools import product

from lcr.config.datasets import dataset_format, is_synthetic
from lcr.cost.table1 import table1
from lcr.paper.facts import validation_clips
from lcr.study.claims import verdicts
from lcr.study.claims.claim import Quantity
from lcr.study.tables.frame import Row, Source
from lcr.study.tables.registry import TABLES
from lcr.study.tables.statistics import EQUAL
from lcr.study.tables.whole import require_runs


class Measurements:
    """The tables of a study that claims are held against.

    Raises:
        InputError: a table is missing or damaged, or lacks a run of the study.
    """

    def __init__(self, source: Source) -> None:
        self.study = source.study
        self.tables = {name: self._read(name, source) for name in ("statistics", "temporal")}

    def _read(self, name: str, source: Source) -> dict[tuple[str, str, str], tuple[Row, Row]]:
        """Rows by dataset, variant and condition, each as typed values and as the text of its cells."""
        table, frame = TABLES[name], source.read(TABLES[name])
        rows = zip(frame.to_dict("records"), table.cells(frame).to_dict("records"), strict=True)
        found = {(row["dataset"], row["variant"], row.get("condition", "")): (row, cells) for row, cells in rows}
        runs = product(self.study.datasets, (variant.name for variant in self.study.variant_configs))
        require_runs(source.folder / f"{name}.csv", frame, runs, table.again(self.study.given))
        return found

    def of(self, quantity: Quantity) -> tuple[Row, str, str]:
        """The quantity on the paper's dataset, or else on its synthetic twin.

        Returns:
            Cells of the ledger, the reason if there is no verdict, and in words the p-value, if there is one.
        """
        found = self.tables[quantity.table]
        datasets = quantity.dataset, f"{quantity.dataset}-fixture"
        keys = [(dataset, quantity.variant, quantity.condition) for dataset in datasets]
        row, cells = next((found[key] for key in keys if key in found), (None, {}))
        if row is None:
            reason = f"study '{self.study.name}' has not measured this on {quantity.dataset} or clips like it"
            return {"verdict": verdicts.UNTESTED}, reason, ""
        interval = quantity.column.replace("delta_top1", "delta")
        low, high = f"{interval}_ci_low", f"{interval}_ci_high"
        shown = {"measured": cells[quantity.column], "ci_low": cells[low], "ci_high": cells[high]}
        undefined = "" if all(shown.values()) else row["note"] or "not defined on these clips"
        reason = undefined or self._not_the_papers(quantity, row)
        verdict = verdicts.UNTESTED if reason else decide(quantity, row[low], row[high])
        p = ", p = {p_family} in its family (least possible {p_floor})" if cells.get("p_family") else ""
        return shown | {"verdict": verdict, "evidence": f"results/{quantity.table}.csv"}, reason, p.format_map(cells)

    def _not_the_papers(self, quantity: Quantity, row: Row) -> str:
        """In words, why the row says nothing about the paper's data; empty if it does."""
        dataset = row["dataset"]
        if is_synthetic(dataset):
            why = f"measured on generated clips ({dataset}), not on the paper's data"
            return f"{why}; it {EQUAL}" if EQUAL in row["note"] else why
        if EQUAL in row["note"]:
            return f"the variant {EQUAL}"
        if "MIXED" in row["note"]:
            return "measured by runs of different data or protocols"
        config = self.study.dataset(dataset)
        whole = validation_clips(dataset)
        # Rows of temporal count only clips with a time reverse; the runs were tested on all clips.
        clips = max(other["clips"] for other, _ in self.tables["statistics"].values() if other["dataset"] == dataset)
        if clips < (1 - config.data.max_unusable_share) * whole:
            return f"measured on {clips} of {whole} validation clips"
        block = "jester" if dataset_format(dataset) == "jester" else "k400_ssv2"
        models = [quantity.model] if quantity.model else [one.name for one in table1() if one.dataset == block]
        return "" if config.model in models else f"measured with {config.model}, not with {' or '.join(models)}"


def decide(quantity: Quantity, low: float, high: float) -> str:
    """The verdict on a quantity whose 95% interval is [low, high]."""
    if quantity.statement == "equals":
        return verdicts.of_value(quantity.bound, low, high)
    if quantity.statement == "above":
        return verdicts.of_direction(low, high, above=quantity.bound)
    return verdicts.of_direction(-high, -low, above=-quantity.bound)
