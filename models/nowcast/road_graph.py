"""Which segments of a road network follow each other: the nowcaster's neighbours on a map."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from models.nowcast.graph import Neighbours
from services.traffic.network import Network

# About a metre: ends that touch are equal in the feed up to its rounding.
_DECIMALS = 5

Place = tuple[float, float]


def road_neighbours(network: Network) -> Neighbours:
    """The segments that end where a segment starts, and those that start where it ends.

    A jam grows against the traffic, a platoon travels with it: both ways count alike.
    The way back along the same road is no neighbour. Lists, not a matrix: memory grows
    with the junctions.
    """
    links = _links(network)
    most = max(1, *(len(found) for found in links))
    index = np.zeros((len(network), most), dtype=np.int64)
    weight = np.zeros((len(network), most), dtype=np.float32)
    for segment, found in enumerate(links):
        index[segment, : len(found)] = found
        weight[segment, : len(found)] = 1.0
    return Neighbours(index, weight)


def _links(network: Network) -> list[NDArray[np.int64]]:
    starts, ends = list(_places(network, 0)), list(_places(network, -1))
    starting: dict[Place, list[int]] = defaultdict(list)
    ending: dict[Place, list[int]] = defaultdict(list)
    for segment, (start, end) in enumerate(zip(starts, ends, strict=True)):
        starting[start].append(segment)
        ending[end].append(segment)
    return [
        np.array(
            [
                other
                for other in (*ending[start], *starting[end])
                if other != segment and (starts[other], ends[other]) != (end, start)
            ],
            dtype=np.int64,
        )
        for segment, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]


def _places(network: Network, point: int) -> Iterator[Place]:
    """The first (0) or last (-1) point of every segment."""
    for parts in network.geometry:
        lon, lat = parts[point][point][:2]
        yield round(lon, _DECIMALS), round(lat, _DECIMALS)
