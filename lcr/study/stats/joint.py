"""Families of paired tests over the same seeds, by joint sign flips (Westfall and Young's step-down max-T).

The members of a family share their seeds and their partner, so their statistics are dependent. One sign per seed flips
all members together, which keeps that dependence: the adjusted p-value of a member can reach 2/2^n, the floor of a
single test, where Holm's correction multiplies it by the number of members. How often a family without any difference
has a finding, and how often a true difference is found, stands in docs/families.csv, made by
`python tools/simulate_families.py`.
"""

import numpy as np
from numpy.typing import ArrayLike

from lcr.study.stats.intervals import Floats, check_differences, sign_patterns


def joint_flip_p(differences: ArrayLike) -> Floats:
    """Adjusted two-sided p-values of a family: the chance of any false finding in it stays below the level.

    The statistic of a member under a pattern of signs is |Σ s·d| / √Σ d², a monotone function of |t|. The observed
    statistics are taken from the largest down; a member's p is the share of patterns in which the largest statistic of
    the members that are left is at least its own, and never less than the p before it (Westfall and Young 1993,
    algorithm 4.1). Flips are exact, without draws: 2^(n-1) patterns.

    Args:
        differences: (m, n), m members, 1 <= n <= 16 seeds: mean of variant - full for each seed, the same seeds in the
            same order in every row.

    Returns:
        (m,); 1 for a member whose differences are all 0.

    Raises:
        ValueError: n is out of range or a difference is not finite.
    """
    d = check_differences(np.atleast_2d(np.asarray(differences, dtype=np.float64)))
    return joint_flip_ps(d[None])[0]


def joint_flip_ps(differences: Floats) -> Floats:
    """`joint_flip_p` of many families at once: (trials, m, n) -> (trials, m)."""
    size = np.sqrt((differences**2).sum(-1, keepdims=True))
    scaled = np.divide(differences, size, out=np.zeros_like(differences), where=size > 0)
    statistics = np.abs(scaled @ sign_patterns(differences.shape[-1]).T)  # (trials, m, patterns); those seen come first
    order = np.argsort(-statistics[..., 0], axis=-1, kind="stable")
    ordered = np.take_along_axis(statistics, order[..., None], axis=1)
    largest = np.maximum.accumulate(ordered[:, ::-1], axis=1)[:, ::-1]  # of a member and those after it
    shares = (largest >= ordered[..., :1] - 1e-9).mean(-1)  # equal statistics may round differently
    stepped = np.maximum.accumulate(shares, axis=-1)
    adjusted = np.empty_like(stepped)
    np.put_along_axis(adjusted, order, stepped, axis=-1)
    return adjusted


def joint_floor(seeds: int) -> float:
    """The least p-value that `seeds` seeds can reach, whatever the size of the family: 2/2^n."""
    return 2 / 2**seeds
