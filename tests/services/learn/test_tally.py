"""Adding up scores: worked out by hand, and the same in one go or in parts."""

from __future__ import annotations

import numpy as np
import pytest

from services.city.rennes import RENNES
from services.learn.tally import Evaluated, Prediction, ScoreKey, Tally, added_up, tallies

OBSERVED = np.array([0, 2])
MODEL = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3]])
SURE = np.array([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])


def evaluated(**changes):
    fields = {
        "model_version": "v",
        "lead_minutes": 60,
        "zone": np.array([1, 1]),
        "observed": OBSERVED,
        "ratio": np.array([0.9, 0.3]),
        "predictions": {
            "model": Prediction(
                MODEL, np.array([0.8, 0.5]), np.array([0.7, 0.4]), np.array([0.95, 0.6])
            ),
            "persistence": Prediction(SURE, np.array([0.9, 0.9])),
            "average": Prediction(np.full((2, 3), 1 / 3)),
        },
    }
    return Evaluated(**(fields | changes))


def test_scores_by_hand():
    sums = tallies(RENNES, evaluated())
    model = sums[ScoreKey("v", "rocade", 60, "model")]
    assert model.cases == 2
    # Cumulated errors: (0.7-1, 0.9-1) and (0.1-0, 0.7-0), halved.
    assert model.rps_sum == pytest.approx((0.09 + 0.01) / 2 + (0.01 + 0.49) / 2)
    assert model.brier_sum == pytest.approx((0.09 + 0.04 + 0.01) + (0.01 + 0.36 + 0.49))
    assert model.ratio_error_sum == pytest.approx(0.1 + 0.2)
    assert (model.band_cases, model.band_hits) == (2, 1)
    # Persistence has the first case right and the second as wrong as can be.
    assert model.better_than == {"persistence": 1, "average": 2}
    persistence = sums[ScoreKey("v", "rocade", 60, "persistence")]
    assert persistence.rps_sum == pytest.approx(1.0)
    assert persistence.band_cases == 0
    assert sums[ScoreKey("v", "rocade", 60, "average")].ratio_cases == 0


def test_the_calibration_is_that_of_not_free():
    bins = tallies(RENNES, evaluated())[ScoreKey("v", "rocade", 60, "model")].calibration
    assert bins[3] == pytest.approx((1, 0.3, 0))
    assert bins[9] == pytest.approx((1, 0.9, 1))
    assert sum(cases for cases, _, _ in bins) == 2


def test_parts_add_up_to_the_whole():
    halves = [
        evaluated(
            zone=np.array([1]),
            observed=OBSERVED[place : place + 1],
            ratio=np.array([0.9, 0.3])[place : place + 1],
            predictions={
                name: Prediction(
                    *(
                        None if part is None else part[place : place + 1]
                        for part in (p.shares, p.ratio, p.p10, p.p90)
                    )
                )
                for name, p in evaluated().predictions.items()
            },
        )
        for place in (0, 1)
    ]
    whole, parts = tallies(RENNES, evaluated()), added_up(tallies(RENNES, half) for half in halves)
    assert whole.keys() == parts.keys()
    for key, tally in whole.items():
        other = parts[key]
        assert other.better_than == tally.better_than
        assert other.rps_sum == pytest.approx(tally.rps_sum)
        assert np.allclose(other.calibration, tally.calibration)


def test_nothing_adds_nothing():
    tally = next(iter(tallies(RENNES, evaluated()).values()))
    assert tally + Tally() == tally
    assert (
        tallies(
            RENNES,
            evaluated(
                zone=np.array([], int),
                observed=np.array([], int),
                ratio=np.array([]),
                predictions={
                    name: Prediction(np.empty((0, 3)))
                    for name in ("model", "persistence", "average")
                },
            ),
        )
        == {}
    )
