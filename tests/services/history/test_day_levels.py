"""The network's levels over a day, worked out by hand: free flow is the limit, nothing hinders."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.history import writer
from services.history.day_levels import observed_levels, usual_levels
from services.history.hour_of_week import hour_of_week
from services.history.upkeep import keep_up
from services.traffic.day_curve import Spread
from services.traffic.status import Status
from tests.factories import UNHINDERED, make_network, make_snapshot_for
from tests.services.history.days import keep_network, moments

NETWORK = replace(make_network(20), city=UNHINDERED)
# At nine tenths, half and a fifth of the limit.
LEVELS = {Status.FREE_FLOW: 1 / 0.9 - 1, Status.HEAVY: 1.0, Status.CONGESTED: 4.0}
MONDAY_8_H = datetime(2026, 11, 23, 7, tzinfo=UTC)


def append(data_dir, times, status=Status.HEAVY, source="live"):
    keep_network(data_dir, NETWORK)
    for moment in times:
        snapshot = make_snapshot_for(NETWORK, status, observed_at=moment, source=source)
        writer.append_snapshot(data_dir, snapshot)


def level_at(data_dir, moment):
    day = UNHINDERED.local(moment).date()
    return observed_levels(data_dir, "live", NETWORK, day)[int(moment.timestamp())]


@pytest.mark.parametrize("status", LEVELS)
def test_a_level_is_the_extra_time_of_driving_every_segment_once(tmp_path, status):
    append(tmp_path, [MONDAY_8_H], status)
    assert level_at(tmp_path, MONDAY_8_H) == pytest.approx(LEVELS[status])


def test_long_and_slow_segments_count_by_their_time(tmp_path):
    codes = [Status.HEAVY if n == 90 else Status.FREE_FLOW for n in NETWORK.speed_limit_kmh]
    append(tmp_path, [MONDAY_8_H], codes)
    free_s = NETWORK.length_m / NETWORK.speed_limit_kmh
    times = free_s / [0.5 if code == Status.HEAVY else 0.9 for code in codes]
    assert level_at(tmp_path, MONDAY_8_H) == pytest.approx(times.sum() / free_s.sum() - 1)


def test_nothing_is_told_of_a_time_at_which_too_little_is_known(tmp_path):
    append(tmp_path, [MONDAY_8_H], Status.UNKNOWN)
    assert observed_levels(tmp_path, "live", NETWORK, date(2026, 11, 23)) == {}


@pytest.mark.parametrize(
    ("day", "first", "hours"),
    [
        (date(2026, 3, 29), datetime(2026, 3, 28, 23, tzinfo=UTC), 23),
        (date(2026, 10, 25), datetime(2026, 10, 24, 22, tzinfo=UTC), 25),
    ],
)
def test_a_day_of_a_clock_change_has_all_its_hours_and_none_of_its_neighbours(
    tmp_path, day, first, hours
):
    append(tmp_path, moments(first - timedelta(hours=1), hours + 2, step_minutes=60))
    found = sorted(observed_levels(tmp_path, "live", NETWORK, day))
    assert found == [int(first.timestamp()) + 3600 * hour for hour in range(hours)]


def test_the_usual_is_what_was_seen_at_the_hour_of_the_week_once_enough_was(tmp_path):
    for week, status in enumerate((Status.FREE_FLOW, Status.HEAVY, Status.CONGESTED), start=1):
        times = moments(MONDAY_8_H - timedelta(weeks=week), 20)
        append(tmp_path, times, status)
        # Elsewhere in the week there are too few.
        append(tmp_path, moments(times[0] + timedelta(hours=1), 5), status)
    hours = [hour_of_week(UNHINDERED, MONDAY_8_H + timedelta(hours=n)) for n in range(2)]
    keep_up(UNHINDERED, tmp_path, MONDAY_8_H, None)
    found = usual_levels(tmp_path, "live", NETWORK, hours)
    # A third of the time each: P10 is free, P90 congested, in steps of a percent of the ratio.
    assert found[0] == Spread(
        pytest.approx(LEVELS[Status.FREE_FLOW], abs=0.02),
        pytest.approx(LEVELS[Status.HEAVY], abs=0.03),
        pytest.approx(LEVELS[Status.CONGESTED], abs=0.2),
    )
    assert found[1] is None
    assert usual_levels(tmp_path, "demo", NETWORK, hours) == [None, None]
