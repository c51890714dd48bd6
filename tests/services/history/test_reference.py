"""From the history to hourly speeds and reference speeds, as the upkeep keeps them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from services.city.rennes import RENNES
from services.history import layout, upkeep, writer
from services.history.cube_files import read_cube
from services.history.day_counts import CountedRows
from services.history.hour_speeds import hour_speeds
from services.history.networks import KnownNetworks
from services.history.rollups import ZONES, Rollups, path_of
from services.history.rows import Observations, kept, table_of
from services.traffic.network import Network
from services.traffic.status import Status
from services.traffic.store import Store
from tests.factories import make_network, make_snapshot_for
from tests.services.history.days import keep_network

KEEP_ALL = 10_000
FIRST = date(2026, 11, 9)
NOW = datetime(2026, 11, 13, 2, 0, tzinfo=UTC)
NETWORK = make_network(10)
_STEP = timedelta(minutes=10)


def rows_of(network, told):
    """Rows of a day: (time, segment, status, speed)."""
    times, segments, statuses, speeds = zip(*told, strict=True)
    columns = {
        "observed_at": np.array([time.replace(tzinfo=None) for time in times], "datetime64[s]"),
        "segment": np.array(segments),
        "status": np.array([int(status) for status in statuses]),
        "speed_kmh": np.array(speeds, float),
        "travel_time_s": np.zeros(len(told)),
        "reliability_pct": np.full(len(told), 60),
        "probes": np.ones(len(told)),
    }
    return CountedRows(kept(table_of(Observations(network.version, columns))), network)


def at(hour, minute=0, day=FIRST):
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def speeds_of(told, network=NETWORK, day=FIRST):
    return hour_speeds(RENNES, day, [rows_of(network, told)])


def write_days(data_dir, days, *, share=0.6, network=NETWORK, first=FIRST):
    """Days of six observations an hour, every segment at a share of its limit."""
    keep_network(data_dir, network)
    for count in range(days):
        start = datetime.combine(first + timedelta(days=count), datetime.min.time(), UTC)
        frames = []
        for step in range(timedelta(days=1) // _STEP):
            snapshot = make_snapshot_for(network, Status.HEAVY, observed_at=start + step * _STEP)
            columns = {name: np.asarray(values) for name, values in snapshot.columns.items()}
            columns["speed_kmh"] = np.round(network.speed_limit_kmh * share)
            frames.append(
                pd.DataFrame(columns).assign(
                    observed_at=snapshot.observed_at, segment=np.arange(len(network))
                )
            )
        rows = Observations(network.version, pd.concat(frames, ignore_index=True))
        writer.write_day(data_dir, "live", start.date(), rows)


def keep_up(data_dir, now=NOW, retention_days=KEEP_ALL):
    upkeep.keep_up(RENNES, data_dir, now, retention_days)


def test_an_hour_is_the_harmonic_mean_of_its_known_speeds_up_to_the_limit():
    limit = NETWORK.speed_limit_kmh[0]
    free, heavy = Status.FREE_FLOW, Status.HEAVY
    found = speeds_of(
        [
            # 180, 90 and 90 s a kilometre.
            (at(9, 0), 1, heavy, 20),
            (at(9, 20), 1, free, 40),
            (at(9, 59), 1, free, 40),
            (at(9, 0), 0, free, limit * 2),
            (at(9, 20), 0, free, limit),
            (at(9, 40), 0, free, limit + 30),
        ]
    )
    told = found.speed_kmh()
    assert told[9, 1] == pytest.approx(30.0)
    assert told[9, 0] == limit
    assert (~np.isnan(told)).sum() == 2
    assert found.steps.dtype == np.uint8


def test_too_few_speeds_are_no_hour_and_by_night_two_are_enough():
    heavy = Status.HEAVY
    told = speeds_of(
        [
            (at(9, 0), 1, heavy, 20),
            (at(9, 3), 1, heavy, 20),
            # Neither is a speed.
            (at(9, 6), 1, Status.UNKNOWN, 90),
            (at(9, 9), 1, Status.IMPOSSIBLE, 5),
            # 22 h and 5 h in Rennes.
            (at(21, 0), 2, heavy, 20),
            (at(21, 3), 2, heavy, 20),
            (at(4, 0), 2, heavy, 20),
            (at(4, 3), 2, heavy, 20),
            # One is none; 6 h is day.
            (at(3, 0), 2, heavy, 20),
            (at(5, 0), 2, heavy, 20),
            (at(5, 3), 2, heavy, 20),
        ]
    ).speed_kmh()
    assert [tuple(place) for place in np.argwhere(~np.isnan(told))] == [(4, 2), (21, 2)]


def test_night_begins_when_clocks_say_so():
    # Summer time: 22 h in Rennes is 20 h in UTC.
    summer = date(2026, 7, 14)
    rows = [(at(20, minute, summer), 1, Status.HEAVY, 20) for minute in (0, 3)]
    assert speeds_of(rows, day=summer).speed_kmh()[20, 1] == 20.0


def test_a_standstill_and_a_road_without_limit_have_an_hour_too():
    unlimited = Network(
        city=RENNES,
        version="unlimited",
        segment_ids=("1", "2"),
        geometry=NETWORK.geometry[:2],
        names=NETWORK.names[:2],
        road_classes=NETWORK.road_classes[:2],
        speed_limit_kmh=np.array([np.nan, 50.0]),
    )
    rows = [
        (at(9, minute), segment, Status.CONGESTED, speed)
        for minute in (0, 3, 6)
        for segment, speed in ((0, 120), (1, 0))
    ]
    with np.errstate(invalid="ignore"):
        told = speeds_of(rows, unlimited).speed_kmh()
    assert told[9].tolist() == [120.0, 1.0]


def test_the_upkeep_measures_free_flow_once_days_are_over(tmp_path):
    write_days(tmp_path, 2)
    keep_up(tmp_path)
    store = Store(RENNES, tmp_path)
    few = store.reference("live")
    assert (few.since, few.until) == (FIRST, FIRST + timedelta(days=1))
    assert not few.is_enough.any()
    write_days(tmp_path, 1, first=FIRST + timedelta(days=2))
    keep_up(tmp_path)
    found = store.reference("live")
    assert found.is_enough.all()
    # Monday to Wednesday, 18 hours each.
    assert set(found.hours.tolist()) == {54}
    assert set(found.days.tolist()) == {3}
    expected = np.round(NETWORK.speed_limit_kmh * 0.6)
    place = [found.segment_ids.index(name) for name in NETWORK.segment_ids]
    np.testing.assert_allclose(found.speed_kmh[place], expected, atol=0.25)


def test_the_running_day_waits_until_it_is_over(tmp_path):
    write_days(tmp_path, 4)
    keep_up(tmp_path, datetime(2026, 11, 12, 23, 59, tzinfo=UTC))
    assert Store(RENNES, tmp_path).reference("live").until == date(2026, 11, 11)
    keep_up(tmp_path, datetime(2026, 11, 13, 0, 1, tzinfo=UTC))
    assert Store(RENNES, tmp_path).reference("live").until == date(2026, 11, 12)


def test_it_is_of_the_last_eight_weeks(tmp_path):
    write_days(tmp_path, 1, first=FIRST - timedelta(days=56), share=0.9)
    write_days(tmp_path, 1, first=FIRST - timedelta(days=55))
    write_days(tmp_path, 1)
    keep_up(tmp_path)
    assert Store(RENNES, tmp_path).reference("live").since == FIRST - timedelta(days=55)


def test_nothing_is_written_while_the_days_are_the_same(tmp_path):
    write_days(tmp_path, 3)
    keep_up(tmp_path)
    kept_files = [*tmp_path.rglob("reference/*.parquet"), *tmp_path.rglob("hour_speeds/*/*")]
    assert len(kept_files) == 4
    stamps = {path: path.stat().st_mtime_ns for path in kept_files}
    keep_up(tmp_path, NOW + timedelta(hours=1))
    assert {path: path.stat().st_mtime_ns for path in kept_files} == stamps


def test_damaged_files_are_set_aside_and_made_again(tmp_path):
    write_days(tmp_path, 3)
    keep_up(tmp_path)
    store = Store(RENNES, tmp_path)
    before = store.reference("live")
    path = layout.hour_speeds_file(tmp_path, "live", FIRST)
    path.write_bytes(path.read_bytes()[:-50])
    (tmp_path / "reference" / "live.parquet").write_bytes(b"PAR1")
    keep_up(tmp_path)
    assert store.reference("live").version == before.version
    assert len(list(tmp_path.rglob("*.unreadable"))) == 2


def test_a_day_that_changed_is_measured_again(tmp_path):
    write_days(tmp_path, 3)
    keep_up(tmp_path)
    store = Store(RENNES, tmp_path)
    before = store.reference("live")
    write_days(tmp_path, 3, share=0.8)
    keep_up(tmp_path)
    assert (store.reference("live").speed_kmh > before.speed_kmh).all()


def test_segments_are_the_same_on_another_network(tmp_path):
    write_days(tmp_path, 2)
    other = make_network(8, version="smaller")
    write_days(tmp_path, 1, network=other, first=FIRST + timedelta(days=2))
    keep_up(tmp_path)
    found = Store(RENNES, tmp_path).reference("live")
    on_both = set(NETWORK.segment_ids) & set(other.segment_ids)
    told = dict(zip(found.segment_ids, found.days.tolist(), strict=True))
    assert {name for name, days in told.items() if days == 3} == on_both


def test_hourly_speeds_go_with_their_day(tmp_path):
    write_days(tmp_path, 3)
    keep_up(tmp_path)
    keep_up(tmp_path, retention_days=2)
    assert not layout.hour_speeds_file(tmp_path, "live", FIRST).exists()
    assert layout.hour_speeds_file(tmp_path, "live", FIRST + timedelta(days=1)).exists()
    assert Store(RENNES, tmp_path).reference("live").since == FIRST + timedelta(days=1)


def test_the_usual_of_zones_is_told_by_the_reference_speeds_of_now(tmp_path):
    write_days(tmp_path, 3)
    keep_up(tmp_path)
    # All days were alike: in free flow.
    cube = read_cube(path_of(tmp_path, "live", ZONES), ZONES.form)
    mean = cube.sums["ratio_permille"].sum() / cube.sums["times"].sum()
    assert mean == pytest.approx(1_000, abs=5)
    # Another day is faster than the others: they are slower than free flow now, in the same file
    # as if it was made from the raw days.
    write_days(tmp_path, 1, share=0.9, first=FIRST + timedelta(days=3))
    keep_up(tmp_path)
    after = read_cube(path_of(tmp_path, "live", ZONES), ZONES.form)
    assert after.sums["ratio_permille"].sum() / after.sums["times"].sum() < 990
    networks = KnownNetworks(RENNES, tmp_path, source="live")
    Rollups(tmp_path, "live", networks).rebuild(lambda *_said: None)
    again = read_cube(path_of(tmp_path, "live", ZONES), ZONES.form)
    assert again.days == after.days
    for name, sums in after.sums.items():
        np.testing.assert_array_equal(again.sums[name], sums, err_msg=name)
