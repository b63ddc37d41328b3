"""Sizes of differences, variance by source, and what could have been found: by hand and by simulation."""

import numpy as np
import pytest
from scipy.stats import nct, norm, t

from lcr.study.stats.effects import (
    POWER,
    detectable_by_interval,
    detectable_by_signs,
    mcnemar,
    paired_effect,
    variance_components,
)
from lcr.study.stats.intervals import crossed_intervals, crossed_variance, sign_flip_p


def test_the_effect_is_hedges_g_of_the_differences_by_seed_and_its_interval_holds_the_statistic_at_its_tails():
    # mean 2.5, sd 1.290994; J at 3 degrees of freedom is Γ(1.5) / (√1.5 Γ(1)) = 0.723601
    d = np.array([1.0, 2.0, 3.0, 4.0])
    assert paired_effect(d)[0] == pytest.approx(0.723601 * 2.5 / 1.290994, rel=1e-5)
    d = np.array([0.3, -0.1, 0.4, 0.2, 0.1, 0.5, 0.0, 0.2])
    size, low, high = paired_effect(d)
    assert paired_effect(-d) == pytest.approx((-size, -high, -low))
    per_sd = d.mean() / d.std(ddof=1)
    for end, share in ((low, 0.975), (high, 0.025)):
        noncentrality = end * per_sd / size * np.sqrt(8)
        assert nct.cdf(per_sd * np.sqrt(8), 7, noncentrality) == pytest.approx(share, abs=1e-6)


def test_the_effects_interval_holds_the_truth_in_95_percent_of_studies():
    rng = np.random.default_rng(0)
    ends = [paired_effect(rng.normal(0.8, 1.0, 8))[1:] for _ in range(600)]
    hits = np.mean([low <= 0.8 * 0.888202 <= high for low, high in ends])  # J at 7 degrees of freedom
    assert 0.925 <= hits <= 0.975  # its own standard error is 0.9%


@pytest.mark.parametrize("d", [[0.1] * 8, [0.1, 0.2], [0.3]])
def test_an_effect_without_spread_over_seeds_is_undefined(d):
    assert np.isnan(paired_effect(np.array(d))).all()


def test_mcnemar_counts_the_clips_on_which_the_two_disagree():
    variant = np.array([[1, 1, 1, 1, 1, 1, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0]])
    full = np.array([[0, 0, 0, 0, 0, 1, 1, 0], [1, 0, 0, 0, 0, 0, 0, 0]])
    found = mcnemar(variant, full)
    assert (found["gained"], found["lost"]) == ((5, 0), (1, 0))
    # of 6 disagreements, 5 or more on one side: (6 + 1) / 2^6, two-sided
    assert found["p"] == pytest.approx((2 * 7 / 64, 1.0))


def test_variance_components_are_found_in_data_made_of_them():
    rng = np.random.default_rng(1)
    seeds, clips = 60, 400
    values = 2.0 * rng.standard_normal((seeds, 1)) + 3.0 * rng.standard_normal((1, clips))
    values = values + 4.0 * rng.standard_normal((seeds, clips))
    found = list(variance_components(values).values())
    for part, (true, rel) in zip(found, ((2.0, 0.25), (3.0, 0.1), (4.0, 0.02)), strict=False):
        assert part == pytest.approx(true, rel=rel)
    parts = np.square(found[:3]) / [seeds, clips, seeds * clips]
    assert found[3:] == pytest.approx(parts / parts.sum())


def test_shares_of_the_variance_add_up_to_one_and_none_is_negative():
    found = variance_components(np.indices((6, 40)).sum(0) % 2)  # both components are estimated below 0
    assert (found["sd_seed"], found["sd_clip"], found["share_rest"]) == (0.0, 0.0, 1.0)
    assert np.isnan(variance_components(np.ones((4, 5)))["share_seed"])
    assert np.isnan(variance_components(np.eye(4)[:1])["sd_clip"])


def test_a_detectable_difference_is_found_by_the_interval_in_80_percent_of_studies():
    rng = np.random.default_rng(2)
    seeds, clips, spread = 8, 50, 1.0

    def draw(trials: int, shift: float) -> np.ndarray:
        return shift + spread * rng.standard_normal((trials, seeds, 1)) + rng.standard_normal((trials, seeds, clips))

    # the truth from the known variance, by the same formula, since one study only estimates it
    variance, freedom = spread**2 / seeds + 1 / (seeds * clips), seeds - 1
    critical = t.isf(0.025, freedom)
    grid = np.linspace(0, 3, 3001)
    shift = grid[np.argmax(nct.sf(critical, freedom, grid / np.sqrt(variance)) >= POWER)]
    _, low, high = crossed_intervals(draw(2000, shift), bounds=(-9, 9))
    assert np.mean((low > 0) | (high < 0)) == pytest.approx(POWER, abs=0.03)
    one = draw(1, 0.0)[0]
    estimated, freedom = crossed_variance(one)
    found = detectable_by_interval(one)
    assert nct.sf(t.isf(0.025, freedom), freedom, found / np.sqrt(estimated)) == pytest.approx(POWER, abs=1e-6)


def test_a_difference_detectable_by_signs_is_found_in_80_percent_of_studies():
    d = np.array([1.0, -1.0] * 3) * np.sqrt(5 / 6)  # standard deviation 1
    found = detectable_by_signs(d)
    # at 6 seeds all signs must agree: Φ(δ)^6 = 0.8
    assert found == pytest.approx(norm.ppf(0.8 ** (1 / 6)), abs=0.08)
    rng = np.random.default_rng(3)
    rate = np.mean([sign_flip_p(rng.normal(found, 1, 6)) <= 0.05 for _ in range(1500)])
    assert rate == pytest.approx(POWER, abs=0.04)


def test_too_few_seeds_can_find_no_difference_by_signs_and_equal_answers_say_nothing():
    assert detectable_by_signs(np.array([0.1, 0.2, 0.3, 0.1, 0.0])) == np.inf
    assert np.isnan(detectable_by_signs(np.array([0.1])))
    assert np.isnan(detectable_by_interval(np.zeros((8, 20))))
