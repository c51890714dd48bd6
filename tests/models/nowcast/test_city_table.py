"""From snapshots every few minutes to speed ratios every five: what is known, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from models.errors import HistoryTooShort
from models.nowcast.city_table import (
    RATIO_CAP,
    STEP_MINUTES,
    load_city_table,
    ratios_at,
    recent_ratios,
    step_ends,
    to_row_times,
)
from models.nowcast.speed_table import OFF, SCHOOL_HOLIDAY, WORKING
from services.city.rennes import RENNES
from services.history.window import Window
from services.traffic.status import Status
from tests.factories import make_network
from tests.models.nowcast.cities import END, NETWORK, NEVER_KNOWN, START, every, write_city

STEP = timedelta(minutes=STEP_MINUTES)
SMALL = make_network(2)
LIMIT_KMH = SMALL.speed_limit_kmh[0]


def silent(_line):
    """Where progress is not what is tested."""


def observed(*rows):
    """A window of two segments: seconds, then the status and ratio of both."""
    return Window(
        SMALL.version,
        np.array([row[0] for row in rows]),
        {
            "status": np.array([[row[1], row[1]] for row in rows], dtype=np.uint8),
            "speed_kmh": np.array([[row[2] * LIMIT_KMH] * 2 for row in rows], dtype=np.float32),
        },
    )


def test_a_step_holds_the_mean_of_what_was_observed_in_its_five_minutes():
    found = ratios_at(
        observed(
            (0, Status.HEAVY, 0.9),
            (60, Status.HEAVY, 0.4),
            (300, Status.HEAVY, 0.6),
            (301, Status.HEAVY, 0.2),
        ),
        SMALL,
        np.array([300, 600]),
    )
    np.testing.assert_allclose(found[:, 0], [0.5, 0.2], atol=1e-6)


@pytest.mark.parametrize("status", [Status.UNKNOWN, Status.IMPOSSIBLE])
def test_the_filler_of_an_unknown_or_closed_road_is_no_speed(status):
    found = ratios_at(observed((60, status, 1.0), (240, Status.HEAVY, 0.5)), SMALL, np.array([300]))
    np.testing.assert_allclose(found, 0.5, atol=1e-6)
    assert np.isnan(ratios_at(observed((60, status, 1.0)), SMALL, np.array([300]))).all()


def test_twice_the_limit_is_capped():
    found = ratios_at(observed((60, Status.FREE_FLOW, 2.0)), SMALL, np.array([300]))
    np.testing.assert_allclose(found, RATIO_CAP)


def test_a_step_without_observation_is_unknown():
    found = ratios_at(observed((60, Status.HEAVY, 0.5)), SMALL, np.array([300, 600]))
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()


def test_times_are_those_of_rennes_and_a_public_holiday_is_a_day_off():
    ends = [datetime(2026, 11, day, 7, tzinfo=UTC) for day in (10, 11, 14)]
    times = to_row_times(RENNES, np.array([int(end.timestamp()) for end in ends]))
    # The middle of the step that ends at 8:00 is 7:57.
    assert (times.slot * STEP_MINUTES).tolist() == [475] * 3
    assert times.is_weekend.tolist() == [False, True, True]
    assert times.day.tolist() == [0, 1, 4]
    assert not times.is_school_holiday.any()


def test_days_of_school_holidays_are_known_and_days_off_come_first():
    # Monday, Christmas and Saturday of the holidays, and a Monday after them.
    days = [(2026, 12, 21), (2026, 12, 25), (2026, 12, 26), (2027, 1, 4)]
    ends = [datetime(*day, 7, tzinfo=UTC) for day in days]
    times = to_row_times(RENNES, np.array([int(end.timestamp()) for end in ends]))
    assert times.day_type.tolist() == [SCHOOL_HOLIDAY, OFF, OFF, WORKING]


@pytest.mark.parametrize(
    ("midnight_utc", "hours", "slots_of_the_night"),
    [
        # Two o'clock comes twice, or never.
        (datetime(2026, 10, 24, 22, tzinfo=UTC), 25, 24),
        (datetime(2026, 3, 28, 23, tzinfo=UTC), 23, 0),
    ],
)
def test_the_days_of_the_clock_changes_are_whole_days(midnight_utc, hours, slots_of_the_night):
    ends = step_ends(midnight_utc, 1, hours * 12)
    times = to_row_times(RENNES, ends)
    assert set(times.day.tolist()) == {0}
    assert times.slot.max() == 287
    assert int(((times.slot >= 24) & (times.slot < 36)).sum()) == slots_of_the_night


def test_a_history_becomes_a_table_of_whole_days(tmp_path):
    times = [at for at in every(3) if not START + STEP * 200 < at <= START + STEP * 300]
    write_city(tmp_path, times)
    table = load_city_table(RENNES, tmp_path, "demo", 4, silent)
    assert table.ratio.shape == (len(table.end_s), len(NETWORK))
    assert sum(table.day_snapshots) == len(times)
    assert set(np.diff(table.end_s).tolist()) == {STEP_MINUTES * 60}
    assert datetime.fromtimestamp(int(table.end_s[-1]), UTC) == END
    known = np.isfinite(table.ratio)
    first = int(np.flatnonzero(table.end_s == int((START + STEP).timestamp()))[0])
    assert known[first : first + 200, 0].mean() > 0.8
    # A gap of hours stays a gap.
    assert not known[first + 200 : first + 300].any()
    assert not known[:, NEVER_KNOWN].any()
    assert 0.3 < np.nanmean(table.ratio) < 1.0


def test_only_the_newest_weeks_are_read(tmp_path):
    write_city(tmp_path, every(60, START - timedelta(days=10), END))
    table = load_city_table(RENNES, tmp_path, "demo", 1, silent)
    assert len(table.dates()) == 7
    assert table.dates()[-1].isoformat() == "2026-11-12"


def test_the_last_hour_ends_with_the_observation(tmp_path):
    write_city(tmp_path, every(3, START, START + timedelta(hours=3)))
    at = START + timedelta(hours=3)
    found = recent_ratios(tmp_path, "demo", at, NETWORK, steps=12)
    assert found.shape == (12, len(NETWORK))
    assert np.isfinite(found[:, 0]).mean() > 0.7
    later = recent_ratios(tmp_path, "demo", at + STEP * 6, NETWORK, steps=12)
    np.testing.assert_array_equal(later[:6], found[6:])
    assert np.isnan(later[6:]).all()


def test_no_history_is_told(tmp_path):
    with pytest.raises(HistoryTooShort, match="no history of source 'demo'"):
        load_city_table(RENNES, tmp_path, "demo", 4, silent)
