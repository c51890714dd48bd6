"""The usual speeds that are kept with a model say what the profile said of other days."""

from __future__ import annotations

import numpy as np

from models.nowcast.profile import DailyProfile, ProfileOptions
from models.nowcast.speed_table import RowTimes
from models.nowcast.typical_days import KNOTS, typical_days
from tests.models.nowcast.tables import SLOTS_PER_DAY, rhythmic, times_of

SPEED = rhythmic()
PROFILE = DailyProfile(SPEED, times_of(len(SPEED)), ProfileOptions())


def another_day(is_weekend):
    slots = np.arange(SLOTS_PER_DAY)
    return RowTimes(
        np.full(SLOTS_PER_DAY, 99), slots, np.full(SLOTS_PER_DAY, is_weekend), SLOTS_PER_DAY
    )


def test_they_are_the_profile_of_a_day_that_was_not_learned_from():
    kept = typical_days(PROFILE, SLOTS_PER_DAY)
    for is_weekend in (False, True):
        expected = PROFILE.rows(another_day(is_weekend))
        found = kept.rows(another_day(is_weekend))
        np.testing.assert_allclose(found.speed, expected.speed, atol=0.05)
        np.testing.assert_allclose(found.spread, expected.spread, atol=0.05)


def test_days_of_school_holidays_are_their_own_where_there_were_some():
    times = times_of(len(SPEED))
    is_holiday = np.isin(times.day, (1, 2))
    speed = SPEED + np.float32(20) * is_holiday[:, None]
    marked = RowTimes(times.day, times.slot, times.is_weekend, SLOTS_PER_DAY, is_holiday)
    profile = DailyProfile(speed, marked, ProfileOptions())
    kept = typical_days(profile, SLOTS_PER_DAY)
    assert kept.speed.shape[0] == 3

    def usual(of_profile, is_school_holiday):
        day = another_day(is_weekend=False)
        flags = np.full(SLOTS_PER_DAY, is_school_holiday)
        return of_profile.rows(
            RowTimes(day.day, day.slot, day.is_weekend, SLOTS_PER_DAY, flags)
        ).speed

    for of_profile in (profile, kept):
        gain = usual(of_profile, True) - usual(of_profile, False)
        assert gain.mean() > 5
    # A model that never saw any takes them for working days.
    plain = typical_days(PROFILE, SLOTS_PER_DAY)
    np.testing.assert_array_equal(usual(plain, True), usual(plain, False))


def test_between_the_knots_it_is_a_straight_line_over_midnight_too():
    kept = typical_days(PROFILE, SLOTS_PER_DAY)
    fine = 6 * KNOTS
    slots = np.arange(fine)
    found = kept.rows(RowTimes(np.zeros(fine, int), slots, np.zeros(fine, bool), fine)).speed
    steps = np.abs(np.diff(np.concatenate([found, found[:1]]), axis=0))
    coarse = np.abs(np.diff(kept.speed[0].astype(np.float32), axis=0)).max()
    assert steps.max() <= coarse


def test_they_are_small():
    kept = typical_days(PROFILE, SLOTS_PER_DAY)
    assert kept.speed.shape == kept.spread.shape == (2, KNOTS, SPEED.shape[1])
    assert kept.speed.dtype == kept.spread.dtype == np.float16
