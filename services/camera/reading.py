"""What a segmented street picture says about the traffic, and how sure that is.

A picture shows how full a road is and not how fast it flows. What is read is the
share of the visible road that vehicles cover, and three statuses follow from it.

Where the thresholds come from (ours; no norm gives any). Seen from above, vehicles of
4.5 m × 1.8 m on lanes of 3.5 m cover ``density × 4.5 / 1000 × 1.8 / 3.5`` of the road.
Lanes carry most at 25 to 30 vehicles a kilometre and stand still at 130 to 150
(Highway Capacity Manual's fundamental diagram): 6 to 7 % and 30 to 35 %; at 80, where
half the flow is lost, 19 %. A camera looks along the road, where a vehicle also hides
the road behind it: about twice as much. Hence 15 % and 40 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

RoadStatus = Literal["free", "dense", "blocked", "unknown"]
KnownRoadStatus = Literal["free", "dense", "blocked"]
UnknownBecause = Literal["uniform", "noise", "unfamiliar", "no_road"]

DENSE_FROM: Final = 0.15
BLOCKED_FROM: Final = 0.40
BANDS: Final[dict[KnownRoadStatus, tuple[float, float]]] = {
    "free": (0.0, DENSE_FROM),
    "dense": (DENSE_FROM, BLOCKED_FROM),
    "blocked": (BLOCKED_FROM, 1.0),
}


@dataclass(frozen=True)
class TrafficReading:
    """The traffic in one picture.

    Attributes
    ----------
    status : {"free", "dense", "blocked", "unknown"}
        Unknown where ``reason`` says why.
    occupancy : float or None
        Share of the road's visible surface that vehicles cover, 0 to 1.
    occupancy_low, occupancy_high : float or None
        The same, should the model be wrong as often as it says it is and a little more:
        vehicles that are none, and vehicles taken for road.
    confidence : float or None
        How much of that range lies within the status, times the familiarity, 0 to 1.
    vehicles : int or None
        Separate patches of vehicles; those one behind the other count as one. None where the
        picture is none to count in.
    people : int or None
        Separate patches of people on the road or next to it; None likewise.
    familiarity : float or None
        How like the pictures that the model learnt from this one is, from 1 down to 0; None
        where its file does not tell.
    reason : {"uniform", "noise", "unfamiliar", "no_road"} or None
        Why the status is unknown: one colour, noise, unlike what was learnt, hardly any road.
    """

    status: RoadStatus
    occupancy: float | None
    occupancy_low: float | None
    occupancy_high: float | None
    confidence: float | None
    vehicles: int | None
    people: int | None
    familiarity: float | None = None
    reason: UnknownBecause | None = None


def status_of_occupancy(occupancy: float) -> KnownRoadStatus:
    """Status of a share of covered road.

    >>> [status_of_occupancy(share) for share in (0.0, 0.15, 0.4)]
    ['free', 'dense', 'blocked']
    """
    if occupancy >= BLOCKED_FROM:
        return "blocked"
    return "dense" if occupancy >= DENSE_FROM else "free"
