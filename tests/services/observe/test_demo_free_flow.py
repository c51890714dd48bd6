"""Free flow of the simulated town: by night nothing slows it, against what was measured of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from services.city.rennes import RENNES
from services.history.day_counts import CountedRows
from services.history.hour_speeds import hour_speeds
from services.history.reference import measured
from services.history.rows import Observations, kept, table_of
from services.observe.demo import DemoFeed
from services.observe.demo.compare import read_capture
from services.traffic.network import places_of
from services.traffic.status import has_speed
from services.traffic.zone_ratios import travel_times_s, zone_times
from tests.conftest import REAL_DATA
from tests.factories import UNHINDERED, rennes_network

# A winter fortnight without public holidays.
FIRST = date(2026, 1, 12)
DAYS = [FIRST + timedelta(days=count) for count in range(14)]
NETWORK = rennes_network()
_STEP = timedelta(minutes=6)


@pytest.fixture(scope="module")
def town():
    """The network as it was measured."""
    feed = DemoFeed()
    place = places_of(NETWORK.segment_ids, feed.network.ids)
    by_day = {day: hour_speeds(RENNES, day, [rows_of(feed, place, day)]) for day in DAYS}
    return NETWORK.with_reference(measured(RENNES, by_day, {FIRST.isoformat(): "mark"}))


def rows_of(feed, place, day):
    start = datetime.combine(day, datetime.min.time(), UTC)
    times = [start + count * _STEP for count in range(timedelta(days=1) // _STEP)]
    seen = feed.observations(times)
    moments = np.array([time.replace(tzinfo=None) for time in times], "datetime64[s]")
    shape = (len(times), len(NETWORK))
    columns = {
        "observed_at": np.repeat(moments, len(NETWORK)),
        "segment": np.broadcast_to(np.arange(len(NETWORK)), shape).ravel(),
        "status": seen.status[:, place].ravel(),
        "speed_kmh": np.where(has_speed(seen.status), seen.speed_kmh, np.nan)[:, place].ravel(),
        "travel_time_s": seen.travel_time_s[:, place].ravel(),
        "reliability_pct": seen.reliability_pct[:, place].ravel(),
        "probes": seen.probes[:, place].ravel(),
    }
    return CountedRows(kept(table_of(Observations(NETWORK.version, columns))), NETWORK)


def congestion(network, hour):
    """Congestion level at a quarter past an hour of each night, in percent."""
    feed = DemoFeed()
    place = places_of(NETWORK.segment_ids, feed.network.ids)
    times = [
        datetime(day.year, day.month, day.day, hour, 15, tzinfo=RENNES.time_zone) for day in DAYS
    ]
    seen = feed.observations(times)
    speed_kmh = np.where(has_speed(seen.status), seen.speed_kmh, np.nan)[:, place]
    ratios = zone_times(network, travel_times_s(network, speed_kmh)).speed_ratios()[:, -1]
    return 100 * (1 / ratios - 1)


def test_at_three_in_the_morning_the_town_is_as_good_as_empty(town):
    assert town.measured_share > 0.95
    assert 0 <= congestion(town, 3).mean() <= 5
    # Rain slows a night too.
    assert congestion(town, 3).max() <= 10
    # Nor by the shares of class and limit, before anything was measured.
    assert congestion(NETWORK, 3).max() <= 5
    # Against the limit, it would be a fifth.
    assert congestion(replace(NETWORK, city=UNHINDERED), 3).min() > 12


def test_by_day_it_is_not(town):
    assert congestion(town, 17).mean() > 50


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("snapshot-2024-08-26T1243.json", 5, 15), ("capture-2025-11-04T1724.csv", 70, 110)],
)
def test_noon_in_august_is_a_little_congested_and_rush_in_november_is_badly_so(name, low, high):
    feed = DemoFeed()
    capture = read_capture(REAL_DATA / name, feed.network)
    ratio = np.full(len(feed.network), np.nan)
    ratio[capture.segments] = capture.traffic.ratio[0]
    speed_kmh = ratio[places_of(NETWORK.segment_ids, feed.network.ids)] * NETWORK.speed_limit_kmh
    [*_, whole] = zone_times(NETWORK, travel_times_s(NETWORK, speed_kmh)).speed_ratios()
    assert low < 100 * (1 / whole - 1) < high


def test_what_was_measured_is_near_what_the_captures_tell_of_class_and_limit(town):
    ratio = town.free_flow_time_s.sum() / NETWORK.free_flow_time_s.sum()
    assert ratio == pytest.approx(1.0, abs=0.08)
