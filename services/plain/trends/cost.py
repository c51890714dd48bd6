"""What lost time amounts to at a place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from services.plain.trends.asking import Query
from services.plain.trends.common import Period


class CountedCost(msgspec.Struct, frozen=True):
    """What vehicles lost, where they are counted.

    Attributes
    ----------
    length_share : float
        Share of the place's length whose traffic is counted, 0 to 1.
    hours : float
        Hours of vehicles, of all days observed.
    vehicles_share : float
        Of the vehicles counted, the share whose time was known, 0 to 1.
    days : int
        Days that these hours are of.
    euros : float or None
        These hours, by the rate of the settings; None without one.
    rate, rate_source : float and str, or None
        Euros an hour of a vehicle, and where that is from.
    """

    length_share: float
    hours: float
    vehicles_share: float
    days: int
    euros: float | None
    rate: float | None
    rate_source: str


class CostAnswer(msgspec.Struct, frozen=True):
    """A place over a period.

    Attributes
    ----------
    is_route : bool
        Whether one drives it; else what is told of a driver is of a drive of ten minutes there.
    free_s : float
        Seconds of that drive in free flow.
    working_days, other_days : sequence of float or None
        Mean seconds that a driver loses by the hour of departure, 24 of them: on working days, and
        on Saturdays, Sundays and public holidays.
    mean_s : float or None
        The mean of all quarters observed from 6 to 20 h.
    jam_km_hours : float or None
        Kilometres of jam × hours, the mean of the days observed.
    observed_days, lacking_days : int
    observed_share : float
        Of all quarters of the period, 0 to 1.
    counted : CountedCost or None
        None where nobody counted.
    has_counts : bool
        Whether there is a file of daily traffic at all.
    unknown_counts : int
        How many of its places are none of today's network.
    """

    is_route: bool
    free_s: float
    working_days: Sequence[float | None]
    other_days: Sequence[float | None]
    mean_s: float | None
    jam_km_hours: float | None
    observed_days: int
    lacking_days: int
    observed_share: float
    counted: CountedCost | None
    has_counts: bool
    unknown_counts: int


class CostQuery(Query[CostAnswer], frozen=True, tag="cout"):
    """A place over a period."""

    place: str
    period: Period

    def days(self) -> tuple[date, date]:
        """See :meth:`Query.days`."""
        return self.period.first, self.period.last
