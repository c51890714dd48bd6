"""Scores from counts are those of single observations."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from models.week import scores
from models.zones import measures

CELLS, STATUSES = 40, 3
GENERATOR = np.random.default_rng(8)
SHARES = GENERATOR.dirichlet(np.ones(STATUSES), size=(CELLS, 1))
COUNTS = GENERATOR.integers(0, 5, size=(CELLS, 1, STATUSES)).astype(float)
# One row for each observation, as the other models are measured.
ROWS = np.repeat(SHARES.reshape(-1, STATUSES), COUNTS.sum(axis=-1).ravel().astype(int), axis=0)
OBSERVED = np.concatenate(
    [np.repeat(np.arange(STATUSES), cell.astype(int)) for cell in COUNTS.reshape(-1, STATUSES)]
)


@pytest.mark.parametrize("name", ["ranked_probability_score", "accuracy"])
def test_they_agree_with_the_measures_of_single_observations(name):
    expected = getattr(measures, name)(ROWS, OBSERVED)
    assert getattr(scores, name)(SHARES, COUNTS) == pytest.approx(expected)


def test_the_brier_score_is_that_of_one_event():
    probability, was_not_free = 1 - ROWS[:, 2], OBSERVED < 2
    expected = np.mean((probability - was_not_free) ** 2)
    assert scores.brier_score_of_not_free(SHARES, COUNTS) == pytest.approx(expected)


def test_average_precision_ranks_the_times_that_were_not_free():
    shares = np.array([[0.9, 0.0, 0.1], [0.0, 0.6, 0.4], [0.1, 0.2, 0.7]])
    free, heavy = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])
    best = np.stack([heavy, heavy, free])
    assert scores.average_precision_of_not_free(shares, best) == pytest.approx(1.0)
    # Told second and third of three: precision 1/2 and 2/3.
    worst = np.stack([free, heavy, heavy])
    found = scores.average_precision_of_not_free(shares, worst)
    assert found == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert scores.average_precision_of_not_free(shares, np.stack([free] * 3)) == 0.0


def test_a_comparison_counts_the_days_and_tells_the_skill():
    perfect = COUNTS / np.maximum(COUNTS.sum(axis=-1, keepdims=True), 1)
    blind = np.full_like(perfect, 1 / STATUSES)
    forecasts = {scores.MODEL: perfect, scores.CLIMATOLOGY: blind}
    days = {date(2026, 11, 2): COUNTS, date(2026, 11, 3): 2 * COUNTS}
    told = np.zeros(perfect.shape[:-1], bool)
    told[:10] = True
    found = scores.compare(forecasts, days, told)
    assert found["days"] == ["2026-11-02", "2026-11-03"]
    assert found["observations"] == 3 * int(COUNTS.sum())
    assert found["told_share"] == 0.25
    against = found["against"][scores.CLIMATOLOGY]
    assert against["days_better"] == 2
    assert against["rps_skill"] > 0.1
    table = scores.scores_table(found)
    assert f"{found['forecasters'][scores.MODEL]['ranked_probability_score']:.4f}" in table
    assert f"{against['days_better']} of 2" in table
