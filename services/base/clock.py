"""The one way in for time: aware UTC inside, the city's own at the edge (``City.local``)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present as an aware UTC time; tests hand in their own."""


def utc_now() -> datetime:
    """The present, aware, UTC."""
    return datetime.now(UTC)
