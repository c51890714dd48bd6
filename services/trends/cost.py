"""What lost time amounts to: for who drives through once, and for all where they are counted.

Definitions
-----------
time lost by a driver
    Travel time less that in free flow, of driving the place once.
hours lost by vehicles
    Σ vehicles × time lost ÷ 3 600 over quarters of an hour and the segments whose traffic was
    counted. Nobody is added where nobody was counted, nor in a quarter whose speed is not known:
    the share of vehicles that it speaks of stands beside it.
vehicles in an hour
    Of the daily traffic the share of that hour of the day: :data:`WORKING_DAY_SHARES` and
    :data:`WEEKEND_SHARES`. They are of urban roads in the United States, for want of a French
    table of all hours: U.S. EPA, Population and Activity of On-road Vehicles in MOVES, default
    hourly distribution of traffic, urban roads, to a thousandth; taken down without its tables at
    hand, so compare them before hours of vehicles decide anything. An hour that the clock skips or
    repeats counts as often as it is there.

what an hour is worth
    No rate comes with the code: it is one of a person, by why they travel, and how many sit in a
    vehicle is of a place. French projects are judged by the values of Quinet (2013), L'évaluation
    socioéconomique des investissements publics: 10 €₂₀₁₀ an hour of a person between home and work
    in towns.

Time lost is bounded by zero for a whole day, not segment by segment: of few cars that are measured
some are faster than free flow by chance, as others are slower: :mod:`services.traffic.zone_ratios`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.traffic.stretches import Stretch

# Shares of a day in thousandths, from 0 to 23 h.
WORKING_DAY_SHARES: Final = (
    10, 6, 5, 5, 7, 18, 46, 70, 61, 50, 50, 54, 58, 58, 62, 71, 77, 77, 60, 44, 35, 32, 25, 18,
)  # fmt: skip
WEEKEND_SHARES: Final = (
    21, 14, 11, 7, 7, 10, 18, 27, 36, 48, 57, 65, 71, 71, 72, 72, 71, 68, 62, 52, 43, 38, 32, 25,
)  # fmt: skip

_SECONDS_PER_HOUR: Final = 3_600.0


@dataclass(frozen=True, eq=False)
class SegmentCounts:
    """Daily traffic by segment of one network.

    Attributes
    ----------
    vehicles : array of float, shape (segments,)
        Vehicles a day; NaN where nobody counted.
    unknown : tuple of str
        Places of the file that are none of this network.
    """

    vehicles: NDArray[np.float64]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class LostHours:
    """What vehicles lost.

    Attributes
    ----------
    hours : float
        Hours of vehicles.
    vehicles_share : float
        Of the vehicles that were counted and drove through, the share whose time is known, each
        weighted by the free-flow time of its segment; 0 to 1.
    """

    hours: float
    vehicles_share: float


def counts_by_segment(
    vehicles_of: Mapping[str, float], segment_ids: Sequence[str], stretches: Sequence[Stretch]
) -> SegmentCounts:
    """Daily traffic of each segment of a network; what is said of it alone holds before all else.

    Parameters
    ----------
    vehicles_of : mapping
        Vehicles a day by place (``services.trends.counts``).
    segment_ids : sequence of str
    stretches : sequence of Stretch
        Those of the same network.
    """
    vehicles = np.full(len(segment_ids), np.nan)
    found = set()
    for stretch in stretches:
        if stretch.key in vehicles_of:
            vehicles[list(stretch.segments)] = vehicles_of[stretch.key]
            found.add(stretch.key)
    for index, segment_id in enumerate(segment_ids):
        if segment_id in vehicles_of:
            vehicles[index] = vehicles_of[segment_id]
            found.add(segment_id)
    return SegmentCounts(vehicles, tuple(sorted(set(vehicles_of) - found)))


def vehicle_shares(local_hours: NDArray[np.floating], *, is_weekend: bool) -> NDArray[np.float64]:
    """Which share of a day's vehicles drives in each step of it, shape (steps,); together 1.

    Parameters
    ----------
    local_hours : array of float, shape (steps,)
        When each step of a whole day begins, as the clock of the city shows it: 92 quarters of an
        hour, 96 or 100.
    is_weekend : bool
        Saturday, Sunday or a public holiday.
    """
    by_hour = np.array(WEEKEND_SHARES if is_weekend else WORKING_DAY_SHARES, np.float64)
    weights = by_hour[local_hours.astype(np.int64)]
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares


def lost_hours(
    times_s: NDArray[np.floating],
    free_s: NDArray[np.floating],
    vehicles: NDArray[np.floating],
    shares: NDArray[np.floating],
) -> LostHours | None:
    """What vehicles lose in some steps of a day; None where nobody is counted, or nothing known.

    Parameters
    ----------
    times_s : array of float, shape (steps, segments)
        Seconds that driving each segment takes; NaN where not known.
    free_s : array of float, shape (segments,)
        The same in free flow; NaN where not known.
    vehicles : array of float, shape (segments,)
        Vehicles a day; NaN where nobody counted.
    shares : array of float, shape (steps,)
        Of a day's vehicles, those in each step: :func:`vehicle_shares`.
    """
    counted = ~np.isnan(vehicles) & ~np.isnan(free_s)
    if not counted.any():
        return None
    driving = shares[:, np.newaxis] * vehicles[counted]
    lost_s = times_s[:, counted] - free_s[counted]
    known = ~np.isnan(lost_s)
    of_all = float((driving * free_s[counted]).sum())
    of_known = float((driving * free_s[counted])[known].sum())
    if not of_known:
        return None
    hours = float((driving * lost_s)[known].sum()) / _SECONDS_PER_HOUR
    # Nothing that is told is faster than free flow.
    return LostHours(max(hours, 0.0), of_known / of_all)
