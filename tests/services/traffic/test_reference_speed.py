"""Free flow as measured: the definition, the file, and how a network takes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import orjson
import pytest

from services.base.errors import StorageError
from services.city.rennes import RENNES
from services.traffic.reference_speed import (
    _FORM,
    MIN_DAYS,
    MIN_HOURS,
    ReferenceSpeeds,
    decode_reference,
    encode_reference,
    is_free_flowing,
    reference_speeds,
)
from services.traffic.snapshot import Source
from services.traffic.status import Status
from services.traffic.store import Store, watched_references
from services.traffic.zone_ratios import travel_times_s, zone_times
from services.web.geojson import encode_traffic
from services.web.latest import LatestTraffic
from tests.factories import OBSERVED_AT, make_network, make_snapshot_for
from tests.lisbon import LISBON

NETWORK = make_network(10)
LIVE: Source = "live"


def reference(segment_ids=NETWORK.segment_ids, speed_kmh=30.0, hours=MIN_HOURS, days=MIN_DAYS):
    count = len(segment_ids)
    return ReferenceSpeeds(
        segment_ids=tuple(segment_ids),
        speed_kmh=np.broadcast_to(np.asarray(speed_kmh, np.float32), count).copy(),
        hours=np.full(count, hours),
        days=np.full(count, days),
        made_of={"2026-11-20": "one", "2026-11-22": "another"},
    )


def of_header(header):
    """The same file with another header."""
    with _FORM.decoded(encode_reference(RENNES, reference())) as (table, _):
        return _FORM.encode(table, header)


def test_the_rush_of_working_days_is_no_free_flow():
    told = np.flatnonzero(~is_free_flowing(np.arange(168)))
    assert told.tolist() == [24 * day + hour for day in range(5) for hour in (6, 7, 8, 16, 17, 18)]


def test_it_is_the_85th_percentile_of_the_typical_hours():
    # Sunday 0 to 20 h: 20 to 40 km/h. The 85th of a hundred, of 21 the 17th step up.
    hours = np.arange(144, 165)
    speed_kmh = np.arange(20.0, 41.0)[:, np.newaxis]
    assert reference_speeds(hours, speed_kmh) == pytest.approx([37.0])
    # In any order.
    order = np.random.default_rng(0).permutation(21)
    assert reference_speeds(hours[order], speed_kmh[order]) == pytest.approx([37.0])


def test_an_hour_of_the_week_is_typical_by_the_harmonic_mean_of_its_weeks():
    # 20 and 60 km/h take 180 and 60 s a kilometre: 120 s, 30 km/h.
    assert reference_speeds(np.array([3, 3]), np.array([[20.0], [60.0]])) == pytest.approx([30.0])


def test_what_the_rush_was_and_what_is_not_known_count_for_nothing():
    hours = np.array([3, 7, 12, 12])
    speed_kmh = np.array([[30.0, np.nan], [90.0, 90.0], [np.nan, np.nan], [30.0, np.nan]])
    found = reference_speeds(hours, speed_kmh)
    assert found[0] == pytest.approx(30.0)
    assert np.isnan(found[1])


def test_nothing_observed_is_nothing_measured():
    assert np.isnan(reference_speeds(np.empty(0, np.int64), np.empty((0, 2)))).all()


def test_its_file_gives_back_what_was_measured():
    told = reference(speed_kmh=np.where(np.arange(10) == 3, np.nan, 31.25))
    found = decode_reference(RENNES, encode_reference(RENNES, told))
    assert found.segment_ids == told.segment_ids
    np.testing.assert_array_equal(found.speed_kmh, told.speed_kmh)
    assert (found.hours == MIN_HOURS).all()
    assert (found.days == MIN_DAYS).all()
    assert (found.since, found.until) == (date(2026, 11, 20), date(2026, 11, 22))
    assert found.version == told.version
    assert found.version != reference(speed_kmh=31.5).version


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"PAR1 and no more",
        encode_reference(LISBON, reference()),
        encode_reference(RENNES, reference(speed_kmh=0.0)),
        encode_reference(RENNES, replace(reference(), made_of={"some day": "mark"})),
        encode_reference(RENNES, reference())[:-40],
        encode_reference(RENNES, reference(speed_kmh=np.inf)),
        encode_reference(RENNES, reference(segment_ids=(None, "2"))),
        of_header({"city": RENNES.name, "made_of": ["2026-11-20"]}),
        of_header({"city": RENNES.name, "made_of": None}),
        of_header([RENNES.name]),
    ],
)
def test_a_damaged_file_or_one_of_another_city_is_refused(document):
    with pytest.raises(StorageError):
        decode_reference(RENNES, document)


def test_a_network_takes_it_where_enough_was_measured_and_at_most_to_the_limit():
    assert (NETWORK.free_flow_kmh < NETWORK.speed_limit_kmh).any()
    measured = NETWORK.with_reference(reference(speed_kmh=30.0))
    assert (measured.free_flow_kmh == 30.0).all()
    assert measured.free_flow_time_s == pytest.approx(NETWORK.length_m * 3.6 / 30.0)
    assert measured.measured_share == 1.0
    fast = NETWORK.with_reference(reference(speed_kmh=120.0))
    np.testing.assert_array_equal(fast.free_flow_kmh, NETWORK.speed_limit_kmh)
    assert NETWORK.measured_share == 0.0


@pytest.mark.parametrize(
    "untold",
    [
        # Three observations; many, but of two days; closed for weeks; another network's.
        reference(hours=3),
        reference(hours=200, days=2),
        reference(speed_kmh=np.nan, hours=0, days=0),
        reference([f"{name}9" for name in NETWORK.segment_ids]),
    ],
)
def test_where_too_little_was_measured_free_flow_is_that_of_the_class_and_limit(untold):
    found = NETWORK.with_reference(untold)
    np.testing.assert_array_equal(found.free_flow_kmh, NETWORK.free_flow_kmh)
    assert found.measured_share == 0.0


def test_segments_are_found_by_their_ids_and_not_by_their_places():
    one = NETWORK.segment_ids[7]
    found = NETWORK.with_reference(reference(["elsewhere", one], [12.0, 25.0]))
    assert found.free_flow_kmh[7] == 25.0
    others = np.arange(10) != 7
    np.testing.assert_array_equal(found.free_flow_kmh[others], NETWORK.free_flow_kmh[others])
    assert found.measured_share == pytest.approx(0.1)


def test_roads_without_a_limit_have_the_free_flow_that_little_was_measured_of():
    without = replace(NETWORK, speed_limit_kmh=np.full(10, np.nan))
    assert np.isnan(without.free_flow_kmh).all()
    measured = without.with_reference(
        reference(speed_kmh=np.where(np.arange(10) < 8, 40.0, np.nan), hours=3)
    )
    assert (measured.free_flow_kmh[:8] == 40.0).all()
    times = zone_times(measured, travel_times_s(measured, np.full(10, 20.0)))
    assert times.known[-1] == 8
    assert times.speed_ratios()[-1] == pytest.approx(0.5)


def test_other_reference_speeds_leave_what_is_known_of_the_roads():
    stretches, slow = NETWORK.stretches, NETWORK.with_reference(reference(speed_kmh=10.0))
    assert slow.stretches is stretches
    assert NETWORK.zone_free_flow_kmh.min() > 20.0
    slow = NETWORK.with_reference(reference(speed_kmh=10.0))
    assert slow.zone_free_flow_kmh == pytest.approx(10.0)
    assert (slow.with_reference(reference(speed_kmh=20.0)).free_flow_kmh == 20.0).all()
    back = slow.with_reference(None)
    np.testing.assert_array_equal(back.free_flow_kmh, NETWORK.free_flow_kmh)


def test_an_archive_is_told_by_the_reference_speeds_of_the_live_feed(tmp_path):
    store = Store(RENNES, tmp_path)
    store.write_reference(LIVE, reference())
    assert store.reference("archive") is not None
    assert store.reference("demo") is None


def test_readers_keep_the_last_good_ones_when_their_file_is_damaged(tmp_path, caplog):
    store = Store(RENNES, tmp_path)
    store.write_reference(LIVE, reference())
    watched = watched_references(store)[LIVE]
    good = watched.value()
    (tmp_path / "reference" / "live.parquet").write_bytes(b"no such file")
    assert watched.value() is good
    assert "the reference speeds of source live cannot be read" in caplog.text
    assert (tmp_path / "reference" / "live.parquet").exists()
    # The worker makes them anew.
    assert Store(RENNES, tmp_path, heals=True).reference(LIVE) is None
    assert not (tmp_path / "reference" / "live.parquet").exists()


def test_pages_measure_by_them_from_the_next_snapshot_on(tmp_path):
    store = Store(RENNES, tmp_path)
    store.publish(NETWORK, make_snapshot_for(NETWORK, Status.HEAVY))
    latest = LatestTraffic(store)
    before = latest.view()
    assert before.network.measured_share == 0.0
    # As fast as it is now: nothing slows it.
    store.write_reference(LIVE, reference(speed_kmh=0.5 * NETWORK.speed_limit_kmh))
    later = OBSERVED_AT + timedelta(minutes=3)
    store.publish(NETWORK, make_snapshot_for(NETWORK, Status.HEAVY, observed_at=later))
    after = latest.view()
    assert after.indicators.congestion_level == pytest.approx(0.0, abs=0.02)
    assert before.indicators.congestion_level > 0.3
    body = orjson.loads(encode_traffic(after.network, after.snapshot))
    assert body["reference"] == {
        "since": "2026-11-20",
        "until": "2026-11-22",
        "observed_share": 1.0,
    }
    told = [item["properties"]["free_flow_kmh"] for item in body["features"]]
    assert told == (0.5 * NETWORK.speed_limit_kmh).tolist()


def test_before_the_first_day_is_over_nothing_is_said_to_be_measured():
    body = orjson.loads(encode_traffic(NETWORK, make_snapshot_for(NETWORK)))
    assert body["reference"] == {"since": None, "until": None, "observed_share": 0.0}
