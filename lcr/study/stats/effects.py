"""Effect sizes, sources of variance, and the differences that a study of this size can detect.

All of these are about the paired differences variant - full, seed by seed, or about one variant's own predictions;
`lcr.study.stats.intervals` says whether there is a difference at all.
"""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats

from lcr.study.stats.intervals import crossed_variance, mean_squares, sign_patterns

POWER = 0.8  # the share of studies in which a difference of the minimum detectable size is found
LEVEL = 0.05
TRIALS = 1000  # simulated studies behind the sign-flip test's power: its standard error at 0.8 is 1.3%


def paired_effect(d: NDArray[np.float64]) -> tuple[float, float, float]:
    """Hedges' g of paired differences by seed: J·mean/sd, the standardised mean difference d_z without its bias.

    sd is that of the n differences (n - 1 degrees of freedom), J = Γ(f/2) / (√(f/2)·Γ((f-1)/2)), f = n - 1. It counts
    in standard deviations over *seeds* on the evaluated clips; a subject of the usual d_z is here a seed. The interval
    inverts the noncentral t distribution of mean/(sd/√n), so it takes the differences as normal.

    Args:
        d: (n,), mean of variant - full for each seed.

    Returns:
        g and the two ends of its 95% interval; NaN where the seeds do not differ or are fewer than three.
    """
    n = d.size
    if n < 3 or np.ptp(d) <= 1e-12:  # at f = 1, J is 0
        return np.nan, np.nan, np.nan
    t = float(d.mean() / d.std(ddof=1) * np.sqrt(n))
    half = (n - 1) / 2
    unbiased = np.exp(special.gammaln(half) - special.gammaln(half - 0.5)) / np.sqrt(half)
    scale = float(unbiased / np.sqrt(n))
    return scale * t, *(scale * _noncentrality(t, n - 1, tail) for tail in (1 - LEVEL / 2, LEVEL / 2))


def _noncentrality(t: float, freedom: int, share: float) -> float:
    """The noncentrality under which a share `share` of t statistics lies at or below `t`."""
    near, width = float(special.nctdtrinc(freedom, share, t)), 1 + abs(t) / 100  # four digits are right at least
    return float(optimize.brentq(lambda delta: special.nctdtr(freedom, delta, t) - share, near - width, near + width))


def mcnemar(variant: ArrayLike, full: ArrayLike) -> dict[str, tuple[float, ...]]:
    """Exact McNemar tests by seed: are the clips on which the two disagree split evenly?

    Description alone: the seeds share their clips and full, so these p-values are neither independent nor corrected.

    Args:
        variant, full: (n, M) of 0 and 1, the same seeds and clips in the same order.

    Returns:
        By seed: gained and lost, the clips that only the variant and that only full has right, and the two-sided p.
    """
    a, b = np.asarray(variant, dtype=bool), np.asarray(full, dtype=bool)
    gained, lost = tuple((a & ~b).sum(1).tolist()), tuple((b & ~a).sum(1).tolist())
    split = zip(gained, lost, strict=True)
    p = tuple(float(stats.binomtest(k, k + m).pvalue) if k + m else 1.0 for k, m in split)
    return {"gained": gained, "lost": lost, "p": p}


PARTS = ("sd_seed", "sd_clip", "sd_rest", "share_seed", "share_clip", "share_rest")


def variance_components(values: ArrayLike) -> dict[str, float]:
    """Variance of seed × clip values, split (`PARTS`): standard deviations by source, shares of the mean's variance.

    sd_seed: between seeds, over all possible clips. sd_clip: between clips, over all possible seeds. sd_rest: the rest,
    interaction and noise together, since there is one value a cell. share_*: of Var(mean) = seed²/n + clip²/M +
    rest²/(nM); the shares add up to 1, or are NaN where nothing varies. More seeds shrink the first and third, more
    clips the second and third. Estimates are a two-way random model's by the method of moments; a negative one is 0.

    Args:
        values: (n, M): n seeds, M clips, two of each at least; NaN throughout with fewer.
    """
    y = np.asarray(values, dtype=np.float64)
    n, m = y.shape
    if min(n, m) < 2:
        return dict.fromkeys(PARTS, np.nan)
    seed, clip, rest = (float(square) for square in mean_squares(y))
    parts = np.array([max(seed - rest, 0.0) / m, max(clip - rest, 0.0) / n, rest])
    of_mean = parts / [n, m, n * m]
    shares = of_mean / (of_mean.sum() or np.nan)
    return dict(zip(PARTS, map(float, (*np.sqrt(parts), *shares)), strict=True))


def detectable_by_interval(differences: NDArray[np.float64]) -> float:
    """The least true difference whose 95% crossed interval excludes 0 with power `POWER`, in studies of this size.

    From the estimated variance of the mean difference and its degrees of freedom, by the noncentral t distribution.
    NaN where the differences are all equal: they say nothing about the variance.

    Args:
        differences: (n, M), variant - full by seed and clip.
    """
    variance, freedom = map(float, crossed_variance(differences))
    if not variance > 0 or not freedom > 0:
        return np.nan
    least = special.nctdtrinc(freedom, 1 - POWER, stats.t.isf(LEVEL / 2, freedom))  # the far tail adds nothing
    return float(least * np.sqrt(variance))


def detectable_by_signs(d: NDArray[np.float64]) -> float:
    """The least true difference that the sign-flip test of one ablation detects with power `POWER`.

    On the evaluated clips, for normal differences by seed with the standard deviation seen. Infinite where the floor of
    the test is above its level: no difference can be found by so few seeds. NaN with one seed.

    Args:
        d: (n,), mean of variant - full for each seed.
    """
    return _detectable_signs(d.size, LEVEL) * float(d.std(ddof=1)) if d.size > 1 else np.nan


@cache
def _detectable_signs(seeds: int, level: float) -> float:
    """In standard deviations of the differences: see `detectable_by_signs`."""
    if 2 / 2**seeds > level:
        return np.inf
    draws = np.random.default_rng(0).standard_normal((seeds, TRIALS)).astype(np.float32)
    signs = sign_patterns(seeds).astype(np.float32)
    noise, shift = signs @ draws, signs.sum(1, keepdims=True)  # a pattern's sum of draws, and of the true difference

    def power(delta: float) -> float:
        sums = np.abs(noise + delta * shift)
        return float(np.mean((sums >= sums[:1] - 1e-4).mean(0) <= level))

    low, high = 0.0, 16.0
    while high - low > 1e-3:
        middle = (low + high) / 2
        low, high = (middle, high) if power(middle) < POWER else (low, middle)
    return high
