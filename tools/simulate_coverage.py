"""Coverage of the intervals and levels of the tests, measured on simulated studies whose truth is known.

    python tools/simulate_coverage.py          writes docs/coverage.csv, in a few minutes on one core

A simulated prediction is right if level + seed + clip + class + seed × class + noise > 0, with normal effects of the
spreads given and noise of spread 1: so seeds and clips are crossed, a seed is good at some classes and bad at others,
and the true accuracy is a value of the normal distribution function. Spreads are chosen around those of the study
`tiny` (accuracies of 20% to 61%; standard deviations of 2 to 8 points between seeds and of 26 to 35 between clips).

Columns of coverage.csv: measure (coverage_top1, coverage_delta: shares of 95% intervals that hold the truth;
false_sign_flip: share of studies of equal models with p <= 0.05, the clips held fixed; false_holm: share with any such
p after Holm over 5 equal models), the truth in percent or points, the spreads, the number of simulated studies, the
rate in percent with its standard error, the range that it must lie in, and whether it does.
"""

import argparse
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from scipy.stats import norm

from lcr.study.stats.intervals import crossed_intervals, holm, sign_flip_p
from lcr.study.tables.frame import Column, Row, Table, integer, number, write_frame
from lcr.util.progress import counting_bar

TABLE = Table(
    "coverage",
    (
        *("measure", *integer("seeds", "clips"), *number(".2f", "truth")),
        *number("g", "level", "variant_level", "seed_spread", "variant_seed_spread"),
        *number("g", "clip_spread", "class_spread", "interaction"),
        *(*integer("trials"), *number(".2f", "rate", "standard_error"), "wanted", Column("met", "flag")),
    ),
)
TRIALS = 10_000  # a rate of 95% then has a standard error of 0.22%
BATCH = 500
CLASSES = 12
ABLATIONS = 5  # behind false_holm
LEVEL = 0.05

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Truth:
    """The parameters of simulated studies; levels and spreads are in units of the noise.

    seeds, clips: of one study. level: of full. variant_level: of the variant that is compared with full; both are right
    on the same clips for the same reason, up to noise. class_spread: of CLASSES classes that are the same in all
    studies. interaction: of seed × class.
    """

    seeds: int
    clips: int
    level: float
    variant_level: float
    seed_spread: float
    clip_spread: float
    class_spread: float = 0.0
    interaction: float = 0.0
    variant_seed_spread: float | None = None

    @property
    def classes(self) -> Floats:
        """The effects of the classes: the same in every study."""
        return self.class_spread * norm.ppf((np.arange(CLASSES) + 0.5) / CLASSES)

    def spread(self, variant: bool) -> float:
        own = self.variant_seed_spread if variant else None
        return self.seed_spread if own is None else own

    def accuracy(self, variant: bool = False) -> float:
        """The true accuracy over all possible seeds and clips."""
        total = np.sqrt(1 + self.spread(variant) ** 2 + self.clip_spread**2 + self.interaction**2)
        level = self.variant_level if variant else self.level
        return float(norm.cdf((level + self.classes) / total).mean())

    def clip_effects(self, rng: np.random.Generator, trials: int) -> NDArray[np.float32]:
        """(trials, 1, clips): of clips that take the classes in turn."""
        drawn = self.clip_spread * rng.standard_normal((trials, 1, self.clips), dtype=np.float32)
        return (drawn + self.classes[np.arange(self.clips) % CLASSES]).astype(np.float32)

    def correct(
        self, rng: np.random.Generator, trials: int, clips: NDArray[np.float32], level: float, spread: float
    ) -> NDArray[np.bool_]:
        """(trials, seeds, clips): which predictions are right."""
        seeds = spread * rng.standard_normal((trials, self.seeds, 1), dtype=np.float32)
        by_class = self.interaction * rng.standard_normal((trials, self.seeds, CLASSES), dtype=np.float32)
        effect = level + seeds + by_class[..., np.arange(self.clips) % CLASSES] + clips
        return rng.standard_normal(effect.shape, dtype=np.float32) < effect


# (seeds, clips) × truths. The last three are near the upper bound: 94, 98 and 99.6%.
SIZES = ((6, 300), (8, 100), (8, 300), (8, 1500))
TRUTHS = (
    {"level": -1.2, "variant_level": -0.9, "seed_spread": 0.1, "clip_spread": 1.2},
    {"level": 0.0, "variant_level": -0.5, "seed_spread": 0.1, "clip_spread": 1.2},
    {"level": 0.5, "variant_level": 0.5, "seed_spread": 0.3, "clip_spread": 1.0},
    {"level": 0.3, "variant_level": 0.8, "seed_spread": 0.1, "clip_spread": 1.0, "variant_seed_spread": 0.4},
    {
        "level": 0.0,
        "variant_level": 0.3,
        "seed_spread": 0.1,
        "clip_spread": 0.8,
        "class_spread": 0.7,
        "interaction": 0.5,
    },
    {"level": 2.5, "variant_level": 2.2, "seed_spread": 0.2, "clip_spread": 1.2},
    {"level": 3.2, "variant_level": 3.0, "seed_spread": 0.2, "clip_spread": 1.2},
    {"level": 4.2, "variant_level": 4.1, "seed_spread": 0.2, "clip_spread": 1.2},
)


