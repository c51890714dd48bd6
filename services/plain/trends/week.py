"""The hours of a week at a place, over a period."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, Literal, get_args

import msgspec

from services.plain.trends.asking import Query
from services.plain.trends.common import Period
from services.plain.trends.curve import Measure

Statistic = Literal["mean", "p50", "p80", "p95"]
STATISTICS: Final[tuple[Statistic, ...]] = get_args(Statistic)
"""Of the same hour on several days: their mean, or a percentile of them."""

WEEK_ROWS: Final = 8
"""Monday to Sunday, and public holidays, which are of none of these."""


class WeekAnswer(msgspec.Struct, frozen=True):
    """Rows are Monday to Sunday and public holidays, columns the 24 hours of the city's clock.

    Attributes
    ----------
    values : sequence of sequence of float or None
        In the unit of the measure; None where too few days were observed.
    days : sequence of sequence of int
        How many days each is of.
    holidays : sequence of date
        The public holidays of the period that were observed.
    lacking : sequence of date
        Days without any observation.
    """

    measure: Measure
    statistic: Statistic
    values: Sequence[Sequence[float | None]]
    days: Sequence[Sequence[int]]
    holidays: Sequence[date]
    lacking: Sequence[date]


class WeekQuery(Query[WeekAnswer], frozen=True, tag="semaine"):
    """The hours of the week.

    Attributes
    ----------
    place : str
        Its key in addresses (``services.trends.places``).
    """

    place: str
    period: Period
    measure: Measure = "congestion"
    statistic: Statistic = "mean"

    def days(self) -> tuple[date, date]:
        """See :meth:`Query.days`."""
        return self.period.first, self.period.last
