"""The forecast level of the network and its band, worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from services.forecast.network_levels import SIMULATED_SPREAD, forecast_levels
from services.forecast.week_forecasts import WeekOnNetwork
from services.traffic.day_curve import Forecast, Spread
from tests.factories import UNHINDERED, make_network, make_week_table

NETWORK = replace(make_network(20), city=UNHINDERED)
# Of every segment 80, 90 and 100 % of the limit but at 8 h and 17 h of each day.
FREE_LEVEL = 0.3 / 0.8 + 0.4 / 0.9 + 0.3 / 1.0 - 1
NOON, FIVE = 12, 17
FIVE_LEVEL = 0.3 / 0.10 + 0.4 / 0.20 + 0.3 / 0.25 - 1


def week(network=NETWORK):
    return WeekOnNetwork(make_week_table(NETWORK), network)


def test_mean_travel_times_add_up_as_quantiles_do_not():
    noon, five = forecast_levels(week(), [NOON, FIVE], [None, None])
    assert noon.middle == pytest.approx(FREE_LEVEL, abs=1e-4)
    assert five.middle == pytest.approx(FIVE_LEVEL, abs=1e-4)


def test_the_band_is_as_wide_as_the_network_was_at_that_hour_where_that_is_known():
    (found,) = forecast_levels(week(), [FIVE], [Spread(3.0, 4.0, 6.0)])
    assert found == Forecast(
        pytest.approx(FIVE_LEVEL - 1.0), pytest.approx(FIVE_LEVEL), pytest.approx(FIVE_LEVEL + 2.0),
        is_band_observed=True,
    )  # fmt: skip


def test_no_band_is_faster_than_free_flow():
    (found,) = forecast_levels(week(), [NOON], [Spread(0.0, 0.5, 0.9)])
    assert found.low == 0.0


def test_before_that_it_is_what_the_shipped_model_erred_by_and_says_so():
    (found,) = forecast_levels(week(), [FIVE], [None])
    assert not found.is_band_observed
    assert [found.low, found.high] == pytest.approx([FIVE_LEVEL * s for s in SIMULATED_SPREAD])


def test_nothing_is_told_of_roads_that_the_model_does_not_know():
    ids = tuple(f"other {place}" for place in range(len(NETWORK)))
    other = replace(NETWORK, version="other", segment_ids=ids, names=np.array(NETWORK.names))
    assert forecast_levels(week(other), [NOON], [None]) == [None]
