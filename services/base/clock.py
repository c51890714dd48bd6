"""The one way in for time: aware UTC inside, the city's own at the edge (``City.local``)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Final

Clock = Callable[[], datetime]
"""Gives the present as an aware UTC time; tests hand in their own."""

_DAY_PATTERN: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def utc_now() -> datetime:
    """The present, aware, UTC."""
    return datetime.now(UTC)


def written_day(text: str) -> date:
    """The day that is written as YYYY-MM-DD, and in no other of ISO 8601's ways.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> written_day("2026-11-29")
    datetime.date(2026, 11, 29)
    >>> written_day("2026-W48-7")
    Traceback (most recent call last):
    ...
    ValueError: '2026-W48-7' is no day written YYYY-MM-DD
    """
    try:
        if _DAY_PATTERN.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # of a month that has not so many days
    raise ValueError(f"{text!r} is no day written YYYY-MM-DD")
