"""tuning and convergence: every arm tuned by the same rule, and trained until more steps gain nothing that matters.

Both are made from a study with a `sweep`, whose arms are evaluated on performers that no training has seen and that are
not among the validation clips.

tuning, one row an arm and learning rate: top1 in percent with its 95% interval over seeds and clips; chosen: the rate
with the highest top1 (of equal ones the smallest); edge: the chosen rate is the least or the greatest of the grid, so
that the grid has to be extended for all arms; frozen: the rate that the study `like` trains the arm at.

convergence, one row an arm: top1 after the study's epochs and after half as many again; gain: the mean difference,
paired by seed and clip, in points, with its 95% interval; plateau: whether the upper end is below DELTA points.
"""

from collections.abc import Iterator

from lcr.config.run import runs_of
from lcr.study.predictions import Results, load, predictions
from lcr.study.stats.verdict import DELTA
from lcr.study.tables.accuracy import estimate
from lcr.study.tables.frame import Column, Row, Source, integer, interval, number

TUNING_COLUMNS = (
    *("variant", "dataset"),
    *number("g", "learning_rate"),
    *integer("epochs", "seeds", "clips"),
    *interval(".2f", "top1"),
    Column("top1_by_seed", "list", ".2f"),
    *(Column(name, "flag") for name in ("chosen", "edge", "frozen")),
)
CONVERGENCE_COLUMNS = (
    *("variant", "dataset"),
    *integer("epochs", "longer_epochs", "seeds", "clips"),
    *number(".2f", "top1", "longer_top1"),
    *interval("z.2f", "gain"),
    Column("gain_by_seed", "list", "z.2f"),
    Column("plateau", "flag"),
)


def _by_arm(source: Source, prefix: str) -> dict[tuple[str, str], list[Results]]:
    """Results by dataset and arm, one for each value of the sweep whose name begins with `prefix`."""
    every = runs_of(source.study, source.results)
    runs = [run for run in every if run.acts and run.variant.name.partition(".")[2].startswith(prefix)]
    found: dict[tuple[str, str], list[Results]] = {}
    for one in load(runs, predictions, mixed=source.mixed):
        found.setdefault((one.run.dataset, one.run.variant.name.partition(".")[0]), []).append(one)
    return found


def tuning_rows(source: Source) -> Iterator[Row]:
    """Every arm and learning rate; raises as `load`."""
    for (dataset, arm), ones in _by_arm(source, "lr-").items():
        rates = [one.run.config.train.learning_rate for one in ones]
        means = [one.arrays["correct"].mean() for one in ones]
        best = min(range(len(ones)), key=lambda at: (-means[at], rates[at]))
        frozen = source.study.dataset(dataset).rate_of(arm)
        for at, one in enumerate(ones):
            yield {
                "variant": arm,
                "dataset": dataset,
                "learning_rate": rates[at],
                "epochs": one.run.config.train.epochs,
                "seeds": len(one.seeds),
                "clips": len(one.ids),
                **estimate("top1", one.arrays["correct"]),
                "top1_by_seed": tuple(100 * one.arrays["correct"].mean(1)),
                "chosen": at == best,
                "edge": at == best and rates[at] in (min(rates), max(rates)),
                "frozen": rates[at] == frozen,
            }


def convergence_rows(source: Source) -> Iterator[Row]:
    """Every arm; raises as `load`."""
    for (dataset, arm), ones in _by_arm(source, "x").items():
        usual, longer = sorted(ones, key=lambda one: one.run.config.train.epochs)
        values = longer.arrays["correct"], usual.arrays["correct"]
        gain = estimate("delta_top1", *values)
        yield {
            "variant": arm,
            "dataset": dataset,
            "epochs": usual.run.config.train.epochs,
            "longer_epochs": longer.run.config.train.epochs,
            "seeds": len(usual.seeds),
            "clips": len(usual.ids),
            "top1": 100 * float(values[1].mean()),
            "longer_top1": 100 * float(values[0].mean()),
            "gain": gain["delta_top1"],
            "gain_ci_low": gain["delta_ci_low"],
            "gain_ci_high": gain["delta_ci_high"],
            "gain_by_seed": tuple(100 * (values[0].mean(1) - values[1].mean(1))),
            "plateau": gain["delta_ci_high"] < DELTA,
        }
