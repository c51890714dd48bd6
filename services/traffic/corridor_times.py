"""How long the corridors take: now, in free flow, and usually at this hour.

Sources
-------
travel time of a route
    The sum of the times of its segments at one moment, as FHWA's and INRIX's instantaneous travel
    times are: what a driver meets later on the way is not known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.traffic.corridors import Corridor
from services.traffic.indicators import travel_time_s
from services.traffic.network import Network
from services.traffic.snapshot import Snapshot
from services.traffic.status import Status

MIN_KNOWN_SHARE: Final = 0.5
"""With less of its length known, a corridor's time would be a guess."""


@dataclass(frozen=True)
class WayTime:
    """What driving some segments one after the other takes; fields as of :class:`CorridorTime`."""

    now_s: float | None
    free_flow_s: float | None
    usual_s: float | None
    known_share: float
    is_closed: bool


@dataclass(frozen=True)
class CorridorTime:
    """What driving a corridor takes, in seconds.

    Attributes
    ----------
    corridor : Corridor
    now_s : float or None
        Segments that are not known count as usual, else as free. None where too little is known,
        or where it is closed.
    free_flow_s : float or None
        None where the free flow of a segment is not known.
    usual_s : float or None
        At this hour; None where too little is known.
    known_share : float
        Share of its length whose speed is known now.
    is_closed : bool
        Whether a segment of it is closed.
    """

    corridor: Corridor
    now_s: float | None
    free_flow_s: float | None
    usual_s: float | None
    known_share: float
    is_closed: bool


def corridor_times(
    network: Network, snapshot: Snapshot, usual_s: NDArray[np.float64] | None = None
) -> tuple[CorridorTime, ...]:
    """The times of all corridors of a network, in their order.

    Parameters
    ----------
    network, snapshot
        Of the same version.
    usual_s : array of float, shape (segments,), optional
        Seconds that each segment usually takes at this hour, NaN where that is not known.
    """
    times = way_times(network, snapshot, [one.segments for one in network.corridors], usual_s)
    return tuple(
        CorridorTime(corridor, *(getattr(time, field.name) for field in fields(time)))
        for corridor, time in zip(network.corridors, times, strict=True)
    )


def way_times(
    network: Network,
    snapshot: Snapshot,
    ways: Sequence[Sequence[int]],
    usual_s: NDArray[np.float64] | None = None,
) -> list[WayTime]:
    """The same for any ways: places of segments in the network's order."""
    now_s, free_s = travel_time_s(network, snapshot), network.free_flow_time_s
    usual_s = np.full(len(network), np.nan) if usual_s is None else usual_s
    usual_or_free_s = np.where(np.isnan(usual_s), free_s, usual_s)
    filled_s = np.where(np.isnan(now_s), usual_or_free_s, now_s)
    closed = snapshot.status_codes() == Status.IMPOSSIBLE

    def time_of(way: list[int]) -> WayTime:
        share, usual_share = (_known_share(network, way, times) for times in (now_s, usual_s))
        is_closed = bool(closed[way].any())
        is_told = share >= MIN_KNOWN_SHARE and not is_closed
        return WayTime(
            now_s=_total(filled_s[way]) if is_told else None,
            free_flow_s=_total(free_s[way]),
            usual_s=_total(usual_or_free_s[way]) if usual_share >= MIN_KNOWN_SHARE else None,
            known_share=share,
            is_closed=is_closed,
        )

    return [time_of(list(way)) for way in ways]


def _total(times_s: NDArray[np.float64]) -> float | None:
    """The sum of some times; None where one of them is not known."""
    total_s = float(times_s.sum())
    return None if math.isnan(total_s) else total_s


def _known_share(network: Network, way: list[int], times_s: NDArray[np.float64]) -> float:
    length_m = network.length_m[way]
    return float(length_m[~np.isnan(times_s[way])].sum() / length_m.sum())
