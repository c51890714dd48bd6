"""Which days are not ordinary ones: French public holidays, and Rennes' school holidays (zone B).

The libraries take a third of a second and 12 MB: worker and models ask them, and the worker
writes down the days to come for those who serve pages (:mod:`services.day_types`).
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final

import holidays
from vacances_scolaires_france import (  # type: ignore[import-untyped]
    SchoolHolidayDates,
    UnsupportedYearException,
)

from services.day_types import DAYS_AHEAD, DayType, write_day_types

_SCHOOL_ZONE: Final = "B"
_SATURDAY: Final = 5


class Calendar:
    """Tells public and school holidays; built once, asked for many days."""

    def __init__(self) -> None:
        self._public = holidays.country_holidays("FR")
        self._school = SchoolHolidayDates()

    def is_public_holiday(self, day: date) -> bool:
        """Whether a day is a public holiday in mainland France.

        Examples
        --------
        >>> [Calendar().is_public_holiday(date(2026, 11, day)) for day in (11, 12)]
        [True, False]
        """
        return day in self._public

    def is_school_holiday(self, day: date) -> bool:
        """Whether schools in Rennes are closed for holidays; False for years not published yet.

        Examples
        --------
        >>> [Calendar().is_school_holiday(date(2026, month, 20)) for month in (10, 11)]
        [True, False]
        """
        try:
            return bool(self._school.is_holiday_for_zone(day, _SCHOOL_ZONE))
        except UnsupportedYearException:
            return False

    def day_type(self, day: date) -> DayType:
        """What kind of day it is for the traffic; a public holiday before all else.

        Examples
        --------
        >>> days = (date(2026, 12, 25), date(2026, 12, 28), date(2026, 12, 27), date(2026, 11, 26))
        >>> [str(Calendar().day_type(day)) for day in days]
        ['public_holiday', 'school_holiday', 'weekend', 'working_day']
        """
        if self.is_public_holiday(day):
            return DayType.PUBLIC_HOLIDAY
        if day.weekday() >= _SATURDAY:
            return DayType.WEEKEND
        return DayType.SCHOOL_HOLIDAY if self.is_school_holiday(day) else DayType.WORKING_DAY


@lru_cache(maxsize=1)
def calendar() -> Calendar:
    """The one calendar of this process."""
    return Calendar()


def write_days_to_come(data_dir: Path, today: date) -> None:
    """Write down the kinds of the days to come, for those who serve pages.

    Raises
    ------
    StorageError
    """
    days = [today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD)]
    write_day_types(data_dir, {day: calendar().day_type(day) for day in days})
