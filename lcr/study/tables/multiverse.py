"""multiverse and multiverse_verdicts: every ablation under every interpretation of the paper.

multiverse, one row an interpretation and ablation. kv (eq. 3), class_token (its x^e), convolution (eq. 2) and cell_gate
(eq. 10) are the interpretation's readings, residual and edge_norm its additions; distance: its readings that differ
from `literal`. Accuracies in percent, differences (variant - full under the same interpretation, paired by seed and
clip) in points; intervals over seeds and clips, at 95%, and at 90% for the equivalence test. p_value: exact sign flips
of the seeds; p_family: joint sign flips, step-down over every ablation and interpretation that was trained; p_floor:
the least p that these seeds could give; equal_within: as in `lcr.study.tables.accuracy`.

state:
- tested: the row counts in the verdicts.
- identical by construction: the variant's change can act on no logit of this model; not trained.
- dead start: under this interpretation the gradient of Z (eq. 9) is 0 at its zero start and stays 0; not trained.
- no plateau: loss_fall is above PLATEAU. loss_fall: mean training loss in the ninth tenth of the steps minus that in
  the last tenth, in nats, of full or of the variant, whichever falls more. The learning rate ends near 0, so a small
  fall is necessary for a plateau and not sufficient; `--config study=convergence` tests more steps.
- below the floor: the full model does not clearly beat the best bag of frames (floor_top1): the 95% interval of their
  paired difference holds 0, or lies below it.

multiverse_verdicts, one row an ablation: see `lcr.study.stats.multiverse`. tested, helps, harms, no_difference,
undecided: how many interpretations; delta_least, delta_most: of those tested, in points.
"""

from collections.abc import Iterator
from typing import NamedTuple, get_args

import numpy as np
import pandas as pd

from lcr.config.variant import FULL, Interpretation
from lcr.study.makers import noted_makers
from lcr.study.predictions import Results, load, predictions
from lcr.study.stats.intervals import paired_interval
from lcr.study.stats.multiverse import UNDECIDED, Specification, over_interpretations
from lcr.study.stats.verdict import DELTA, Verdict
from lcr.study.store import Store
from lcr.study.tables.accuracy import data_note, estimate, family_p, tested
from lcr.study.tables.frame import Column, Row, Source, integer, interval, number
from lcr.study.tables.registry import TABLES, runs_of_table

CHOICES = ("kv", "class_token", "convolution")
TESTED, IDENTICAL, DEAD = "tested", "identical by construction", "dead start"
NO_PLATEAU, BELOW = "no plateau", "below the floor"
PLATEAU = 0.05  # nats
NO_DIFFERENCE = f"no difference beyond {DELTA:g} points"

COLUMNS = (
    *("variant", "interpretation", "study", "dataset", *CHOICES, "cell_gate"),
    *(Column(name, "flag") for name in ("residual", "edge_norm")),
    *integer("distance", required=True),
    "state",
    *interval(".2f", "full_top1"),
    *interval(".2f", "top1"),
    *number(".2f", "floor_top1"),
    *interval("z.2f", "delta_top1", "delta"),
    *number("z.2f", "delta_ci90_low", "delta_ci90_high"),
    *number(".4g", "p_value", "p_family", "p_floor"),
    *("equal_within", "verdict"),
    Column("delta_by_seed", "list", "z.2f"),
    *number("z.3f", "loss_fall"),
    *integer("seeds", "clips"),
    "note",
)
VERDICT_COLUMNS = (
    *("variant", "study", "dataset", "verdict", "depends_on"),
    *integer("tested", "helps", "harms", "no_difference", "undecided", required=True),
    *number("z.2f", "delta_least", "delta_most"),
    *("helps_under", "harms_under", "no_difference_under", "cannot_act_under", "not_counted"),
)


class _Trained(NamedTuple):
    """Results by arm, the best bag of frames if there is one, and by arm the fall of its training loss."""

    arms: dict[str, Results]
    floor: Results | None
    falls: dict[str, float]

    def above_floor(self, full: Results) -> bool:
        """Whether the full model clearly beats the best bag of frames."""
        return self.floor is None or paired_interval(full.arrays["correct"], self.floor.arrays["correct"]).low > 0


def rows(source: Source) -> Iterator[Row]:
    """Every interpretation and ablation, in the study's order.

    Raises:
        InputError: a run is missing, damaged or stale, or runs cannot be compared (see `load`).
    """
    study, trained = source.study, _trained(source)
    p_values = _family(trained.arms)
    for interpretation in map(study.interpreted, study.interpretations):
        full = trained.arms.get(f"{FULL}@{interpretation.name}")
        for variant in (name for name in study.variants if name != FULL):
            row = {"variant": variant, "study": study.name, "dataset": study.table2} | readings_of(interpretation)
            if full is not None:
                row |= _against_full(trained, full, f"{variant}@{interpretation.name}", p_values)
            yield {"state": DEAD} | row


