"""Which days a question is about."""

from __future__ import annotations

from datetime import date, timedelta

from services.base.errors import InvalidRequest
from services.city.city import City
from services.city.day_types import DayType, day_type
from services.plain.trends.common import MAX_PERIOD_DAYS, DaysKept, Period
from services.plain.trends.curve import USUAL_REACH

_DAY = timedelta(days=1)
_SATURDAY = 5


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
    is_off = day.weekday() >= _SATURDAY or day_type(city, day) is DayType.PUBLIC_HOLIDAY
    return is_off if kept == "we" else not is_off


def same_weekdays_before(city: City, day: date, count: int) -> list[date]:
    """The last days of the same name before a day, without public holidays, in order."""
    found: list[date] = []
    before = day
    for _ in range(USUAL_REACH.days // 7):
        before -= 7 * _DAY
        if day_type(city, before) is not DayType.PUBLIC_HOLIDAY and len(found) < count:
            found.append(before)
    return found[::-1]
