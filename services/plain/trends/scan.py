"""The congestion scan of a route: distance against time, the speed in each cell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, Literal, get_args

import msgspec

from services.plain.roadworks import RoadworkLevel
from services.plain.trends.along import PassedPlace
from services.plain.trends.asking import Query
from services.plain.trends.common import Period

ScanMeasure = Literal["vitesse", "part"]
SCAN_MEASURES: Final[tuple[ScanMeasure, ...]] = get_args(ScanMeasure)
"""How it is drawn, and not what is asked: km/h, or the share of the free-flow speed."""


class Outline(msgspec.Struct, frozen=True):
    """Where and when something was on the route.

    Parameters
    ----------
    kind : {"event", "roadwork"}
    from_m, to_m : float
        From where to where on the route.
    from_s, to_s : int
        From when until when, seconds since the diagram begins, within it.
    what : str
        In the publisher's words: where the roadwork is, what the event is likely caused by.
    level : RoadworkLevel or None
        Of a roadwork.
    delay_s : float or None
        Of an event: seconds more than usual that driving through it took at its worst.
    """

    kind: Literal["event", "roadwork"]
    from_m: float
    to_m: float
    from_s: int
    to_s: int
    what: str
    level: RoadworkLevel | None = None
    delay_s: float | None = None


class ScannedQueue(msgspec.Struct, frozen=True):
    """A queue of the diagram (``services.trends.queues``), for who reads it in words.

    Parameters
    ----------
    head_m, length_m : float
        Where its head is on the route, and how long it was at most.
    from_s, to_s : int
        Seconds since the diagram begins.
    worst_s : float
        The most that one who passes loses, seconds.
    """

    head_m: float
    length_m: float
    from_s: int
    to_s: int
    worst_s: float


class ScanAnswer(msgspec.Struct, frozen=True):
    """A diagram; what has a value a cell is one sequence a segment, in the order of travel.

    Parameters
    ----------
    start : datetime or None
        Midnight in the city, aware, UTC; None for the mean day of a period.
    step_s : int
    local_hours : sequence of float
        When each time begins by the city's clock, 0 to 24.
    segments : sequence of int
        Places in the network's order.
    segment_ids : sequence of str
        The feed's.
    network_version : str
        Whose order that is.
    ends_m : sequence of float
        Where each segment ends, metres from where the route begins.
    free_kmh : sequence of float or None
        Free-flow speed of each segment.
    speed_kmh : sequence of sequences of int or None
        At most the limit; None where unknown or closed.
    closed : sequence of (segment, time) pairs
        Cells that were closed.
    places : sequence of PassedPlace
        In the order of travel; the first and the last where the route begins and ends.
    outlines : sequence of Outline
    queues : sequence of ScannedQueue
        The one that lost the most first.
    days, asked : int
        How many days the diagram is made of, and how many were asked for.
    """

    start: datetime | None
    step_s: int
    local_hours: Sequence[float]
    segments: Sequence[int]
    segment_ids: Sequence[str]
    network_version: str
    ends_m: Sequence[float]
    free_kmh: Sequence[float | None]
    speed_kmh: Sequence[Sequence[int | None]]
    closed: Sequence[tuple[int, int]]
    places: Sequence[PassedPlace]
    outlines: Sequence[Outline]
    queues: Sequence[ScannedQueue]
    days: int
    asked: int


class ScanQuery(Query[ScanAnswer], frozen=True, tag="scan"):
    """A day at the feed's own times, or where a period is given its mean day by quarters.

    Parameters
    ----------
    place : str
        Key of a corridor or a stretch.
    """

    place: str
    day: date
    period: Period | None = None

    def days(self) -> tuple[date, date] | None:
        """The day, or the period."""
        if self.period is not None:
            return self.period.first, self.period.last
        return self.day, self.day
