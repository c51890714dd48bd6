"""When jobs of APScheduler are due, over the days on which the clocks change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

# A day before the clocks of Rennes change; two days later it is the day after.
EVES_OF_CLOCK_CHANGES = (
    datetime(2026, 3, 28, 0, 57, tzinfo=UTC),
    datetime(2026, 10, 24, 0, 57, tzinfo=UTC),
)
DAYS = timedelta(days=3)


def pauses(job: Any, start: datetime) -> set[timedelta]:
    """The pauses between the times at which a job is due, from a time on and for three days."""
    return {later - earlier for earlier, later in pairwise(_due(job, start))}


def _due(job: Any, start: datetime) -> Iterator[datetime]:
    # As the scheduler does, which hands a trigger what the same trigger gave before.
    at = start.astimezone(job.trigger.timezone)
    while at < start + DAYS:
        yield at.astimezone(UTC)
        at = job.trigger.get_next_fire_time(at, at)
