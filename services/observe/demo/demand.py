"""How much people want to drive, by hour of the local week and by season."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.city.rennes import RENNES

PERIOD_SECONDS: Final = 180
_PERIODS_PER_DAY = 86_400 // PERIOD_SECONDS
_SECONDS_PER_DAY = 86_400
_MONDAY = 4  # 1970-01-01, day 0, was a Thursday: day 4 a Monday.


class Profile(IntEnum):
    """What a road's traffic follows; 1 is a busy hour at which the road still flows."""

    INBOUND = 0
    OUTBOUND = 1
    TOWN = 2


# Hour of the day: inbound, outbound, town.
_WORKING_DAY = {
    0.0: (0.15, 0.18, 0.22),
    4.5: (0.12, 0.10, 0.10),
    6.0: (0.45, 0.30, 0.28),
    7.25: (1.10, 0.84, 0.85),
    8.0: (1.36, 0.98, 1.16),
    8.5: (1.34, 0.98, 1.17),
    9.25: (1.00, 0.84, 1.00),
    10.5: (0.71, 0.71, 0.84),
    12.25: (0.75, 0.77, 0.92),
    14.0: (0.73, 0.75, 0.89),
    15.75: (0.82, 0.90, 1.02),
    16.75: (0.98, 1.22, 1.16),
    17.75: (1.04, 1.37, 1.19),
    18.5: (0.96, 1.24, 1.14),
    19.5: (0.66, 0.80, 0.92),
    21.0: (0.38, 0.46, 0.60),
    23.0: (0.22, 0.28, 0.38),
}
_FRIDAY = _WORKING_DAY | {
    14.0: (0.84, 0.92, 1.02),
    15.75: (0.96, 1.22, 1.12),
    16.75: (1.04, 1.38, 1.19),
    17.75: (1.00, 1.26, 1.17),
    18.5: (0.90, 1.06, 1.12),
    21.0: (0.46, 0.56, 0.74),
    23.0: (0.34, 0.42, 0.58),
}
# No school on Wednesday afternoon: children are driven home, then about.
_WEDNESDAY = _WORKING_DAY | {
    8.0: (1.28, 0.94, 1.14),
    8.5: (1.26, 0.94, 1.15),
    12.25: (0.98, 1.00, 1.16),
    14.0: (0.90, 0.92, 1.08),
}
_SATURDAY = {
    0.0: (0.30, 0.34, 0.45),
    4.5: (0.14, 0.16, 0.18),
    8.0: (0.34, 0.32, 0.40),
    10.5: (0.72, 0.66, 0.94),
    12.25: (0.74, 0.76, 1.00),
    14.0: (0.78, 0.72, 1.04),
    16.0: (0.84, 0.82, 1.14),
    17.75: (0.80, 0.88, 1.13),
    19.5: (0.62, 0.66, 0.92),
    22.0: (0.42, 0.46, 0.66),
}
_SUNDAY = {
    0.0: (0.34, 0.38, 0.52),
    4.5: (0.16, 0.18, 0.22),
    8.0: (0.20, 0.20, 0.22),
    10.5: (0.42, 0.46, 0.54),
    12.25: (0.52, 0.48, 0.66),
    14.5: (0.50, 0.54, 0.62),
    17.75: (0.86, 0.62, 0.76),
    19.5: (0.70, 0.50, 0.66),
    22.0: (0.32, 0.28, 0.38),
}
_WEEK = (_WORKING_DAY, _WORKING_DAY, _WEDNESDAY, _WORKING_DAY, _FRIDAY, _SATURDAY, _SUNDAY)
_SUNDAY_INDEX = 6

# Share of the usual demand from January to December: holidays thin July and August out. August's is
# such that noon of 2024-08-26 fits (services.observe.demo.calibration); the others are assumed.
_SEASON = (0.98, 0.97, 1.0, 0.98, 0.99, 1.0, 0.95, 0.86, 1.01, 1.0, 1.01, 1.0)
# Public holidays of fixed date (month, day) drive like Sundays.
_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)})


@dataclass(frozen=True, eq=False)
class LocalTime:
    """Instants as the traffic sees them, each array of shape (times,).

    Parameters
    ----------
    day : array of int64
        Local date, in days since 1970; a driver's day lasts until 3 a.m.
    hour : array of int64
        Local hour, 0 to 23.
    demand : array of float32, shape (times, 3)
        Level of each `Profile`, season included.
    """

    day: NDArray[np.int64]
    hour: NDArray[np.int64]
    demand: NDArray[np.float32]


def local_time(times_s: NDArray[np.int64]) -> LocalTime:
    """Look up demand at instants given in seconds since 1970 (UTC)."""
    hours, inverse = np.unique(times_s // 3_600, return_inverse=True)
    offsets_s = np.array([_utc_offset_s(int(hour)) for hour in hours], np.int64)
    local_s = times_s + offsets_s[inverse]
    date = local_s // _SECONDS_PER_DAY
    period = local_s % _SECONDS_PER_DAY // PERIOD_SECONDS
    days, day_inverse = np.unique(date, return_inverse=True)
    kinds = [_day_kind(int(day)) for day in days]
    weekday = np.array([kind for kind, _ in kinds], np.int64)[day_inverse]
    season = np.array([season for _, season in kinds], np.float32)[day_inverse]
    demand = _week_table()[weekday, period] * season[:, None]
    hour = local_s % _SECONDS_PER_DAY // 3_600
    return LocalTime((local_s - 3 * 3_600) // _SECONDS_PER_DAY, hour, demand)


def _utc_offset_s(hour: int) -> int:
    instant = datetime.fromtimestamp(hour * 3_600, UTC).astimezone(RENNES.time_zone)
    offset = instant.utcoffset() or timedelta()
    return int(offset.total_seconds())


def _day_kind(day: int) -> tuple[int, float]:
    date = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date()
    is_holiday = (date.month, date.day) in _HOLIDAYS
    weekday = _SUNDAY_INDEX if is_holiday else (day - _MONDAY) % 7
    return weekday, _SEASON[date.month - 1]


def _week_table() -> NDArray[np.float32]:
    """Spread the knots over every period of the week: shape (7, periods a day, 3)."""
    hours = np.arange(_PERIODS_PER_DAY) * (PERIOD_SECONDS / 3_600)
    days = []
    for weekday, knots in enumerate(_WEEK):
        tomorrow = _WEEK[(weekday + 1) % 7][0.0]
        at = np.array([*knots, 24.0])
        levels = np.array([*knots.values(), tomorrow])
        index = np.searchsorted(at, hours, side="right") - 1
        share = ((hours - at[index]) / (at[index + 1] - at[index]))[:, None]
        days.append(levels[index] + (levels[index + 1] - levels[index]) * share)
    return np.stack(days).astype(np.float32)