def scenarios() -> Iterator[Truth]:
    for seeds, clips in SIZES:
        for truth in TRUTHS:
            yield Truth(seeds, clips, **truth)


def coverage(truth: Truth, rng: np.random.Generator, trials: int = TRIALS) -> tuple[float, float]:
    """Shares of 95% intervals that hold the truth: of full's accuracy, and of the variant's paired difference."""
    accuracy = truth.accuracy()
    difference = truth.accuracy(variant=True) - accuracy
    hits = np.zeros(2)
    for _ in range(trials // BATCH):
        clips = truth.clip_effects(rng, BATCH)
        full = truth.correct(rng, BATCH, clips, truth.level, truth.spread(False))
        variant = truth.correct(rng, BATCH, clips, truth.variant_level, truth.spread(True))
        _, low, high = crossed_intervals(full)
        hits[0] += np.count_nonzero((low <= accuracy) & (accuracy <= high))
        _, low, high = crossed_intervals(variant.astype(np.float32) - full, bounds=(-1, 1))
        hits[1] += np.count_nonzero((low <= difference) & (difference <= high))
    rates = hits / (trials // BATCH * BATCH)
    return float(rates[0]), float(rates[1])


def false_findings(truth: Truth, rng: np.random.Generator, trials: int = TRIALS) -> tuple[float, float]:
    """Shares of studies of models that are equally good on one fixed set of clips in which a difference is found.

    First: one variant, p <= 0.05. Second: any of ABLATIONS variants after Holm. A variant whose seeds differ more gets
    the level at which it is as good as full on these very clips.
    """
    clips = truth.clip_effects(rng, 1)
    level = _same_level(truth, clips)
    found = np.zeros(2)
    for _ in range(trials // BATCH):
        full = truth.correct(rng, BATCH, clips, truth.level, truth.spread(False)).mean(-1)
        variants = [truth.correct(rng, BATCH, clips, level, truth.spread(True)).mean(-1) for _ in range(ABLATIONS)]
        p = np.array([[sign_flip_p(one[at] - full[at]) for one in variants] for at in range(BATCH)])
        found[0] += np.count_nonzero(p[:, 0] <= LEVEL)
        found[1] += np.count_nonzero([holm(row).min() <= LEVEL for row in p])
    rates = found / (trials // BATCH * BATCH)
    return float(rates[0]), float(rates[1])


def _same_level(truth: Truth, clips: NDArray[np.float32]) -> float:
    """The variant's level at which its expected accuracy on `clips` is that of full."""

    def expected(level: float, spread: float) -> float:
        return float(norm.cdf((level + clips) / np.sqrt(1 + spread**2 + truth.interaction**2)).mean())

    wanted = expected(truth.level, truth.spread(False))
    return float(optimize.brentq(lambda level: expected(level, truth.spread(True)) - wanted, -9, 9))


def _row(truth: Truth, measure: str, rate: float, trials: int) -> Row:
    accuracy = truth.accuracy()
    said = {"coverage_top1": accuracy, "coverage_delta": truth.accuracy(variant=True) - accuracy}
    low, high = (0.93, 0.97) if measure in said else (0.0, LEVEL)
    return asdict(truth) | {
        "measure": measure,
        "variant_seed_spread": truth.spread(True),
        "truth": 100 * said.get(measure, 0.0),
        "trials": trials,
        "rate": 100 * rate,
        "standard_error": 100 * np.sqrt(rate * (1 - rate) / trials),
        "wanted": f"{100 * low:g} to {100 * high:g}",
        "met": low <= rate <= high,
    }


def scenario_rows(number: int, trials: int = TRIALS, seed: int = 0) -> list[Row]:
    """The rows of one scenario, by its number: two coverages and two rates of false findings."""
    truth = list(scenarios())[number]
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))
    measures = ("coverage_top1", "coverage_delta", "false_sign_flip", "false_holm")
    rates = (*coverage(truth, rng, trials), *false_findings(truth, rng, trials))
    return [_row(truth, *one, trials) for one in zip(measures, rates, strict=True)]


def main() -> None:
    """Writes the table; says how many rows are as they must be."""
    parser = argparse.ArgumentParser(description="Coverage of the intervals and levels of the tests, by simulation.")
    parser.add_argument("--out", type=Path, default=Path("docs/coverage.csv"))
    parser.add_argument("--trials", type=int, default=TRIALS, help=f"simulated studies a scenario, in steps of {BATCH}")
    parser.add_argument("--scenarios", type=int, default=len(list(scenarios())), help="only the first of them")
    given = parser.parse_args()
    rows: list[Row] = []
    with counting_bar(given.scenarios, "simulated studies") as advance:
        for number in range(given.scenarios):
            rows += scenario_rows(number, given.trials)
            advance()
    write_frame(given.out, TABLE, TABLE.frame(rows))
    print(f"{given.out}: {sum(row['met'] for row in rows)} of {len(rows)} rates are as they must be")


if __name__ == "__main__":
    main()