def _trained(source: Source) -> _Trained:
    runs = runs_of_table(TABLES["multiverse"], source.study, source.results)
    found = noted_makers(load(runs, predictions, mixed=source.mixed))
    arms = {one.run.variant.name: one for one in found if one.run.variant.is_lcr}
    floors = [one for one in found if not one.run.variant.is_lcr]
    best = max(floors, key=lambda one: one.arrays["correct"].mean(), default=None)
    store = Store(source.results, source.study.name)
    return _Trained(arms, best, {name: _fall(store, one) for name, one in arms.items()})


def _fall(store: Store, one: Results) -> float:
    """Mean training loss in the ninth tenth of the steps minus that in the last, mean over seeds, in nats."""
    falls = []
    for seed in one.seeds:
        lines = [line for line in store.metrics(one.run.dataset, one.run.variant.name, seed) if "loss" in line]
        share = np.array([line["step"] for line in lines]) / lines[-1]["step"]
        loss = np.array([line["loss"] for line in lines])
        before, last = loss[(share > 0.8) & (share <= 0.9)], loss[share > 0.9]
        falls.append(before.mean() - last.mean() if before.size else 0.0)
    return float(np.mean(falls))


def readings_of(interpretation: Interpretation) -> Row:
    """The cells that say what an interpretation chooses."""
    bundle = interpretation.bundle
    return {
        "interpretation": interpretation.name,
        "kv": bundle.kv_source,
        "class_token": bundle.edge_class_token,
        "convolution": bundle.cauconv,
        "cell_gate": bundle.cell_gate,
        "residual": bundle.residual,
        "edge_norm": bundle.edge_norm,
        "distance": bundle.distance(),
    }


def _family(arms: dict[str, Results]) -> dict[str, float]:
    """By arm: its p-value in the family of all ablations under all interpretations that were trained."""
    ablations = {name: one for name, one in arms.items() if one.run.variant.variant_name != FULL}
    return family_p({name: (one, arms[one.run.variant.full_name]) for name, one in ablations.items()})


def _against_full(trained: _Trained, full: Results, arm: str, p_values: dict[str, float]) -> Row:
    """The state and the numbers of an ablation under an interpretation whose full model was trained."""
    of_full, floor = full.arrays["correct"], trained.floor
    top1 = estimate("top1", of_full)
    row = {f"full_{name}": value for name, value in top1.items()}
    row |= {"floor_top1": floor and 100 * float(floor.arrays["correct"].mean())}
    if (one := trained.arms.get(arm)) is None:
        told = {"seeds": len(full.seeds), "clips": len(full.ids), "note": data_note(full)}
        return row | {"state": IDENTICAL, "top1": top1["top1"]} | told
    correct = one.arrays["correct"]
    tests, close = tested(one, full, p_values[arm])
    fall = max(trained.falls[arm], trained.falls[full.run.variant.name])
    state = NO_PLATEAU if fall > PLATEAU else TESTED if trained.above_floor(full) else BELOW
    return {
        **row,
        "state": state,
        **estimate("top1", correct),
        **estimate("delta_top1", correct, of_full),
        "delta_ci90_low": 100 * close.low,
        "delta_ci90_high": 100 * close.high,
        **tests,
        "verdict": tests["verdict"] if state == TESTED else "",
        "loss_fall": fall,
        "seeds": len(one.seeds),
        "clips": len(one.ids),
        "note": data_note(one),
    }


def verdict_rows(source: Source) -> Iterator[Row]:
    """Every ablation, in the study's order.

    Raises:
        InputError: the table `multiverse` is missing, damaged or without rows.
    """
    return verdicts_of(source.read(TABLES["multiverse"]))


def verdicts_of(whole: pd.DataFrame) -> Iterator[Row]:
    """The rows of multiverse_verdicts that follow from multiverse.csv."""
    for variant, rows in whole.groupby("variant", sort=False):
        tested = rows[rows.state == TESTED]
        cells = [
            Specification(row["verdict"], {name: row[name] for name in CHOICES}) for row in tested.to_dict("records")
        ]
        verdict, depends_on = over_interpretations(cells)
        under = {name: tested.interpretation[tested.verdict == name] for name in get_args(Verdict)}
        excluded = rows[rows.state.isin((NO_PLATEAU, BELOW))]
        yield {
            "variant": variant,
            "study": rows.study.iloc[0],
            "dataset": rows.dataset.iloc[0],
            "verdict": NO_DIFFERENCE if verdict == "no difference" else verdict,
            "depends_on": depends_on,
            "tested": len(tested),
            **{name.replace(" ", "_"): len(names) for name, names in under.items()},
            **({"delta_least": tested.delta_top1.min(), "delta_most": tested.delta_top1.max()} if cells else {}),
            **{
                f"{name.replace(' ', '_')}_under": ", ".join(names)
                for name, names in under.items()
                if name != UNDECIDED
            },
            "cannot_act_under": ", ".join(rows.interpretation[rows.state.isin((IDENTICAL, DEAD))]),
            "not_counted": ", ".join(f"{row.interpretation} ({row.state})" for row in excluded.itertuples()),
        }
