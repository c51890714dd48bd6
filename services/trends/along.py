"""Routes: the corridors and stretches that one drives from end to end, and what one passes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from services.base.errors import InvalidRequest
from services.plain.trends.along import PassedPlace
from services.traffic.network import Network
from services.trends.archive import Archive
from services.trends.places import Place, corridor_of, stretch_of
from services.trends.queues import Route

_DECIMALS = 1


def route_place(archive: Archive, key: str) -> Place:
    """The corridor or stretch of a key.

    Raises
    ------
    UnknownPlace
    InvalidRequest
        When it is a place of another kind.
    """
    place = archive.place(key)
    if place.kind not in ("corridor", "troncon"):
        raise InvalidRequest("lieu", key, "a corridor or a stretch")
    return place


def ends_m(place: Place) -> NDArray[np.float64]:
    """Where each segment ends, metres from where the route begins."""
    return np.cumsum(place.length_m)


def is_ring(place: Place) -> bool:
    """Whether the route ends where it begins."""
    corridor = corridor_of(place.network, place.key)
    return corridor is not None and corridor.way.side is not None


def queue_route(place: Place) -> Route:
    """The route in a table of its own segments, for ``services.trends.queues``."""
    segments = np.arange(len(place.segments))
    return Route(place.key, segments, place.length_m, place.free_s, is_ring=is_ring(place))


def passed_places(place: Place) -> list[PassedPlace]:
    """What one passes on the route: its ends, and where one stretch of it follows another."""
    network, segments, at_m = place.network, place.segments.tolist(), ends_m(place).tolist()
    first, last = _end_names(place)
    between = [
        (at_m[count], _meeting(network, before, after))
        for count, (before, after) in enumerate(pairwise(segments))
    ]
    named = [(0.0, first), *between, (at_m[-1], last)]
    return [
        PassedPlace(round(metres, _DECIMALS), name)
        for count, (metres, name) in enumerate(named)
        if name and (count == 0 or name != _last_name(named[:count]))
    ]


def _end_names(place: Place) -> tuple[str, str]:
    corridor = corridor_of(place.network, place.key)
    if corridor is not None:
        waypoints = corridor.way.waypoints
        return waypoints[0].name, waypoints[-1].name
    stretch = stretch_of(place.network, place.key)
    return (stretch.start, stretch.end) if stretch is not None else ("", "")


def _meeting(network: Network, before: int, after: int) -> str:
    """The place between two segments of a route; "" where they are of one stretch."""
    codes = network.stretch_codes
    if codes[before] == codes[after]:
        return ""
    ends, begins = network.stretches[codes[before]], network.stretches[codes[after]]
    # On the way onto another road that road is what one sees.
    name: str = begins.start if begins.road == ends.road else begins.label
    return name


def _last_name(named: list[tuple[float, str]]) -> str:
    return next((name for _, name in reversed(named) if name), "")
