from __future__ import annotations

import numpy as np
import pytest

from models.zones.baselines import CommonestStatus, HourOfWeekAverage
from models.zones.features import Cells, every_cell, features_of
from services.city.rennes import RENNES
from services.forecast.zone_forecasts import table_shape
from services.history.averages import SMOOTHING_COUNT
from tests.models.contract import assert_is_forecaster
from tests.models.histories import BLOCKED, DENSE, FREE, zone_history

TUESDAY_8_H = Cells(np.array([2]), np.array([1]), np.array([8]))


@pytest.mark.parametrize("baseline", [HourOfWeekAverage, CommonestStatus])
def test_baselines_are_forecasters(baseline):
    assert_is_forecaster(baseline(zone_history().counts()))
    assert_is_forecaster(baseline(np.zeros(table_shape(RENNES))))


def test_the_average_is_the_share_of_what_was_seen_then_and_there():
    counts = np.zeros(table_shape(RENNES))
    counts[2, 1, 8] = [1, 2, 5]
    counts[3, 1, 8] = counts[2, 2, 8] = counts[2, 1, 9] = [50, 0, 0]
    [shares] = HourOfWeekAverage(counts).predict(TUESDAY_8_H)
    np.testing.assert_allclose(shares, [1.1 / 8.3, 2.1 / 8.3, 5.1 / 8.3])


def test_smoothing_leaves_nothing_impossible_and_an_unseen_hour_open():
    counts = np.zeros(table_shape(RENNES))
    counts[2, 1, 8] = [0, 0, 100]
    average = HourOfWeekAverage(counts)
    [shares] = average.predict(TUESDAY_8_H)
    assert shares[FREE] == pytest.approx(SMOOTHING_COUNT / (100 + 3 * SMOOTHING_COUNT))
    [unseen] = average.predict(Cells(np.array([0]), np.array([1]), np.array([8])))
    np.testing.assert_allclose(unseen, 1 / 3)


def test_the_commonest_status_is_that_of_the_zone_at_any_hour():
    counts = np.zeros(table_shape(RENNES))
    counts[..., DENSE] = 2
    counts[..., FREE] = 1
    counts[4, 0, 8, BLOCKED] = 1_000
    chosen = CommonestStatus(counts).predict(every_cell(features_of(RENNES)))
    in_zone_4 = every_cell(features_of(RENNES)).zone == 4
    np.testing.assert_array_equal(chosen[in_zone_4], np.tile([0, 0, 1], (7 * 24, 1)))
    np.testing.assert_array_equal(chosen[~in_zone_4], np.tile([0, 1, 0], (5 * 7 * 24, 1)))
