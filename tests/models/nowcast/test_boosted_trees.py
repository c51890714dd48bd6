from __future__ import annotations

import numpy as np
import pytest

from models.nowcast.boosted_trees import BoostedTrees, TreeOptions
from models.nowcast.features import HORIZONS, LAGS, speeds_ahead
from models.nowcast.profile import ProfileOptions
from tests.models.nowcast.tables import SLOTS_PER_DAY, times_of

pytest.importorskip("lightgbm")

TRAIN = 6 * SLOTS_PER_DAY
FEW = TreeOptions(rounds=30, learning_rate=0.2, leaves=7, min_rows=20)


def grown(speed: np.ndarray) -> BoostedTrees:
    return BoostedTrees(
        speed,
        times_of(len(speed)),
        None,
        profile=ProfileOptions(),
        options=FEW,
        report=lambda line: None,
    )


@pytest.fixture(scope="module")
def trees(speed):
    return grown(speed[:TRAIN])


def test_they_beat_the_last_speed_where_there_is_something_to_learn(trees, speed):
    rows = np.arange(TRAIN + LAGS, len(speed) - HORIZONS)
    forecast = trees.forecast(speed, times_of(len(speed)), rows)
    observed = speeds_ahead(speed, rows)
    own = np.abs(forecast.mean - observed).mean()
    assert own < 0.6 * np.abs(speed[rows][..., None] - observed).mean()
    np.testing.assert_array_equal(forecast.mean, forecast.median)


def test_growing_again_gives_the_same_forecast(trees, speed):
    rows = np.array([TRAIN + LAGS])
    once, again = (
        model.forecast(speed, times_of(len(speed)), rows).mean
        for model in (trees, grown(speed[:TRAIN]))
    )
    np.testing.assert_array_equal(once, again)


def test_a_forecast_does_not_depend_on_what_comes_later(trees, speed):
    rows = np.array([TRAIN + LAGS])
    later = speed.copy()
    later[TRAIN + LAGS + 1 :] = np.nan
    found = [trees.forecast(part, times_of(len(part)), rows).mean for part in (speed, later)]
    np.testing.assert_array_equal(*found)


def test_gaps_in_training_are_never_learned_as_speeds(speed):
    gappy = speed.copy()
    gappy[np.random.default_rng(7).random(gappy.shape) < 0.4] = np.nan
    rows = np.arange(TRAIN + LAGS, len(speed) - HORIZONS)
    found = grown(gappy[:TRAIN]).forecast(speed, times_of(len(speed)), rows)
    # A zero in place of each gap would pull it down by 40 %.
    assert abs(float((found.mean - speeds_ahead(speed, rows)).mean())) < 3.0
