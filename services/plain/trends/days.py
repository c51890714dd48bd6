"""The days of a period at a place, a number each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

import msgspec

from services.plain.trends.asking import Query
from services.plain.trends.common import Period
from services.plain.trends.curve import Measure

DayKind = Literal["working_day", "school_holiday", "weekend", "public_holiday"]


class DayValue(msgspec.Struct, frozen=True):
    """A day.

    Attributes
    ----------
    value : float or None
        The mean over the hours asked for; None where less than half of them is known.
    is_observed : bool
        Whether anything of the day was kept.
    """

    day: date
    value: float | None
    kind: DayKind
    is_observed: bool


class DaysAnswer(msgspec.Struct, frozen=True):
    """All days of the period that have come, in order."""

    measure: Measure
    days: Sequence[DayValue]


class DaysQuery(Query[DaysAnswer], frozen=True, tag="calendrier"):
    """The days of a period.

    Attributes
    ----------
    place : str
        Its key in addresses (``services.trends.places``).
    from_hour, to_hour : float
        Of the city's clock, 0 to 24: the part of each day that counts.
    """

    place: str
    period: Period
    measure: Measure = "congestion"
    from_hour: float = 7.0
    to_hour: float = 20.0

    def days(self) -> tuple[date, date]:
        """See :meth:`Query.days`."""
        return self.period.first, self.period.last
