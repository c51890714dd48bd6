"""Two periods at one place, and at the detour beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

import msgspec

from services.plain.trends.asking import Query
from services.plain.trends.common import Period

Unit = Literal["s", "index"]
"""Seconds of driving a route; of an area, how many times as long as in free flow."""
Untold = Literal["nothing_alike", "too_few_weeks"]
"""Why it cannot be told: no kind of day is in both periods, or there are too few weeks of them."""


class PeriodValues(msgspec.Struct, frozen=True):
    """The days of a period at a place.

    Attributes
    ----------
    days : sequence of date
        Those with a value, in order.
    values : sequence of float
        The mean of each between the hours asked for, in the answer's unit.
    asked : int
        How many days were looked for.
    compared, weeks : int
        How many days were compared, and of how many weeks.
    closed_share : float
        Share of the quarters observed between these hours in which a route was closed, 0 to 1:
        there it has no time.
    curve : sequence of float or None
        Mean of these days by quarter of an hour of the city's clock, 96 of them.
    """

    days: Sequence[date]
    values: Sequence[float]
    asked: int
    compared: int
    weeks: int
    closed_share: float
    curve: Sequence[float | None]


class MeasuredChange(msgspec.Struct, frozen=True):
    """As ``services.trends.comparison.Change``, in the answer's unit."""

    before: float
    after: float
    low: float
    high: float
    p_value: float
    is_beyond_chance: bool
    block_weeks: int


class PlaceChange(msgspec.Struct, frozen=True):
    """What changed at a place.

    Attributes
    ----------
    change : MeasuredChange or None
        None where it cannot be told, and ``untold`` says why.
    """

    place: str
    unit: Unit
    free: float
    before: PeriodValues
    after: PeriodValues
    change: MeasuredChange | None
    untold: Untold | None


class BeforeAfterAnswer(msgspec.Struct, frozen=True):
    """The place, then the detour if one was named."""

    places: Sequence[PlaceChange]


class BeforeAfterQuery(Query[BeforeAfterAnswer], frozen=True, tag="avant-apres"):
    """Two periods between two hours of the day, the first one included, the last one not."""

    place: str
    before: Period
    after: Period
    from_hour: float = 7.0
    to_hour: float = 9.0
    detour: str | None = None

    def days(self) -> tuple[date, date]:
        """See :meth:`Query.days`."""
        ends = (self.before.first, self.before.last, self.after.first, self.after.last)
        return min(ends), max(ends)
