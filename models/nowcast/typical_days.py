"""The usual speeds as they are kept with a model: a working day, a day off, one of holidays."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.nowcast.profile import DailyProfile, UsualSpeeds
from models.nowcast.speed_table import OFF, SCHOOL_HOLIDAY, WORKING, RowTimes

# The profile is smoothed over half an hour: more knots would hold the same curve.
KNOTS: Final = 48
_NO_DAY: Final = -1


class TypicalDays:
    """What :class:`models.nowcast.profile.DailyProfile` says of days it did not learn from.

    Two or three days at 48 knots instead of every day at every step: a megabyte instead of
    hundreds. Between knots, which are as many as half hours, it is a straight line.

    Parameters
    ----------
    speed, spread : arrays of float16, shape (2 or 3, KNOTS, detectors)
        In the table's unit, in the order of :attr:`RowTimes.day_type`. Where no day of school
        holidays was learned from there are two, and such a day is a working day.
    """

    def __init__(self, speed: NDArray[np.float16], spread: NDArray[np.float16]) -> None:
        self.speed = speed
        self.spread = spread

    def rows(self, times: RowTimes) -> UsualSpeeds:
        """The profile at each row."""
        place = (times.slot + 0.5) * KNOTS / times.slots_per_day - 0.5
        lower = np.floor(place).astype(np.int64)
        share = (place - lower).astype(np.float32)[:, None]
        day_type = times.day_type
        day_type[day_type >= len(self.speed)] = WORKING

        def between(values: NDArray[np.float16]) -> NDArray[np.float32]:
            before = values[day_type, lower % KNOTS].astype(np.float32)
            after = values[day_type, (lower + 1) % KNOTS].astype(np.float32)
            found: NDArray[np.float32] = before + share * (after - before)
            return found

        return UsualSpeeds(between(self.speed), between(self.spread))


def typical_days(profile: DailyProfile, slots_per_day: int) -> TypicalDays:
    """The days of a profile, at the middle of every half hour."""
    slots = ((np.arange(KNOTS) + 0.5) * slots_per_day / KNOTS - 0.5).round().astype(np.int64)
    no_day = np.full(KNOTS, _NO_DAY)
    types = (WORKING, OFF, *([SCHOOL_HOLIDAY] if profile.knows_school_holidays else []))
    days = [
        profile.rows(
            RowTimes(
                no_day,
                slots,
                np.full(KNOTS, day_type == OFF),
                slots_per_day,
                np.full(KNOTS, day_type == SCHOOL_HOLIDAY),
            )
        )
        for day_type in types
    ]
    return TypicalDays(
        np.stack([day.speed for day in days]).astype(np.float16),
        np.stack([day.spread for day in days]).astype(np.float16),
    )
