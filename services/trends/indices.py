"""How long a drive takes and how far one can rely on it: each index as the field defines it.

All are of the travel times of a place by quarter of an hour, as those of FHWA's rule are, each
quarter counting the same; a quarter that was not observed is left out, not filled in.

Definitions
-----------
percentile
    Between the two nearest of the ordered values, in proportion (definition 7 of Hyndman & Fan,
    1996, Am. Stat. 50: what numpy calls linear).
travel time index, planning time index, buffer index
    Mean ÷ free flow; 95th percentile ÷ free flow; (95th percentile − mean) ÷ mean. FHWA (2006),
    Travel Time Reliability: Making It There On Time, All The Time, FHWA-HOP-06-070.
LOTTR, level of travel time reliability
    80th ÷ 50th percentile, to the nearest hundredth, of four parts of the week: Monday to Friday
    6 to 10 h, 10 to 16 h and 16 to 20 h, Saturday and Sunday 6 to 20 h; reliable where it is below
    1.50. 23 CFR 490.511 and 490.513. The rule is of a calendar year: of a shorter period it is the
    same figure, but not the rule's.
free flow
    ``Network.free_flow_time_s``, as everywhere here.
jam kilometres × hours
    Length of road in jam × how long, each direction on its own: Sytadin's kilometres of jam
    (:mod:`services.traffic.indicators`) summed over time: the h·km in which Bison Futé counts.

When a figure is shown
----------------------
What was not observed could have been anything. Of time observed for less than half not even the
median has bounds, for all that is missing could lie on one side of it (Manski, 2003, Partial
Identification of Probability Distributions, 1.2): :data:`MIN_OBSERVED_SHARE`. Of fewer than twenty
values the 95th percentile is little but the largest one, and fewer than five days do not tell how
days differ: :data:`MIN_QUARTERS`, :data:`MIN_DAYS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.plain.trends.reliability import Untold, WeekPart

MIN_OBSERVED_SHARE: Final = 0.5
MIN_QUARTERS: Final = 20
MIN_DAYS: Final = 5
UNRELIABLE_FROM_LOTTR: Final = 1.50
"""23 CFR 490.513: reliable is what stays below."""

_SATURDAY: Final = 5
_SECONDS_PER_HOUR: Final = 3_600.0


class PartOfWeek(NamedTuple):
    """A part of the week, by the clock of the city: from one hour to just before another."""

    key: WeekPart
    is_weekend: bool
    from_hour: int
    to_hour: int

    def holds(self, day: date, local_hour: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Which moments of a day lie in it.

        Parameters
        ----------
        day : date
            In the city.
        local_hour : array of float, shape (times,)
            Hours of the day as the clock shows them: 7.25 for a quarter past seven.
        """
        is_its_day = (day.weekday() >= _SATURDAY) == self.is_weekend
        return is_its_day & (local_hour >= self.from_hour) & (local_hour < self.to_hour)


WEEK: Final = (
    PartOfWeek("morning", False, 6, 10),
    PartOfWeek("midday", False, 10, 16),
    PartOfWeek("evening", False, 16, 20),
    PartOfWeek("weekend", True, 6, 20),
)
"""Those of 23 CFR 490.511, in its order."""


@dataclass(frozen=True)
class Reliability:
    """The travel times of a place in one part of the week.

    Attributes
    ----------
    mean_s, median_s, p80_s, p95_s : float
        Seconds.
    free_s : float
        Seconds in free flow.
    """

    mean_s: float
    median_s: float
    p80_s: float
    p95_s: float
    free_s: float

    @property
    def travel_time_index(self) -> float:
        """How many times as long as in free flow it takes on average."""
        return self.mean_s / self.free_s

    @property
    def planning_time_index(self) -> float:
        """How many times as long as in free flow one plans for, to be late once in twenty times."""
        return self.p95_s / self.free_s

    @property
    def buffer_index(self) -> float:
        """What one adds for that to the mean, as a share of it."""
        return (self.p95_s - self.mean_s) / self.mean_s

    @property
    def lottr(self) -> float:
        """How much longer bad days take than the usual ones, to the nearest hundredth."""
        return round(self.p80_s / self.median_s, 2)

    @property
    def is_reliable(self) -> bool:
        """As 23 CFR 490.513 has it."""
        return self.lottr < UNRELIABLE_FROM_LOTTR


@dataclass(frozen=True)
class Observed:
    """How much of a part of the week was observed.

    Attributes
    ----------
    quarters, of_quarters : int
        Quarters of an hour observed, and how many there were.
    days : int
        On how many days something was.
    """

    quarters: int
    of_quarters: int
    days: int

    @property
    def share(self) -> float:
        """Of the time, 0 to 1."""
        return self.quarters / self.of_quarters if self.of_quarters else 0.0

    @property
    def untold(self) -> Untold | None:
        """Why no figure may be shown of it; None where it may."""
        if not self.quarters:
            return "never"
        if self.share < MIN_OBSERVED_SHARE:
            return "share"
        if self.quarters < MIN_QUARTERS:
            return "few"
        return "days" if self.days < MIN_DAYS else None


def percentile(values: NDArray[np.floating], share: float) -> float:
    """The value below which a share (0 to 1) of them lies, in proportion between the nearest two.

    >>> percentile(np.array([10.0, 20.0, 30.0, 40.0]), 0.5)
    25.0
    """
    return float(np.quantile(values, share))


def reliability(times_s: NDArray[np.floating], free_s: float) -> Reliability | None:
    """What some travel times amount to; None where there is none.

    Parameters
    ----------
    times_s : array of float, shape (quarters,)
        Seconds; NaN where not observed.
    free_s : float
        Seconds in free flow.
    """
    observed_s = times_s[~np.isnan(times_s)]
    if not len(observed_s):
        return None
    median_s, p80_s, p95_s = (percentile(observed_s, share) for share in (0.5, 0.8, 0.95))
    return Reliability(float(observed_s.mean()), median_s, p80_s, p95_s, free_s)


def jam_km_hours(jam_km: NDArray[np.floating], step_s: float) -> float | None:
    """Kilometres of jam × hours; None where nothing was observed.

    Parameters
    ----------
    jam_km : array of float, shape (steps,)
        Kilometres of jam in each step of time; NaN where not observed: neither jam nor none.
    step_s : float
        Seconds of a step.
    """
    observed = ~np.isnan(jam_km)
    if not observed.any():
        return None
    return float(jam_km[observed].sum() * step_s / _SECONDS_PER_HOUR)
