"""Intervals and tests for accuracies over seeds × clips.

Every seed meets the same clips, so the two are crossed: a bootstrap that nests clips in seeds is too narrow (at 6 seeds
it covers 88–92% where it says 95%). Intervals come from a two-way analysis of variance and speak about new seeds and
new clips; they take clips as independent, which clips of one performer are not quite. Sign-flip p-values speak about
new seeds on the evaluated clips only.
"""

from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from lcr.config.study import MOST_SEEDS

Floats = NDArray[np.float64]


class Interval(NamedTuple):
    """A mean with its interval, in the unit of the values; with one seed over clips alone, with one clip over seeds."""

    mean: float
    low: float
    high: float


def mean_squares(y: Floats) -> tuple[Floats, Floats, Floats]:
    """Two-way analysis of variance without replication: mean squares of seeds, of clips, and of the residual.

    Args:
        y: (..., n, M): n seeds, M clips.

    Returns:
        (...) each; NaN if undefined.
    """
    n, m = y.shape[-2:]
    by_seed, by_clip = y.mean(-1), y.mean(-2)
    grand = by_seed.mean(-1)
    square_seed = m * ((by_seed - grand[..., None]) ** 2).sum(-1)
    square_clip = n * ((by_clip - grand[..., None]) ** 2).sum(-1)
    total = ((y - grand[..., None, None]) ** 2).sum((-2, -1))
    rest = np.maximum(total - square_seed - square_clip, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return square_seed / np.float64(n - 1), square_clip / np.float64(m - 1), rest / np.float64((n - 1) * (m - 1))


def crossed_variance(y: Floats) -> tuple[Floats, Floats]:
    """Variance of the mean over seeds and clips, and its degrees of freedom: (...) each for y (..., n, M).

    Var(mean) = (MS_seed + MS_clip - MS_res) / (nM), Satterthwaite's degrees of freedom. A component whose estimate is
    negative (its mean square is below MS_res) is left out, with its degrees of freedom, so the variance never is
    negative. One seed leaves the variance over clips, one clip that over seeds.
    """
    n, m = y.shape[-2:]
    seed, clip, rest = mean_squares(y)
    with np.errstate(divide="ignore", invalid="ignore"):
        if n > 1 and m > 1:
            square = seed + clip - rest
            freedom = square**2 / (seed**2 / (n - 1) + clip**2 / (m - 1) + rest**2 / ((n - 1) * (m - 1)))
            no_seed, no_clip = seed <= rest, clip <= rest  # components estimated at 0 or below
            square = np.where(no_seed, np.maximum(clip, rest), np.where(no_clip, seed, square))
            freedom = np.where(no_seed, m - 1, np.where(no_clip, n - 1, freedom))
        else:  # at most one way to vary
            square = clip if n == 1 else seed
            freedom = np.full_like(square, max(n, m) - 1)
    return square / (n * m), freedom


def unseen_share(y: Floats, *, level: float = 0.95) -> Floats:
    """The most that unseen clips could move the mean: (...) for y (..., n, M).

    Where few clips differ from the usual value, the variance may be next to nothing by chance. c of M clips differ; by
    Clopper and Pearson's bound the true share of such clips may be as large as b(c, M). Each moves the mean by the
    average of the clips seen and of one more clip on which all predictions differ: δ = (1 + Σ|deviation|) / (1 + c).
    The result is δ·(b(c, M) - c/M); if all values are equal, 1 - (α/2)^(1/M). Where many clips differ, the result is
    below the half-width from their variance.
    """
    m = y.shape[-1]
    usual = np.quantile(y.reshape(*y.shape[:-2], -1), 0.5, axis=-1, method="lower")[..., None, None]
    deviation = np.abs(y - usual).mean(-2)
    differ = np.count_nonzero(deviation, axis=-1)
    most = np.where(differ < m, stats.beta.isf((1 - level) / 2, differ + 1, np.maximum(m - differ, 1)), 1.0)
    return (1 + deviation.sum(-1)) / (1 + differ) * (most - differ / m)


def crossed_intervals(
    values: ArrayLike, *, level: float = 0.95, bounds: tuple[float, float] = (0.0, 1.0)
) -> tuple[Floats, Floats, Floats]:
    """Means and crossed intervals of many seed × clip matrices at once.

    Student's t with the variance and degrees of freedom of `crossed_variance`, and at least `unseen_share`, which
    counts where few clips differ, near 0 and 100%, and not elsewhere. The ends are clipped to `bounds`. How often such
    intervals hold the truth stands in docs/coverage.csv, made by `python tools/simulate_coverage.py`.

    Args:
        values: (..., n, M): n seeds, M clips, within `bounds`.
        level: the share of intervals that are to hold the true mean.
        bounds: the least and the largest value there can be: (0, 1) for correctness, (-1, 1) for paired differences.

    Returns:
        mean, low, high: (...) each, in the unit of `values`.

    Raises:
        ValueError: fewer than two dimensions, no seed or no clip, or a value that is not finite.
    """
    y = np.asarray(values, dtype=np.float64)
    if y.ndim < 2 or 0 in y.shape[-2:]:
        raise ValueError(f"values have shape {y.shape}; (..., seeds, clips) with one of each at least is needed")
    if not np.isfinite(y).all():
        raise ValueError("values must be finite: a missing seed or clip is no 0, leave it out of all rows")
    mean = y.mean((-2, -1))
    variance, freedom = crossed_variance(y)
    with np.errstate(divide="ignore", invalid="ignore"):
        half = stats.t.isf((1 - level) / 2, freedom) * np.sqrt(variance)
    half = np.fmax(half, unseen_share(y, level=level))  # the variance is undefined for one value
    return mean, np.maximum(mean - half, bounds[0]), np.minimum(mean + half, bounds[1])


def crossed_interval(values: ArrayLike, *, level: float = 0.95, bounds: tuple[float, float] = (0.0, 1.0)) -> Interval:
    """Mean and interval of one (seeds, clips) matrix, or of the (clips,) of one seed: see `crossed_intervals`."""
    found = crossed_intervals(np.atleast_2d(np.asarray(values, dtype=np.float64)), level=level, bounds=bounds)
    return Interval(*map(float, found))


def paired_interval(variant: ArrayLike, full: ArrayLike, *, level: float = 0.95) -> Interval:
    """Crossed interval of variant - full, paired by seed and clip.

    Args:
        variant, full: (seeds, clips) in [0, 1], the same seeds and clips in the same order.

    Raises:
        ValueError: the shapes differ.
    """
    a, b = np.asarray(variant, dtype=np.float64), np.asarray(full, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(f"pairs need the same seeds and clips, but the shapes are {a.shape} and {b.shape}")
    return crossed_interval(a - b, level=level, bounds=(-1.0, 1.0))


def sign_patterns(n: int) -> Floats:
    """(2^(n-1), n) of ±1, all + first: one of each two mirror images, which are equally far from 0."""
    return np.array([(1.0, *others) for others in product((1.0, -1.0), repeat=n - 1)])


def check_differences(differences: Floats) -> Floats:
    """`differences` (..., n) by seed.

    Raises:
        ValueError: the number of seeds is out of range, or a difference is not finite.
    """
    if not 1 <= differences.shape[-1] <= MOST_SEEDS or not np.isfinite(differences).all():
        raise ValueError(f"1 to {MOST_SEEDS} finite differences, one a seed, are enumerated; {differences.shape} given")
    return differences


def sign_flip_p(differences: ArrayLike) -> float:
    """Exact two-sided sign-flip p-value of paired differences by seed.

    Under the null hypothesis variant and full are exchangeable within a seed, on the clips that were evaluated: then
    each of the 2^n sign patterns is as likely as the one seen. p is the share of patterns whose sum is at least as far
    from 0. It never is below 2/2^n.

    Args:
        differences: (n,), 1 <= n <= 16: mean of variant - full for each seed.

    Raises:
        ValueError: n is out of range or a difference is not finite.
    """
    d = check_differences(np.asarray(differences, dtype=np.float64))
    sums = np.abs(sign_patterns(d.size) @ d)
    tolerance = 1e-9 * np.abs(d).sum()  # equal sums may round differently
    return float(np.mean(np.abs(sums) >= np.abs(d.sum()) - tolerance))


def holm(p_values: ArrayLike) -> Floats:
    """Holm's step-down adjustment of m p-values, in their order, with which the simulations compare joint flips."""
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    return np.minimum(stepped, 1.0)[np.argsort(order)]
