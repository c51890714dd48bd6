"""How long the corridors take: now, in free flow, and usually at this hour.

Sources
-------
travel time of a route
    The sum of the times of its segments at one moment, as FHWA's and INRIX's instantaneous travel
    times are: what a driver meets later on the way is not known. What is not known of them is as
    slow as the rest (:func:`filled_times_s`), here as in the archive (``services.trends``).
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
        See :func:`route_time_s`. None where too little is known, or where it is closed.
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
    closed = snapshot.status_codes() == Status.IMPOSSIBLE

    def time_of(way: list[int]) -> WayTime:
        share, usual_share = (_known_share(network, way, times) for times in (now_s, usual_s))
        is_closed = bool(closed[way].any())
        is_told = share >= MIN_KNOWN_SHARE and not is_closed
        return WayTime(
            now_s=_known(route_time_s(now_s[way], free_s[way])) if is_told else None,
            free_flow_s=_known(free_s[way].sum()),
            usual_s=_known(route_time_s(usual_s[way], free_s[way]))
            if usual_share >= MIN_KNOWN_SHARE
            else None,
            known_share=share,
            is_closed=is_closed,
        )

    return [time_of(list(way)) for way in ways]


def filled_times_s(
    travel_s: NDArray[np.floating], free_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Seconds that each segment of a way takes, of those too that are not known.

    Such a one takes its time in free flow × (sum of the known times ÷ sum of their times in free
    flow), as ``services.traffic.zone_ratios`` has it of zones: where half of a road is jammed, the
    other half is hardly free.

    Parameters
    ----------
    travel_s : array of float, shape (..., segments)
        NaN where not known.
    free_s : array of float, shape (segments,)

    Returns
    -------
    array of float, shape (..., segments)
        NaN of what is not known, nor its free flow, and where nothing is known at all.
    """
    is_known = ~np.isnan(travel_s)
    # What has no free flow cannot be compared with anything.
    is_compared = is_known & ~np.isnan(free_s)
    actual_s = np.where(is_compared, travel_s, 0.0).sum(axis=-1, keepdims=True)
    expected_s = np.where(is_compared, free_s, 0.0).sum(axis=-1, keepdims=True)
    nothing = np.full(actual_s.shape, np.nan)
    slowness = np.divide(actual_s, expected_s, out=nothing, where=expected_s > 0)
    return np.where(is_known, travel_s, slowness * free_s)


def route_time_s(
    travel_s: NDArray[np.floating], free_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Seconds that a whole way takes at one moment, no less than in free flow.

    Parameters and their shapes as of :func:`filled_times_s`; the sum has shape (...).
    """
    total: NDArray[np.float64] = filled_times_s(travel_s, free_s).sum(axis=-1)
    # NaN stays: fmax would tell the free flow of what is not known.
    return np.where(np.isnan(total), np.nan, np.fmax(total, free_s.sum()))


def _known(seconds: np.floating | NDArray[np.float64]) -> float | None:
    return None if math.isnan(float(seconds)) else float(seconds)


def _known_share(network: Network, way: list[int], times_s: NDArray[np.float64]) -> float:
    length_m = network.length_m[way]
    return float(length_m[~np.isnan(times_s[way])].sum() / length_m.sum())
