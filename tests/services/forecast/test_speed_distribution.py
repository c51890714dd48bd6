from __future__ import annotations

import numpy as np

from services.city.city import StatusThresholds
from services.forecast.speed_distribution import probability_up_to, status_probabilities

FEED = StatusThresholds(congested_up_to=0.30, free_from=0.70)


def ordered_quantiles(count: int = 500) -> np.ndarray:
    return np.sort(np.random.default_rng(6).uniform(0.0, 1.2, size=(3, count)), axis=0)


def test_probabilities_sum_to_one_and_are_none_below_zero():
    found = status_probabilities(*ordered_quantiles(), FEED)
    parts = np.stack([found.congested, found.heavy, found.free])
    np.testing.assert_allclose(parts.sum(axis=0), 1.0)
    assert parts.min() >= 0.0


def test_the_distribution_goes_through_its_quantiles():
    for p10, p50, p90 in ordered_quantiles(50).T:
        quantiles = np.array([p10]), np.array([p50]), np.array([p90])
        found = [probability_up_to(limit, *quantiles).item() for limit in (p10, p50, p90)]
        np.testing.assert_allclose(found, [0.1, 0.5, 0.9], atol=1e-6)


def test_it_never_falls_along_the_limit():
    limits = np.linspace(-0.5, 1.5, 81)
    along = np.stack([probability_up_to(limit, *ordered_quantiles()) for limit in limits])
    assert np.all(np.diff(along, axis=0) >= 0.0)


def test_faster_forecasts_are_freer_and_less_congested():
    shift = np.linspace(0.0, 1.0, 41)
    found = status_probabilities(shift - 0.1, shift, shift + 0.05, FEED)
    assert np.all(np.diff(found.free) >= 0.0)
    assert np.all(np.diff(found.congested) <= 0.0)
    assert found.congested[0] > 0.99
    assert found.free[-1] > 0.99


def test_a_median_on_a_threshold_is_even_and_certainty_has_no_width():
    half = status_probabilities(*(np.array([value]) for value in (0.2, 0.7, 0.8)), FEED)
    np.testing.assert_allclose(half.free, 0.5)
    sure = status_probabilities(*(np.array([0.5]),) * 3, FEED)
    np.testing.assert_allclose([sure.congested, sure.heavy, sure.free], [[0], [1], [0]], atol=1e-9)
    unknown = status_probabilities(*(np.array([np.nan]),) * 3, FEED)
    assert np.isnan(unknown.free).all()
