from __future__ import annotations

import numpy as np

from models.week.quantiles import quantiles_pct, status_shares
from services.city.rennes import RENNES
from services.history.ratio_histogram import RATIO_BINS


def drawn_shares():
    return np.random.default_rng(6).dirichlet(np.full(RATIO_BINS, 0.2), size=(50, 4))


def test_quantiles_of_any_distribution_are_in_order():
    p10, p50, p90 = quantiles_pct(drawn_shares())
    assert p10.shape == (50, 4)
    assert p10.dtype == np.uint8
    assert (p10 <= p50).all()
    assert (p50 <= p90).all()
    assert p90.max() <= 5 * RATIO_BINS


def test_a_quantile_is_where_its_share_of_the_distribution_ends():
    shares = np.zeros(RATIO_BINS)
    # One in ten below 0.30, four between 0.60 and 0.65, five between 0.90 and 0.95.
    shares[[5, 12, 18]] = [0.1, 0.4, 0.5]
    assert quantiles_pct(shares).tolist() == [30, 65, 94]


def test_the_feed_s_thresholds_part_the_statuses():
    shares = np.zeros(RATIO_BINS)
    shares[[5, 6, 13, 14]] = [0.1, 0.2, 0.3, 0.4]
    np.testing.assert_allclose(status_shares(RENNES.thresholds, shares), [0.1, 0.5, 0.4])
    np.testing.assert_allclose(status_shares(RENNES.thresholds, drawn_shares()).sum(axis=-1), 1.0)
