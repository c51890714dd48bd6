"""The kinds of days, out of a table that comes with the code.

``python -m services.city.calendar`` makes it of libraries that would cost each process that serves
pages a quarter of a second and 18 MB. A forecast is asked for by the day of the week; which date
that is, and whether it is an ordinary day, decides what of the week's table is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import Final

import orjson

from services.city.city import City

_DAYS_A_WEEK: Final = 7
_SATURDAY: Final = 5
_SUNDAY: Final = 6


class DayType(StrEnum):
    """What kind of day it is for the traffic."""

    WORKING_DAY = "working_day"
    SCHOOL_HOLIDAY = "school_holiday"
    WEEKEND = "weekend"
    PUBLIC_HOLIDAY = "public_holiday"


@dataclass(frozen=True)
class ForecastDay:
    """A day that a forecast is asked for.

    Attributes
    ----------
    date : date
    weekday : int
        0 for Monday to 6 for Sunday: as it was asked for.
    day_type : DayType
    """

    date: date
    weekday: int
    day_type: DayType

    @property
    def like_weekday(self) -> int:
        """Whose forecast holds: on public holidays people drive as on Sundays."""
        return weekday_like(self.weekday, self.day_type)


def weekday_like(weekday: int, day_type: DayType) -> int:
    """The day of the week whose traffic a day has, 0 for Monday to 6 for Sunday."""
    return _SUNDAY if day_type is DayType.PUBLIC_HOLIDAY else weekday


def coming_day(city: City, weekday: int, today: date) -> ForecastDay:
    """The next day of a name, today included.

    Parameters
    ----------
    city : City
    weekday : int
        0 for Monday to 6 for Sunday.
    today : date
        In the city.
    """
    day = today + timedelta(days=(weekday - today.weekday()) % _DAYS_A_WEEK)
    return ForecastDay(day, weekday, day_type(city, day))


def day_type(city: City, day: date) -> DayType:
    """What kind of day it is for the traffic; a public holiday before all else.

    Examples
    --------
    >>> from services.city.rennes import RENNES
    >>> days = (date(2026, 12, 25), date(2026, 12, 28), date(2026, 12, 27), date(2026, 11, 26))
    >>> [str(day_type(RENNES, day)) for day in days]
    ['public_holiday', 'school_holiday', 'weekend', 'working_day']
    """
    ordinary = DayType.WEEKEND if day.weekday() >= _SATURDAY else DayType.WORKING_DAY
    return _days_off(city).get(day, ordinary)


@cache
def _days_off(city: City) -> Mapping[date, DayType]:
    content = orjson.loads(city.holidays.table.read_bytes())
    return {date.fromisoformat(day): DayType(name) for day, name in content.items()}
