"""Which days are not ordinary ones: public holidays, and school holidays of France.

The libraries take a quarter of a second and 18 MB: the training of the week asks them, all others
read the table that ``python -m services.city.calendar`` makes of them
(:mod:`services.city.day_types`).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from typing import Final

import holidays
import orjson
from vacances_scolaires_france import (  # type: ignore[import-untyped]
    SchoolHolidayDates,
    UnsupportedYearException,
)

from services.base.command_line import run_command, tells_errors
from services.base.files import write_atomically
from services.city.chosen import CITY
from services.city.city import City, Holidays
from services.city.day_types import DayType

_SATURDAY: Final = 5
# Before the first capture of the feed, and longer than school holidays are known.
_FIRST_DAY: Final = date(2020, 1, 1)
_LAST_DAY: Final = date(2040, 12, 31)


class Calendar:
    """Tells public and school holidays; built once, asked for many days.

    Parameters
    ----------
    region : Holidays
    """

    def __init__(self, region: Holidays) -> None:
        self._public = holidays.country_holidays(region.country)
        self._school_zone = region.school_zone
        self._school = SchoolHolidayDates()

    def is_public_holiday(self, day: date) -> bool:
        """Whether a day is a public holiday.

        Examples
        --------
        >>> from services.city.rennes import RENNES
        >>> [Calendar(RENNES.holidays).is_public_holiday(date(2026, 11, day)) for day in (11, 12)]
        [True, False]
        """
        return day in self._public

    def is_school_holiday(self, day: date) -> bool:
        """Whether schools are closed for holidays; False where no calendar says so.

        That is years not published yet, and cities outside the French calendar.

        Examples
        --------
        >>> from services.city.rennes import RENNES
        >>> calendar = Calendar(RENNES.holidays)
        >>> [calendar.is_school_holiday(date(2026, month, 20)) for month in (10, 11)]
        [True, False]
        """
        if not self._school_zone:
            return False
        try:
            return bool(self._school.is_holiday_for_zone(day, self._school_zone))
        except UnsupportedYearException:
            return False

    def day_type(self, day: date) -> DayType:
        """What kind of day it is for the traffic; a public holiday before all else.

        Examples
        --------
        >>> days = (date(2026, 12, 25), date(2026, 12, 28), date(2026, 12, 27), date(2026, 11, 26))
        >>> from services.city.rennes import RENNES
        >>> [str(Calendar(RENNES.holidays).day_type(day)) for day in days]
        ['public_holiday', 'school_holiday', 'weekend', 'working_day']
        """
        if self.is_public_holiday(day):
            return DayType.PUBLIC_HOLIDAY
        if day.weekday() >= _SATURDAY:
            return DayType.WEEKEND
        return DayType.SCHOOL_HOLIDAY if self.is_school_holiday(day) else DayType.WORKING_DAY


@cache
def calendar_of(city: City) -> Calendar:
    """The one calendar of a city in this process."""
    return Calendar(city.holidays)


def write_days_off(city: City) -> None:
    """Write the table that pages read, of all days that are not ordinary.

    Raises
    ------
    StorageError
    """
    span = (_LAST_DAY - _FIRST_DAY).days + 1
    days = [_FIRST_DAY + timedelta(days=number) for number in range(span)]
    kinds = {day: calendar_of(city).day_type(day) for day in days}
    content = {
        day.isoformat(): str(kind)
        for day, kind in kinds.items()
        if kind in {DayType.PUBLIC_HOLIDAY, DayType.SCHOOL_HOLIDAY}
    }
    write_atomically(city.holidays.table, orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Write the table of days off; returns the exit code."""
    argparse.ArgumentParser(
        prog="python -m services.city.calendar",
        description="Write the table of holidays that pages read; after an update of libraries.",
    ).parse_args(arguments)
    write_days_off(CITY)
    return 0


if __name__ == "__main__":
    run_command(main)
