"""Days that are not ordinary ones: French public holidays, and Rennes' school holidays (zone B)."""

from __future__ import annotations

from datetime import date
from typing import Final

import holidays
from vacances_scolaires_france import (  # type: ignore[import-untyped]
    SchoolHolidayDates,
    UnsupportedYearException,
)

_SCHOOL_ZONE: Final = "B"


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
