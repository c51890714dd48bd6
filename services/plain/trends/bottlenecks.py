"""Bottlenecks of a period: where queues come back, how long they are and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import msgspec

from services.plain.trends.asking import Query
from services.plain.trends.common import Period

MOST_BOTTLENECKS: Final = 60
"""Those that lost the most; a list of hundreds is read by nobody."""


class QueueDay(msgspec.Struct, frozen=True, array_like=True):
    """The queues of one bottleneck on one day.

    Parameters
    ----------
    day : date
    from_hour, to_hour : float
        When the first began and the last ended, by the city's clock, 0 to 25.
    length_m : float
        The longest.
    lost_s : float
        By one driver who passes in each quarter of an hour, in all.
    worst_s : float
        The most that one who passed lost.
    """

    day: date
    from_hour: float
    to_hour: float
    length_m: float
    lost_s: float
    worst_s: float


class BottleneckRow(msgspec.Struct, frozen=True):
    """A place where queues come back.

    Parameters
    ----------
    head : str
        The feed's id of the segment that it is named after: where the speed recovers.
    segment : int
        The same as a place in the network's order.
    corridor : str
        Key of the corridor that its worst queue was found on.
    where : sequence
        The stretch of the head, as ``services.traffic.stretch_wording.stretch_parts`` has it.
    queues : int
    days_by_hour : sequence of int
        On how many days a queue stood there at each hour of the day, shape (24,).
    longest_m, mean_length_m, mean_duration_s : float
        Of the queues.
    lost_s : float
        In the whole period, by one driver who passes in each quarter of an hour.
    reaches_end : bool
        Whether the corridor ends there: the queue may go on beyond.
    history : sequence of QueueDay
        In the order of the days.
    """

    head: str
    segment: int
    corridor: str
    where: Sequence[str | int]
    queues: int
    days_by_hour: Sequence[int]
    longest_m: float
    mean_length_m: float
    mean_duration_s: float
    lost_s: float
    reaches_end: bool
    history: Sequence[QueueDay]

    @property
    def days(self) -> int:
        """On how many days a queue stood there."""
        return len(self.history)


class BottlenecksAnswer(msgspec.Struct, frozen=True):
    """The bottlenecks of a period, the one that lost the most first.

    Parameters
    ----------
    rows : sequence of BottleneckRow
        At most :data:`MOST_BOTTLENECKS`.
    found : int
        How many there were.
    days : int
        How many days of the period were observed.
    days_by_hour : sequence of int
        On how many of them each hour of the day was.
    asked : int
        How many there are.
    corridors : int
        How many were looked at.
    network_version : str
    """

    rows: Sequence[BottleneckRow]
    found: int
    days: int
    days_by_hour: Sequence[int]
    asked: int
    corridors: int
    network_version: str


class BottlenecksQuery(Query[BottlenecksAnswer], frozen=True, tag="bouchons"):
    """The bottlenecks of all corridors, or of one.

    Parameters
    ----------
    place : str
        ``reseau`` for all, or the key of a corridor or a stretch.
    """

    place: str
    period: Period

    def days(self) -> tuple[date, date] | None:
        """The period."""
        return self.period.first, self.period.last
