"""Public and school holidays, and what pages know of the days to come."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.city import calendar
from services.city.calendar import Calendar
from services.city.day_types import DayType, coming_day, day_type
from services.city.rennes import RENNES

CALENDAR = Calendar(RENNES.holidays)
MONDAY, FRIDAY, SUNDAY = 0, 4, 6
BEFORE_CHRISTMAS = date(2026, 12, 21)  # A Monday.


def test_public_holidays_are_those_of_france():
    assert CALENDAR.is_public_holiday(date(2026, 7, 14))
    assert not CALENDAR.is_public_holiday(date(2026, 7, 4))


@pytest.mark.parametrize(
    ("day", "is_holiday"),
    [
        (date(2026, 10, 20), True),
        (date(2026, 11, 20), False),
        # Zone B is off when zone A is not, and the other way round.
        (date(2025, 2, 12), True),
        (date(2025, 2, 26), False),
        # Not published yet.
        (date(2199, 7, 20), False),
    ],
)
def test_school_holidays_are_those_of_rennes(day, is_holiday):
    assert CALENDAR.is_school_holiday(day) == is_holiday


def test_a_city_outside_the_french_calendar_has_public_holidays_alone():
    calendar = Calendar(replace(RENNES.holidays, country="PT", school_zone=""))
    assert calendar.day_type(date(2026, 6, 10)) is DayType.PUBLIC_HOLIDAY
    assert calendar.day_type(date(2026, 10, 20)) is DayType.WORKING_DAY


@pytest.mark.parametrize(
    ("day", "day_type"),
    [
        (date(2026, 11, 26), DayType.WORKING_DAY),
        (date(2026, 12, 21), DayType.SCHOOL_HOLIDAY),
        (date(2026, 12, 26), DayType.WEEKEND),
        # Whatever day of the week it is, and whether there is school or not.
        (date(2026, 12, 25), DayType.PUBLIC_HOLIDAY),
        (date(2026, 11, 1), DayType.PUBLIC_HOLIDAY),
        # Easter Monday: of no fixed date.
        (date(2027, 3, 29), DayType.PUBLIC_HOLIDAY),
    ],
)
def test_every_day_is_of_one_kind(day, day_type):
    assert CALENDAR.day_type(day) is day_type


def test_pages_know_the_days_to_come():
    christmas = coming_day(RENNES, FRIDAY, BEFORE_CHRISTMAS)
    assert (christmas.date, christmas.day_type) == (date(2026, 12, 25), DayType.PUBLIC_HOLIDAY)
    assert (christmas.weekday, christmas.like_weekday) == (FRIDAY, SUNDAY)
    today = coming_day(RENNES, MONDAY, BEFORE_CHRISTMAS)
    assert (today.date, today.day_type) == (BEFORE_CHRISTMAS, DayType.SCHOOL_HOLIDAY)
    assert today.like_weekday == MONDAY


def test_pages_know_what_the_libraries_know():
    """Where this fails after an update of theirs: python -m services.city.calendar."""
    span = [date(2020, 1, 1) + timedelta(days=number) for number in range(7_671)]
    assert span[-1] == date(2040, 12, 31)
    assert [day for day in span if day_type(RENNES, day) is not CALENDAR.day_type(day)] == []


def test_the_table_is_made_by_a_command(tmp_path):
    made = tmp_path / "made.json"
    calendar.write_days_off(replace(RENNES, holidays=replace(RENNES.holidays, table=made)))
    assert made.read_bytes() == RENNES.holidays.table.read_bytes()
