"""The demo traffic: the feed's own rules, the shape of a week, incidents that come and go."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from services.city.rennes import RENNES
from services.observe.demo import DemoFeed, DemoObservations
from services.observe.demo.incidents import closures_at, incidents_at
from services.traffic.status import Status

TUESDAY, SATURDAY, SUNDAY = (
    datetime(2026, 1, day, tzinfo=RENNES.time_zone) for day in (13, 17, 18)
)
WEEKS = 6


@pytest.fixture(scope="module")
def day(feed: DemoFeed) -> DemoObservations:
    return feed.observations([TUESDAY + timedelta(minutes=15 * step) for step in range(96)])


def centre(feed: DemoFeed) -> NDArray[np.bool_]:
    network = feed.network
    return network.east_km**2 + network.north_km**2 <= 2**2


def ring_road(feed: DemoFeed) -> NDArray[np.bool_]:
    return feed.network.names == "Route nationale 136"


def speed_ratio(feed: DemoFeed, observed: DemoObservations, zone: NDArray[np.bool_]) -> NDArray:
    """Free-flow travel time over travel time in a zone, by time; known segments only."""
    limit = feed.network.limit_kmh.astype(float)
    speed = np.minimum(observed.speed_kmh, limit)
    known = zone & (observed.status != Status.UNKNOWN) & (observed.status != Status.IMPOSSIBLE)
    length = feed.network.length_m * known
    return (length / limit).sum(axis=1) / (length / speed).sum(axis=1)


def at_hour(feed: DemoFeed, day: datetime, hour: float, zone: NDArray[np.bool_]) -> NDArray:
    times = [day + timedelta(weeks=week, hours=hour) for week in range(WEEKS)]
    return speed_ratio(feed, feed.observations(times), zone)


def test_status_follows_speed_over_limit(feed: DemoFeed, day: DemoObservations) -> None:
    ratio = day.speed_kmh / feed.network.limit_kmh.astype(float)
    expected = np.select(
        [ratio <= 0.30 + 1e-9, ratio >= 0.70 - 1e-9],
        [Status.CONGESTED, Status.FREE_FLOW],
        Status.HEAVY,
    )
    ruled = (day.status != Status.UNKNOWN) & (day.status != Status.IMPOSSIBLE)
    assert np.array_equal(day.status[ruled], expected[ruled])
    assert set(day.status[ruled].tolist()) == {1, 2, 3}


def test_unknown_means_no_probe_and_no_reliability(feed: DemoFeed, day: DemoObservations) -> None:
    unknown = day.status == Status.UNKNOWN
    assert np.array_equal(unknown, day.probes == 0)
    assert np.array_equal(unknown, day.reliability_pct == 0)
    limit = np.broadcast_to(feed.network.limit_kmh, unknown.shape)
    assert np.array_equal(day.speed_kmh[unknown], limit[unknown])


def test_values_stay_in_the_feeds_ranges(feed: DemoFeed, day: DemoObservations) -> None:
    assert 1 <= day.speed_kmh.min() <= day.speed_kmh.max() <= 130
    assert 10 <= day.probes.max() <= 16
    assert day.reliability_pct.max() == 100
    seconds = feed.network.length_m / (day.speed_kmh / 3.6)
    assert np.abs(day.travel_time_s - seconds).max() <= 0.51


def test_night_hides_small_roads_but_not_the_ring_road(
    feed: DemoFeed, day: DemoObservations
) -> None:
    unknown = day.status == Status.UNKNOWN
    night, noon = unknown[12], unknown[50]
    small = feed.network.road_class == 3
    assert 0.45 < night[small].mean() < 0.7
    assert 0.12 < noon.mean() < 0.28
    assert night[ring_road(feed)].mean() < 0.1


def test_week_has_its_shape(feed: DemoFeed) -> None:
    whole = np.ones(len(feed.network), bool)
    rush = at_hour(feed, TUESDAY, 8.25, whole)
    assert (rush < at_hour(feed, TUESDAY, 3, whole) - 0.15).all()
    assert (rush < at_hour(feed, SUNDAY, 8.25, whole) - 0.15).all()
    town = centre(feed)
    saturday = at_hour(feed, SATURDAY, 16.5, town).mean()
    assert at_hour(feed, TUESDAY, 17.75, town).mean() < saturday
    assert saturday < at_hour(feed, SUNDAY, 16.5, town).mean() - 0.05


def test_zones_are_where_the_real_town_is(feed: DemoFeed) -> None:
    # The real centre read 0.52 at 12:43 and 0.29 at 17:24, the ring road 0.90 and 0.47.
    town, ring = centre(feed), ring_road(feed)
    assert 0.60 < at_hour(feed, TUESDAY, 3, town).mean() < 0.72
    assert 0.44 < at_hour(feed, TUESDAY, 12.75, town).mean() < 0.58
    assert 0.25 < at_hour(feed, TUESDAY, 17.4, town).mean() < 0.37
    assert at_hour(feed, TUESDAY, 3, ring).mean() > 0.93
    assert at_hour(feed, TUESDAY, 12.75, ring).mean() > 0.80
    assert 0.30 < at_hour(feed, TUESDAY, 17.4, ring).mean() < 0.60


def test_days_differ_enough_to_make_the_hour_alone_a_poor_forecast(feed: DemoFeed) -> None:
    days = [TUESDAY + timedelta(days=day) for day in range(42)]
    working = [day for day in days if day.weekday() < 5]
    night, rush = (
        speed_ratio(
            feed, feed.observations([day.replace(hour=hour) for day in working]), centre(feed)
        )
        for hour in (3, 8)
    )
    slowed = (rush <= 0.5 * night.mean()).mean()
    assert 0.2 < slowed < 0.9


def test_commuters_drive_in_by_morning_and_out_by_evening(feed: DemoFeed) -> None:
    network = feed.network
    outside = (network.east_km**2 + network.north_km**2 > 4.5**2) & (network.road_class <= 2)
    inbound, outbound = outside & (network.inward > 0.8), outside & (network.inward < -0.8)
    morning = at_hour(feed, TUESDAY, 8, inbound) - at_hour(feed, TUESDAY, 8, outbound)
    evening = at_hour(feed, TUESDAY, 17.75, inbound) - at_hour(feed, TUESDAY, 17.75, outbound)
    assert morning.mean() < -0.05
    assert evening.mean() > 0.05


def test_neighbours_on_a_road_and_minutes_in_time_resemble_each_other(feed: DemoFeed) -> None:
    times = [TUESDAY + timedelta(days=day, hours=17.5) for day in range(40)]
    network = feed.network
    longest = np.argmax(np.bincount(network.corridor, network.length_m))
    ring = np.flatnonzero(network.corridor == longest)
    ring = ring[np.argsort(network.position_m[ring])]
    ratio = feed.observations(times).speed_kmh[:, ring] / network.limit_kmh[ring]
    anomaly = ratio - ratio.mean(axis=0)
    near = np.corrcoef(anomaly[:, :-1].ravel(), anomaly[:, 1:].ravel())[0, 1]
    far = np.corrcoef(anomaly[:, :-20].ravel(), anomaly[:, 20:].ravel())[0, 1]
    assert near > 0.5
    assert near > far + 0.15
    later = feed.observations([time + timedelta(minutes=6) for time in times])
    soon = later.speed_kmh[:, ring] / network.limit_kmh[ring]
    assert np.corrcoef(ratio.ravel(), soon.ravel())[0, 1] > 0.8


def test_what_is_unknown_is_whole_streets(feed: DemoFeed, day: DemoObservations) -> None:
    network = feed.network
    order = np.lexsort((network.position_m, network.corridor))
    next_one = network.corridor[order][:-1] == network.corridor[order][1:]
    unknown = (day.status == Status.UNKNOWN)[50][order]
    assert np.corrcoef(unknown[:-1][next_one], unknown[1:][next_one])[0, 1] > 0.7


def test_incidents_slow_their_road_and_then_end(feed: DemoFeed) -> None:
    hours = int(TUESDAY.timestamp()) + 3_600 * np.arange(24 * 28, dtype=np.int64)
    incidents = incidents_at(feed.network, feed.seed, hours)
    assert 2 <= len(incidents) / 28 <= 10
    assert all(20 * 60 <= incident.duration_s <= 90 * 60 for incident in incidents)
    limit = feed.network.limit_kmh.astype(float)
    during, after = [], []
    for incident in incidents:
        when = np.array([incident.start_s + incident.duration_s, incident.end_s + 180])
        observed = feed.observations(when.astype("datetime64[s]"))
        ratio = observed.speed_kmh[:, incident.segment] / limit[incident.segment]
        if (observed.status[:, incident.segment] != Status.UNKNOWN).all():
            during.append(ratio[0])
            after.append(ratio[1])
    assert np.mean(during) < 0.35
    assert np.mean(after) > 0.6


def test_what_was_injected_can_be_asked_for(feed: DemoFeed) -> None:
    start, end = TUESDAY, TUESDAY + timedelta(days=7)
    events = feed.injected_events(start, end)
    closed = [event for event in events if event.delay_s is None]
    assert 0 < len(closed) < len(events)
    assert events == sorted(events, key=lambda event: event.start)
    assert all(event.start < end and event.end > start for event in events)
    worst = max(events, key=lambda event: event.delay_s or 0.0)
    assert worst.delay_s is not None
    assert 120 < worst.delay_s < 3_600
    places = [feed.network.ids.index(segment_id) for segment_id in worst.segment_ids]
    assert len(set(feed.network.corridor[places].tolist())) == 1
    assert (np.diff(feed.network.position_m[places]) < 0).all()
    middle = worst.start + (worst.end - worst.start) / 2
    [now, before] = feed.observations([middle, worst.start - timedelta(minutes=6)]).speed_kmh
    assert now[places[0]] < 0.6 * before[places[0]]
    at = feed.observations([closed[0].start + timedelta(minutes=6)])
    places = [feed.network.ids.index(segment_id) for segment_id in closed[0].segment_ids]
    assert (at.status[0, places] == Status.IMPOSSIBLE).all()


def test_closures_are_rare_short_and_shown_as_impossible(feed: DemoFeed) -> None:
    hours = int(TUESDAY.timestamp()) + 3_600 * np.arange(24 * 28, dtype=np.int64)
    closures = closures_at(feed.network, feed.seed, hours)
    assert 2 <= len(closures) <= 20
    closure = closures[0]
    assert 2 * 3_600 <= closure.end_s - closure.start_s <= 6 * 3_600
    when = np.array([closure.start_s - 180, closure.start_s + 180, closure.end_s + 180])
    observed = feed.observations(when.astype("datetime64[s]"))
    closed = (observed.status == Status.IMPOSSIBLE)[:, list(closure.segments)]
    assert closed.all(axis=1).tolist() == [False, True, False]
    assert (observed.probes[1, list(closure.segments)] > 0).all()


def test_one_call_for_many_times_equals_many_calls(feed: DemoFeed, day: DemoObservations) -> None:
    shuffled = [95, 0, 33, 33, 60]
    again = feed.observations([TUESDAY + timedelta(minutes=15 * step) for step in shuffled])
    for name in ("status", "speed_kmh", "travel_time_s", "reliability_pct", "probes"):
        assert np.array_equal(getattr(again, name), getattr(day, name)[shuffled])


def test_memory_blocks_do_not_show_in_the_result(
    feed: DemoFeed, day: DemoObservations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.observe.demo.traffic._CELLS_PER_BLOCK", 7 * len(feed.network))
    again = feed.observations([TUESDAY + timedelta(minutes=15 * step) for step in range(30)])
    assert np.array_equal(again.speed_kmh, day.speed_kmh[:30])


def test_history_is_the_one_the_shipped_model_learnt_from(feed: DemoFeed) -> None:
    # Changes only when the simulation is changed on purpose; the model is then to be retrained.
    observed = feed.observations([datetime(2026, 1, 13, 7, 15, tzinfo=UTC)])
    digest = hashlib.sha256(observed.speed_kmh.tobytes() + observed.probes.tobytes())
    assert digest.hexdigest()[:16] == "5620f43a44b066bf"


def test_seed_changes_the_traffic(feed: DemoFeed, day: DemoObservations) -> None:
    other = DemoFeed(seed=36).observations([TUESDAY])
    assert (other.speed_kmh[0] != day.speed_kmh[0]).mean() > 0.5


def test_summer_clock_moves_the_rush_hour_in_utc(feed: DemoFeed) -> None:
    town = centre(feed)
    winter = [datetime(2026, 1, 13, 7, 15, tzinfo=UTC) + timedelta(weeks=w) for w in range(4)]
    summer = [datetime(2026, 6, 9, 6, 15, tzinfo=UTC) + timedelta(weeks=w) for w in range(4)]
    for rush in (winter, summer):
        assert speed_ratio(feed, feed.observations(rush), town).mean() < 0.45
