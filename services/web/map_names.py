"""The names that the map writes where no tiles tell where one is: communes, junctions and roads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from services.city.city import City
from services.city.plane import placed_m
from services.traffic.network import Network
from services.traffic.road_lines import Grid
from services.traffic.stretches import chains

# Along a shorter line no name has room.
_MIN_LINE_M: Final = 300.0
# Corners closer to each other would only shake the letters.
_CORNER_M: Final = 80.0
# The directions of a road, up to 40 m apart in Rennes, are one line to write along. Half a step
# from a corner, that is 57 m from the nearest corner of the other direction.
_BESIDE_M: Final = 60.0
# 11 m: nobody sees that letters stand so far from their road.
_DECIMALS: Final = 4

_Points = NDArray[np.float64]
"""Longitude and latitude, WGS 84 degrees, shape (points, 2)."""
_Named = tuple[str, dict[str, Any]]
"""A name and the GeoJSON geometry that it belongs to."""


def encode_names(network: Network) -> bytes:
    """The names of a network and its city as GeoJSON.

    Each feature has a ``name``, a ``kind`` (``commune``, ``ring-junction``, ``junction`` or
    ``road``) and a ``rank`` within its kind: where there is no room for two names, the lower one
    is written.
    """
    communes = network.city.communes
    kinds: dict[str, Iterable[_Named]] = {
        "commune": ((place.name, _point_at(np.array(place.point))) for place in communes),
        **_junctions(network),
        "road": _roads(network),
    }
    features = [
        {
            "type": "Feature",
            "properties": {"name": name, "kind": kind, "rank": rank},
            "geometry": geometry,
        }
        for kind, found in kinds.items()
        for rank, (name, geometry) in enumerate(found)
    ]
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def _junctions(network: Network) -> dict[str, list[_Named]]:
    """Those of the ring road and the others, each in the middle of its segments."""
    city = network.city
    points: dict[str, list[_Points]] = defaultdict(list)
    for name, point in zip(network.names.tolist(), network.points, strict=True):
        if city.kind_of_name(name) in ("junction", "ring-junction"):
            points[name].append(point)
    # Those of more segments first.
    by_rank = sorted(points, key=lambda name: (-len(points[name]), name))
    return {
        kind: [
            (name, _point_at(np.median(points[name], axis=0)))
            for name in by_rank
            if city.kind_of_name(name) == kind
        ]
        for kind in ("ring-junction", "junction")
    }


def _roads(network: Network) -> list[_Named]:
    """The lines of each road once, whatever its directions, the longest first."""
    city = network.city
    found: list[tuple[str, _Points]] = []
    # One for each name, that grows: a feed may call thousands of roads by one.
    known: dict[str, Grid] = defaultdict(lambda: Grid(np.empty((0, 2)), _BESIDE_M))
    ends = network.lines
    by_length = sorted(chains(ends), key=lambda chain: (-ends.length_m[chain].sum(), chain))
    for chain in by_length:
        name = ends.names[chain[0]]
        if city.kind_of_name(name) != "road":
            continue
        for line in _new_parts(city, _evenly(network, chain), known[name]):
            known[name].add(placed_m(city, line))
            found.append((name, line))
    found.sort(key=lambda item: (-len(item[1]), item[0]))
    return [
        (city.road_sign(name), {"type": "LineString", "coordinates": _rounded(line)})
        for name, line in found
    ]


def _evenly(network: Network, chain: list[int]) -> _Points:
    """The line of a chain of segments, with a corner every 80 m."""
    points = np.array(
        [point[:2] for segment in chain for part in network.geometry[segment] for point in part]
    )
    steps_m = np.hypot(*np.diff(placed_m(network.city, points), axis=0).T)
    along_m = np.concatenate([[0.0], np.cumsum(steps_m)])
    corners_m = np.linspace(0.0, along_m[-1], max(2, round(along_m[-1] / _CORNER_M) + 1))
    return np.stack([np.interp(corners_m, along_m, points[:, axis]) for axis in (0, 1)], axis=1)


def _new_parts(city: City, line: _Points, known: Grid) -> list[_Points]:
    """The parts of a line that are beside no known one, and long enough for a name."""
    is_new = np.array([not any(known.near(point)) for point in placed_m(city, line)])
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_new, [False]])))
    return [
        line[first:end]
        for first, end in edges.reshape(-1, 2).tolist()
        if (end - first - 1) * _CORNER_M >= _MIN_LINE_M
    ]


def _point_at(point: _Points) -> dict[str, Any]:
    return {"type": "Point", "coordinates": _rounded(point)}


def _rounded(points: _Points) -> Any:
    return np.round(points, _DECIMALS).tolist()
