"""The day and hour that a forecast is asked for, whoever asks: the page, the map or the API."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Final

from services.base.errors import InvalidRequest
from services.city.city import City
from services.city.day_types import ForecastDay, coming_day
from services.forecast.zone_forecasts import DAY_NAMES, HOURS

_HOUR_PATTERN: Final = re.compile(r"[0-9]{1,2}")
_MAX_SHOWN_CHARACTERS: Final = 40


def asked_hour(city: City, day: object, hour: object, now: datetime) -> tuple[ForecastDay, int]:
    """What a caller asks for, of the days to come.

    Parameters
    ----------
    city : City
        Whose days are asked for.
    day : str or None
        One of :data:`DAY_NAMES`; None stands for today.
    hour : int or str
        0 to 23, as a number or as one or two digits.
    now : datetime
        Aware.

    Raises
    ------
    InvalidRequest
        Of the hour for anything else: 24, -1, 8.5, True, ``"abc"``, ``""``, ``" 8"`` or nothing at
        all, and for the one that summer time begins with on that day, which no clock shows; of the
        day when none has that name.

    Examples
    --------
    >>> from datetime import UTC
    >>> from services.city.rennes import RENNES
    >>> now = datetime(2026, 11, 23, 11, tzinfo=UTC)
    >>> day, hour = asked_hour(RENNES, "sunday", "08", now)
    >>> str(day.date), day.weekday, hour
    ('2026-11-29', 6, 8)
    """
    chosen = _checked_hour(hour)
    today = city.local(now).date()
    found = coming_day(city, _checked_day(day, today), today)
    if not _is_on_clock(city, found.date, chosen):
        raise InvalidRequest(
            "hour", str(chosen), f"an hour of {found.date}, when the clocks go forward"
        )
    return found, chosen


def _is_on_clock(city: City, day: date, hour: int) -> bool:
    """Whether the city's clocks show an hour of a day: a moment there comes back as itself."""
    written = datetime.combine(day, time(hour), city.time_zone)
    return city.local(written.astimezone(UTC)).hour == hour


def _checked_hour(value: object) -> int:
    if isinstance(value, str) and _HOUR_PATTERN.fullmatch(value):
        hour = int(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        hour = value
    else:
        hour = -1
    if not 0 <= hour < HOURS:
        raise InvalidRequest("hour", _shown(value), "a whole number from 0 to 23")
    return hour


def _checked_day(value: object, today: date) -> int:
    """0 for monday to 6 for sunday."""
    if value is None:
        return today.weekday()
    if not isinstance(value, str) or value not in DAY_NAMES:
        raise InvalidRequest("day", _shown(value), "one of " + ", ".join(DAY_NAMES))
    return DAY_NAMES.index(value)


def _shown(value: object) -> str:
    return "" if value is None else str(value)[:_MAX_SHOWN_CHARACTERS]
