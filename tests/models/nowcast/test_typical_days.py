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
