"""The curve of a day at a place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, Literal, get_args

import msgspec

from services.plain.trends.asking import Query
from services.plain.trends.common import USUAL_REACH, Period
from services.plain.trends.marks import Mark

Measure = Literal["congestion", "jam", "status", "speed", "time"]
MEASURES: Final[tuple[Measure, ...]] = get_args(Measure)
"""Congestion level (share of free-flow time lost), kilometres of jam, share of the length that is
heavy or worse, km/h, minutes."""


class Band(msgspec.Struct, frozen=True):
    """What lies between four times in five, and its middle, for each quarter of an hour."""

    low: Sequence[float | None]
    middle: Sequence[float | None]
    high: Sequence[float | None]
    days: int


BandFrom = Literal["usual", "history", "simulation", "nothing"]
"""What a band of a forecast is as wide as: what is usual on that weekday at the place; the levels
of the whole network at that hour of the week; the errors on simulated traffic. Or there is none."""


class Expected(msgspec.Struct, frozen=True):
    """What is forecast of each quarter of an hour that is still to come, None of the others.

    Attributes
    ----------
    low, high : sequence of float or None
        The band; None where nothing is known that it could be as wide as.
    band : BandFrom
    is_simulated : bool
        Whether the model learned from simulated traffic.
    """

    middle: Sequence[float | None]
    low: Sequence[float | None]
    high: Sequence[float | None]
    band: BandFrom
    is_simulated: bool


class CurveAnswer(msgspec.Struct, frozen=True):
    """A day by quarters of an hour, None where too little was known.

    Attributes
    ----------
    start : datetime
        Midnight in the city, aware, UTC.
    clock : sequence of str
        What the city's clock shows at the beginning of each quarter, such as 08:15; the hour that
        comes twice in October comes twice.
    values : sequence of float or None
        In the unit of the measure.
    statuses : dict
        Share of the length in each status, by DATEX name, for each quarter.
    usual : Band or None
        Of the days like this one before it (``services.trends.periods``); None with fewer than
        three.
    other : sequence of float or None, optional
        Of the other day, at the same time of the clock; None at one that it did not have.
    mean : sequence of float or None, optional
        The mean of the period.
    lacking : sequence of date
        Days without any observation among all that were asked for.
    usual_from : date or None
        The first day like it that there will be a usual of, where this one has none.
    is_holiday : bool
        Whether it is a public holiday, which is like Sundays.
    forecast : Expected or None
        Of today, where there is a model.
    marks : sequence of Mark
        What happened; of many those that cost the most.
    marks_left_out : int
        How many more there are.
    """

    start: datetime
    clock: Sequence[str]
    measure: Measure
    values: Sequence[float | None]
    statuses: dict[str, Sequence[float]]
    usual: Band | None
    other: Sequence[float | None] | None
    mean: Sequence[float | None] | None
    observed_share: float
    lacking: Sequence[date]
    usual_from: date | None = None
    forecast: Expected | None = None
    marks: Sequence[Mark] = ()
    marks_left_out: int = 0
    is_holiday: bool = False


class CurveQuery(Query[CurveAnswer], frozen=True, tag="courbe"):
    """A day, against what is usual on days like it and a day or a period besides.

    Attributes
    ----------
    place : str
        Its key in addresses (``services.trends.places``).
    """

    place: str
    day: date
    measure: Measure = "congestion"
    other_day: date | None = None
    period: Period | None = None

    def days(self) -> tuple[date, date]:
        """See :meth:`Query.days`; the usual is that of days before."""
        others = [] if self.other_day is None else [self.other_day]
        if self.period is not None:
            others += [self.period.first, self.period.last]
        return min([self.day - USUAL_REACH, *others]), max([self.day, *others])
