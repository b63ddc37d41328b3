"""Error rate and power of joint sign flips and of Holm's correction, on simulated families whose truth is known.

    python tools/simulate_families.py          writes docs/families.csv, in about a minute on one core

A study has one full model and m variants over n seeds. A seed's accuracy of an arm is its level + the seed's own effect
(shared by all arms, from data order and clips) + noise, in percentage points; so the m paired differences share the
noise of the full model. In scenarios with `collapse`, each arm fails in a seed with this probability and loses 30
points there, as trainings do that never leave chance. `true` of the m variants differ from the full model by `effect`.

Columns of families.csv: the scenario; the number of simulated studies; for joint flips (Westfall and Young's step-down
max-T) and for Holm over single sign-flip tests: the share of studies with any false finding at 5% (error), and the
share of true differences found (power), in percent, each with a standard error of at most half a point.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lcr.study.stats.intervals import Floats, holm, sign_flip_p
from lcr.study.stats.joint import joint_flip_ps
from lcr.study.tables.frame import Column, Row, Table, integer, number, write_frame
from lcr.util.progress import counting_bar

TRIALS = 10_000
BATCH = 500
LEVEL = 0.05
LOST = 30.0  # points that a collapsed seed loses
TABLE = Table(
    "families",
    (
        *integer("seeds", "members", "true"),
        *number("g", "effect", "noise", "collapse"),
        *integer("trials"),
        *number(".2f", "joint_error", "holm_error", "joint_power", "holm_power"),
        Column("met", "flag"),
    ),
)


class Family(NamedTuple):
    """A simulated family: n seeds, m members of which `true` differ by `effect` points; noise in points by arm."""

    seeds: int
    members: int
    true: int
    effect: float = 0.0
    noise: float = 2.0
    collapse: float = 0.0

    def differences(self, rng: np.random.Generator, trials: int) -> Floats:
        """(trials, members, seeds): variant - full; the first `true` members differ."""
        arms = self.noise * rng.standard_normal((trials, self.members + 1, self.seeds))
        arms -= LOST * (rng.random(arms.shape) < self.collapse)
        arms[:, 1 : 1 + self.true] += self.effect
        return arms[:, 1:] - arms[:, :1]


def families() -> Iterator[Family]:
    """Every scenario: no difference at all, one true one, most of them true; without and with collapsing seeds."""
    for seeds, members in ((6, 5), (8, 5), (6, 50), (8, 50)):
        for collapse in (0.0, 1 / 8):
            for true, effect in ((0, 0.0), (1, 5.0), (members - 1, 5.0), (members - 1, 10.0)):
                yield Family(seeds, members, true, effect, collapse=collapse)


def rates(family: Family, rng: np.random.Generator, trials: int = TRIALS) -> tuple[float, float, float, float]:
    """Error of joint flips and of Holm, then power of each; NaN for the power where nothing differs."""
    errors, found = np.zeros(2), np.zeros(2)
    for _ in range(trials // BATCH):
        d = family.differences(rng, BATCH)
        single = np.apply_along_axis(sign_flip_p, -1, d)
        for at, p in enumerate((joint_flip_ps(d), np.apply_along_axis(holm, -1, single))):
            findings = p <= LEVEL
            errors[at] += np.count_nonzero(findings[:, family.true :].any(-1))
            found[at] += findings[:, : family.true].sum()
    studies = trials // BATCH * BATCH
    power = found / (studies * family.true) if family.true else np.full(2, np.nan)
    return *(errors / studies).tolist(), *power.tolist()


def family_row(number: int, trials: int = TRIALS) -> Row:
    """The row of one scenario, by its number. met: the error of joint flips is at most 5%, to three standard errors."""
    family = list(families())[number]
    found = rates(family, np.random.default_rng(np.random.SeedSequence(0, spawn_key=(number,))), trials)
    names = ("joint_error", "holm_error", "joint_power", "holm_power")
    margin = 3 * np.sqrt(LEVEL * (1 - LEVEL) / trials)
    percent = {name: None if np.isnan(rate) else 100 * rate for name, rate in zip(names, found, strict=True)}
    return family._asdict() | {"trials": trials, "met": found[0] <= LEVEL + margin} | percent


def main() -> None:
    """Writes the table; says how many scenarios keep the level."""
    parser = argparse.ArgumentParser(description="Error and power of joint sign flips beside Holm's, by simulation.")
    parser.add_argument("--out", type=Path, default=Path("docs/families.csv"))
    parser.add_argument("--trials", type=int, default=TRIALS, help=f"simulated studies a scenario, in steps of {BATCH}")
    given = parser.parse_args()
    rows = []
    with counting_bar(len(list(families())), "simulated families") as advance:
        for number in range(len(list(families()))):
            rows.append(family_row(number, given.trials))
            advance()
    write_frame(given.out, TABLE, TABLE.frame(rows))
    print(f"{given.out}: {sum(row['met'] for row in rows)} of {len(rows)} scenarios keep the level")


if __name__ == "__main__":
    main()
