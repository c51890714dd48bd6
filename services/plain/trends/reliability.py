"""How far one can rely on the time that drives take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

import msgspec

from services.plain.trends.asking import Query
from services.plain.trends.common import Period

WeekPart = Literal["morning", "midday", "evening", "weekend"]
"""Of 23 CFR 490.511: Monday to Friday 6 to 10 h, 10 to 16 h, 16 to 20 h; weekends 6 to 20 h."""

Untold = Literal["never", "share", "few", "days"]
"""Why nothing is shown: never observed, too small a share, too few quarters, too few days."""


class Indices(msgspec.Struct, frozen=True):
    """As ``services.trends.indices`` defines them; times in seconds."""

    mean_s: float
    p95_s: float
    travel_time_index: float
    planning_time_index: float
    buffer_index: float
    lottr: float
    is_reliable: bool


class PartReliability(msgspec.Struct, frozen=True):
    """A place in one part of the week.

    Attributes
    ----------
    observed_share : float
        Of its quarters of an hour, 0 to 1.
    days : int
        On how many days some were.
    untold : Untold or None
        Why there are no indices.
    """

    part: WeekPart
    observed_share: float
    days: int
    untold: Untold | None
    indices: Indices | None


class PlaceReliability(msgspec.Struct, frozen=True):
    """A place in all parts of the week.

    Attributes
    ----------
    place : str
        Its key.
    is_route : bool
        Whether its times are those of driving it: of a zone they only compare with each other.
    free_s : float
        Seconds in free flow.
    is_reliable : bool or None
        Whether all four parts are, as 23 CFR 490.513 asks; None where one is not told.
    """

    place: str
    is_route: bool
    free_s: float
    parts: Sequence[PartReliability]
    is_reliable: bool | None


class ReliabilityAnswer(msgspec.Struct, frozen=True):
    """The place asked for, then the corridors.

    Attributes
    ----------
    first, last : date
        The days that were looked at, those that are over.
    observed_days, lacking_days : int
        Of these, those with some observation and without any.
    """

    first: date
    last: date
    observed_days: int
    lacking_days: int
    places: Sequence[PlaceReliability]


class ReliabilityQuery(Query[ReliabilityAnswer], frozen=True, tag="fiabilite"):
    """The parts of the week at a place and on all corridors; of the period all days count."""

    place: str
    first: date
    last: date

    @property
    def period(self) -> Period:
        """All days of it: parts of the week choose among them."""
        return Period(self.first, self.last)

    def days(self) -> tuple[date, date]:
        """See :meth:`Query.days`."""
        return self.first, self.last
