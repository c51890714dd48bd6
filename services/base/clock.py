"""The one way in for time: aware UTC inside, Europe/Paris at the edge."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

PARIS: Final = ZoneInfo("Europe/Paris")

Clock = Callable[[], datetime]
"""Gives the present as an aware UTC time; tests hand in their own."""


def utc_now() -> datetime:
    """The present, aware, UTC."""
    return datetime.now(UTC)


def to_paris(moment: datetime) -> datetime:
    """An aware time as people in Rennes read it."""
    return moment.astimezone(PARIS)
