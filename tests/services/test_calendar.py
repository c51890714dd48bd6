"""Public and school holidays, and what pages know of the days to come."""

from __future__ import annotations

from datetime import date

import pytest

from services.calendar import Calendar, write_days_to_come
from services.day_types import FILE_NAME, CachedDayTypes, DayType, write_day_types
from services.errors import StorageError

CALENDAR = Calendar()
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


def test_pages_know_the_days_to_come_as_the_worker_wrote_them_down(tmp_path, monkeypatch):
    days = CachedDayTypes(tmp_path)
    write_days_to_come(tmp_path, BEFORE_CHRISTMAS)
    # Nothing is looked up.
    monkeypatch.delattr("services.calendar.calendar")
    christmas = days.coming(FRIDAY, BEFORE_CHRISTMAS)
    assert (christmas.date, christmas.day_type) == (date(2026, 12, 25), DayType.PUBLIC_HOLIDAY)
    assert (christmas.weekday, christmas.like_weekday) == (FRIDAY, SUNDAY)
    today = days.coming(MONDAY, BEFORE_CHRISTMAS)
    assert (today.date, today.day_type) == (BEFORE_CHRISTMAS, DayType.SCHOOL_HOLIDAY)
    assert today.like_weekday == MONDAY
    # A page knows a week ahead even where the worker has been away for one.
    later = days.coming(FRIDAY, date(2026, 12, 28))
    assert (later.date, later.day_type) == (date(2027, 1, 1), DayType.PUBLIC_HOLIDAY)


@pytest.mark.parametrize(
    ("weekday", "day_type"),
    [
        (MONDAY, DayType.SCHOOL_HOLIDAY),
        (FRIDAY, DayType.PUBLIC_HOLIDAY),
        (SUNDAY, DayType.WEEKEND),
    ],
)
def test_a_day_that_the_worker_has_not_written_down_is_looked_up(tmp_path, weekday, day_type):
    days = CachedDayTypes(tmp_path)
    assert days.coming(weekday, BEFORE_CHRISTMAS).day_type is day_type
    # The worker has been away for two months.
    write_days_to_come(tmp_path, date(2026, 10, 20))
    assert days.coming(weekday, BEFORE_CHRISTMAS).day_type is day_type


def test_what_the_worker_writes_anew_is_read_anew(tmp_path):
    days = CachedDayTypes(tmp_path)
    write_day_types(tmp_path, {date(2026, 12, 21): DayType.WORKING_DAY})
    assert days.coming(MONDAY, BEFORE_CHRISTMAS).day_type is DayType.WORKING_DAY
    write_days_to_come(tmp_path, BEFORE_CHRISTMAS)
    assert days.coming(MONDAY, BEFORE_CHRISTMAS).day_type is DayType.SCHOOL_HOLIDAY


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"2026-12-25": "feast"}', b'{"x": 1}'])
def test_a_damaged_calendar_is_told_and_days_are_looked_up(tmp_path, caplog, content):
    (tmp_path / FILE_NAME).write_bytes(content)
    found = CachedDayTypes(tmp_path).coming(FRIDAY, BEFORE_CHRISTMAS)
    assert (found.day_type, found.like_weekday) == (DayType.PUBLIC_HOLIDAY, SUNDAY)
    assert "each day has to be looked up" in caplog.text


def test_what_cannot_be_written_is_told(tmp_path):
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(StorageError):
        write_days_to_come(tmp_path, BEFORE_CHRISTMAS)
