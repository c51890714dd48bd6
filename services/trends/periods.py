"""Which days a question is about."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from services.base.errors import InvalidRequest
from services.city.city import City
from services.city.day_types import DayType, day_type
from services.plain.trends.common import MAX_PERIOD_DAYS, USUAL_REACH, DaysKept, Period

_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)
_SATURDAY, _SUNDAY = 5, 6
# Two months: long enough for a band, short enough for the season.
USUAL_DAYS: Final = 8
MIN_USUAL_DAYS: Final = 3


def days_of(city: City, period: Period, today: date) -> list[date]:
    """The days of a period up to today that are of the kind asked for, in order.

    Raises
    ------
    InvalidRequest
        When it ends before it begins, is too long, or has not begun yet.
    """
    if period.last < period.first:
        raise InvalidRequest("au", period.last.isoformat(), "a day after the first one")
    count = (period.last - period.first).days + 1
    if count > MAX_PERIOD_DAYS:
        raise InvalidRequest("au", period.last.isoformat(), f"at most {MAX_PERIOD_DAYS} days")
    if period.first > today:
        raise InvalidRequest("du", period.first.isoformat(), "a day that has come")
    days = (period.first + place * _DAY for place in range(count))
    return [day for day in days if day <= today and is_kept(city, day, period.days)]


def is_kept(city: City, day: date, kept: DaysKept) -> bool:
    """Whether a day is of a kind; public holidays are no working days."""
    if kept == "tous":
        return True
    is_off = day.weekday() >= _SATURDAY or is_holiday(city, day)
    return is_off if kept == "we" else not is_off


def is_holiday(city: City, day: date) -> bool:
    """Whether it is a public holiday."""
    return day_type(city, day) is DayType.PUBLIC_HOLIDAY


def usual_days(city: City, day: date, today: date) -> list[date]:
    """The days by which it is told what is usual on a day, in order.

    The last :data:`USUAL_DAYS` of the same name before it, public holidays left out; before a
    public holiday Sundays, whose forecast it takes as well
    (:func:`services.city.day_types.weekday_like`). All of them are over.
    """
    found: list[date] = []
    before = next_like(city, day)
    for _ in range(USUAL_REACH // _WEEK):
        before -= _WEEK
        if before < today and not is_holiday(city, before) and len(found) < USUAL_DAYS:
            found.append(before)
    return found[::-1]


def next_like(city: City, day: date) -> date:
    """The first day from one on that counts among those which are like it.

    That is the day itself, or the Sunday after a public holiday, which counts for nothing.
    """
    if not is_holiday(city, day):
        return day
    return day + timedelta(days=(_SUNDAY - day.weekday()) % 7 or 7)
