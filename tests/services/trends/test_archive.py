"""Days of places out of a history, with values worked out on paper."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from services.city.rennes import RENNES
from services.history import layout
from services.history.writer import append_snapshot
from services.traffic.status import Status
from services.trends.archive import NoHistory, open_archive
from services.trends.places import UnknownPlace, keys_of, place_of
from tests.factories import make_network, make_snapshot_for, rennes_network
from tests.services.trends.observed import archive_of, at, clock_times, keep_up, observe

NETWORK = make_network(4)
DAY = date(2026, 11, 10)
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


def the_day(archive, key, day):
    [grid] = archive.days(archive.place(key), [day])
    return grid


@pytest.mark.parametrize(("day", "hours"), [(DAY, 24), (SPRING, 23), (AUTUMN, 25)])
def test_a_day_has_as_many_quarters_as_its_clock(tmp_path, day, hours):
    observe(tmp_path, NETWORK, clock_times(day), lambda _: [25.0] * 4)
    keep_up(tmp_path)
    archive = archive_of(tmp_path, NETWORK)
    grid = the_day(archive, "reseau", day)
    assert len(grid.snapshots) == 4 * hours
    assert grid.snapshots.tolist() == [5] * (4 * hours)
    assert (grid.known == 5).all()
    assert (grid.speed_kmh == 25.0).all()
    assert grid.clock[:2] == ["00:00", "00:15"]
    assert grid.clock[-1] == "23:45"
    assert grid.clock.count("02:00") == {23: 0, 24: 1, 25: 2}[hours]
    fine = archive.fine(archive.place("reseau"), day)
    assert len(fine.snapshots) == 20 * hours
    assert fine.snapshots.all()
    assert (fine.speed_kmh == 25.0).all()


def test_the_hour_that_is_slow_is_that_of_the_citys_clock(tmp_path):
    slow = {moment for moment in clock_times(AUTUMN) if at(AUTUMN, 8) <= moment < at(AUTUMN, 9)}
    observe(tmp_path, NETWORK, clock_times(AUTUMN), lambda now: [10.0 if now in slow else 40.0] * 4)
    keep_up(tmp_path)
    archive = archive_of(tmp_path, NETWORK)
    for grid in (the_day(archive, "reseau", AUTUMN), archive.fine(archive.place("reseau"), AUTUMN)):
        is_slow = grid.speed_kmh[:, 0] == 10.0
        clock = np.array(grid.clock)[is_slow]
        assert clock[0] == "08:00"
        assert clock[-1] in {"08:45", "08:57"}
        assert is_slow.sum() * grid.step_s == 3_600


def test_index_speed_jam_and_shares_of_a_zone_are_those_of_paper(tmp_path):
    kmh = np.array([0.2, 0.5, 0.9, np.nan]) * NETWORK.speed_limit_kmh
    observe(tmp_path, NETWORK, [at(DAY, 8)], lambda _: kmh)
    archive = archive_of(tmp_path, NETWORK)
    lengths = archive.network.length_m
    grid = archive.fine(archive.place("reseau"), DAY)
    step = 8 * 20
    # What the history keeps are whole km/h.
    driven = np.rint(kmh[:3])
    actual_s = (lengths[:3] * 3.6 / driven).sum()
    free_s = archive.network.free_flow_time_s[:3].sum()
    assert grid.index[step] == pytest.approx(actual_s / free_s, rel=1e-5)
    assert grid.place_kmh[step] == pytest.approx(lengths[:3].sum() * 3.6 / actual_s, rel=1e-5)
    assert grid.jam_km[step] == pytest.approx(lengths[0] / 1_000)
    shares = {name: share[step] for name, share in grid.status_shares().items()}
    whole = lengths.sum()
    assert shares == pytest.approx(
        {
            "congested": lengths[0] / whole,
            "heavy": lengths[1] / whole,
            "freeFlow": lengths[2] / whole,
            "unknown": lengths[3] / whole,
            "impossible": 0.0,
        }
    )
    # At all other times nothing was kept.
    assert np.isnan(grid.index[:step]).all()
    assert np.isnan(grid.jam_km[:step]).all()


def test_a_speed_above_the_limit_counts_as_the_limit_and_free_flow_is_the_best(tmp_path):
    observe(tmp_path, NETWORK, [at(DAY, 3)], lambda _: NETWORK.speed_limit_kmh + 30)
    archive = archive_of(tmp_path, NETWORK)
    grid = archive.fine(archive.place("reseau"), DAY)
    assert grid.speed_kmh[60].tolist() == NETWORK.speed_limit_kmh.tolist()
    assert grid.congestion[60] == 0.0


def test_quarters_and_rows_tell_the_same_whatever_the_files(tmp_path):
    generator = np.random.default_rng(3)
    speeds = {now: generator.integers(5, 60, 4).astype(float) for now in clock_times(DAY)}
    observe(tmp_path, NETWORK, clock_times(DAY), speeds.__getitem__)
    archive = archive_of(tmp_path, NETWORK)
    before = the_day(archive, "reseau", DAY)
    keep_up(tmp_path)
    after = the_day(archive, "reseau", DAY)
    assert np.array_equal(before.speed_kmh, after.speed_kmh, equal_nan=True)
    fine = archive.fine(archive.place("reseau"), DAY)
    # Of five snapshots a quarter, as long as their harmonic mean; in half km/h.
    slowness = (1.0 / fine.speed_kmh).reshape(96, 5, 4).mean(axis=1)
    assert np.abs(after.speed_kmh - 1.0 / slowness).max() <= 0.25 + 1e-3


def test_segments_are_found_by_their_ids_on_another_network(tmp_path):
    old = make_network(6)
    observe(tmp_path, old, clock_times(DAY), lambda _: [10.0, 20.0, 30.0, 40.0, 45.0, 50.0])
    observe(tmp_path, NETWORK, clock_times(DAY + timedelta(days=2)), lambda _: [25.0] * 4)
    keep_up(tmp_path)
    archive = archive_of(tmp_path, NETWORK)
    kmh_of = dict(zip(old.segment_ids, [10.0, 20.0, 30.0, 40.0, 45.0, 50.0], strict=True))
    limits = dict(zip(old.segment_ids, old.speed_limit_kmh.tolist(), strict=True))
    for grid in (the_day(archive, "reseau", DAY), archive.fine(archive.place("reseau"), DAY)):
        told = grid.speed_kmh[40].tolist()
        wanted = [min(kmh_of[key], limits[key]) for key in NETWORK.segment_ids]
        assert told == wanted


def test_a_damaged_day_in_the_middle_is_told_and_the_others_are_answered(tmp_path):
    days = [DAY + timedelta(days=count) for count in range(3)]
    times = [now for day in days for now in clock_times(day)]
    observe(tmp_path, NETWORK, times, lambda _: [25.0] * 4)
    keep_up(tmp_path)
    for path in (
        layout.quarters_file(tmp_path, "live", days[1]),
        layout.day_file(tmp_path, "live", days[1]),
    ):
        path.write_bytes(path.read_bytes()[:100])
    archive = archive_of(tmp_path, NETWORK)
    grids = list(archive.days(archive.place("reseau"), days))
    assert [int((grid.snapshots > 0).sum()) for grid in grids] == [96, 4, 92]


def test_what_came_after_the_last_upkeep_of_a_day_is_not_missing_once_it_is_over(tmp_path):
    """As after midnight, and for as long as the worker is away."""
    morning = [moment for moment in clock_times(DAY) if moment < at(DAY, 12)]
    observe(tmp_path, NETWORK, morning, lambda _: [25.0] * 4)
    keep_up(tmp_path)
    assert layout.quarters_file(tmp_path, "live", DAY).exists()
    for minute in (0, 15, 30):
        seen = make_snapshot_for(NETWORK, Status.HEAVY, observed_at=at(DAY, 12, minute))
        append_snapshot(tmp_path, seen)
    grid = the_day(archive_of(tmp_path, NETWORK), "reseau", DAY)
    assert grid.snapshots[47:52].tolist() == [5, 1, 1, 1, 0]
    assert grid.heavy[48:52, 0].tolist() == [1, 1, 1, 0]


def test_places_are_those_of_the_network_and_others_are_refused(tmp_path):
    network = rennes_network()
    keys = keys_of(network)
    assert keys["reseau"] == ["reseau"]
    assert keys["zone"] == [f"zone:{name}" for name in RENNES.zones]
    assert len(keys["corridor"]) == len(network.corridors)
    ring = place_of(network, "corridor:rocade")
    assert ring.is_route
    assert 25_000 < ring.length_m.sum() < 35_000
    assert place_of(network, keys["troncon"][0]).is_route
    assert not place_of(network, "zone:rocade").is_route
    for unknown in ("", "zone:", "zone:paris", "corridor:x", "troncon:1~2", "segment:x", "x:y"):
        with pytest.raises(UnknownPlace):
            place_of(network, unknown)


def test_nothing_kept_is_no_archive(tmp_path):
    with pytest.raises(NoHistory):
        open_archive(RENNES, tmp_path, "live", DAY)


def test_whoever_reports_to_nobody_any_more_reads_no_further(tmp_path):
    observe(tmp_path, NETWORK, clock_times(DAY), lambda _: [25.0] * 4)
    archive = archive_of(tmp_path, NETWORK)
    told = []

    class StoppedByTest(Exception):
        pass

    def report(done, of):
        told.append((done, of))
        if done == 2:
            raise StoppedByTest

    days = [DAY + timedelta(days=count) for count in range(5)]
    with pytest.raises(StoppedByTest):
        list(archive.days(archive.place("reseau"), days, report))
    assert told == [(0, 5), (1, 5), (2, 5)]
