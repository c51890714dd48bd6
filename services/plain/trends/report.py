"""A report of a place over a period, to be printed: what the views say of both, together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import msgspec

from services.plain.trends.asking import Query
from services.plain.trends.bottlenecks import BottleneckRow
from services.plain.trends.common import Period
from services.plain.trends.curve import Measure
from services.plain.trends.days import DaysAnswer
from services.plain.trends.marks import Mark
from services.plain.trends.reliability import ReliabilityAnswer
from services.plain.trends.week import WeekAnswer

MOST_BOTTLENECKS: Final = 10
MOST_MARKS: Final = 24
"""What paper has room for; how many more there are is told."""


class MeanDay(msgspec.Struct, frozen=True):
    """The mean of some days by quarters of an hour of the city's clock, 96 of them.

    Attributes
    ----------
    mean, low, high : sequence of float or None
        Of the days; below ``low`` is one day in ten, above ``high`` another one. None where too few
        were observed.
    days : int
        How many days were observed.
    """

    mean: Sequence[float | None]
    low: Sequence[float | None]
    high: Sequence[float | None]
    days: int


class ReportAnswer(msgspec.Struct, frozen=True):
    """A report.

    Attributes
    ----------
    measure : Measure
        That of curves, weeks and days: minutes of a route, congestion of an area.
    reliability : ReliabilityAnswer
        Of the place alone.
    working_days, other_days : MeanDay
        Working days; Saturdays, Sundays and public holidays.
    week : WeekAnswer
    days : DaysAnswer
    bottlenecks : sequence of BottleneckRow
        Those in the place that lost the most.
    bottlenecks_found : int
        How many there are in it.
    marks : sequence of Mark
        In the order of their start.
    marks_left_out : int
    made_at : datetime
        Aware, UTC.
    """

    measure: Measure
    reliability: ReliabilityAnswer
    working_days: MeanDay
    other_days: MeanDay
    week: WeekAnswer
    days: DaysAnswer
    bottlenecks: Sequence[BottleneckRow]
    bottlenecks_found: int
    marks: Sequence[Mark]
    marks_left_out: int
    made_at: datetime


class ReportQuery(Query[ReportAnswer], frozen=True, tag="rapport"):
    """A place over all days of a period.

    Attributes
    ----------
    place : str
        Its key in addresses (``services.trends.places``).
    """

    place: str
    period: Period

    def days(self) -> tuple[date, date]:
        """See :meth:`Query.days`."""
        return self.period.first, self.period.last
