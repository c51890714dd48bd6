"""The ends of segments in metres: what tells which segment driving on leads to."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.city.city import City
from services.city.plane import placed_m

Part = list[list[float]]
"""One line of a segment: [longitude, latitude] pairs, WGS 84 degrees."""

LINK_M: Final = 12.0
"""Ends of one road lie on one another, or within the 10 m by which its two directions are drawn
apart (measured in Rennes: 99 % of segments have a successor within 10 m)."""
LINK_TURN_DEG: Final = 100.0
"""A sharper turn leads back where one came from."""


@dataclass(frozen=True)
class RoadLines:
    """How each segment begins and ends; all of shape (segments,) or (segments, 2).

    Attributes
    ----------
    city : City
        Whose roads these are.
    ids, names : sequence of str
    geometry : sequence of list of Part
        Each segment's lines, in the direction of travel.
    length_m : array of float
    start, end : array of float
        Metres eastwards and northwards of the city's centre.
    start_heading, end_heading : array of float
        Degrees clockwise from north.
    """

    city: City
    ids: Sequence[str]
    names: Sequence[str]
    geometry: Sequence[list[Part]]
    length_m: NDArray[np.float64]
    start: NDArray[np.float64]
    end: NDArray[np.float64]
    start_heading: NDArray[np.float64]
    end_heading: NDArray[np.float64]


def road_lines(
    city: City,
    ids: Sequence[str],
    names: Sequence[str],
    geometry: Sequence[list[Part]],
    length_m: NDArray[np.float64],
) -> RoadLines:
    """The ends of some segments."""

    def metres(part: int, point: int) -> NDArray[np.float64]:
        return placed_m(city, np.array([parts[part][point][:2] for parts in geometry]))

    start, end = metres(0, 0), metres(-1, -1)
    return RoadLines(
        city=city,
        ids=ids,
        names=names,
        geometry=geometry,
        length_m=length_m,
        start=start,
        end=end,
        start_heading=heading_deg(metres(0, 1) - start),
        end_heading=heading_deg(end - metres(-1, -2)),
    )


def heading_deg(step: NDArray[np.float64]) -> NDArray[np.float64]:
    """Degrees clockwise from north of steps, shape (..., 2): eastwards, northwards."""
    return np.degrees(np.arctan2(step[..., 0], step[..., 1]))


def turn_deg(from_deg: float, to_deg: float) -> float:
    """Degrees between two headings, 0 to 180.

    Examples
    --------
    >>> turn_deg(350.0, 10.0)
    20.0
    """
    return abs((to_deg - from_deg + 180.0) % 360.0 - 180.0)


class Grid:
    """Points by the square they lie in, so that near ones are found without asking all.

    Parameters
    ----------
    points : array of float, shape (points, 2)
        Metres.
    reach_m : float
        How far to look.
    """

    def __init__(self, points: NDArray[np.float64], reach_m: float) -> None:
        self._reach_m = reach_m
        self._squares: dict[tuple[int, int], list[tuple[int, float, float]]] = defaultdict(list)
        self._count = 0
        self.add(points)

    def add(self, points: NDArray[np.float64]) -> None:
        """Lay down more points, shape (points, 2), numbered on from those that are there."""
        for index, (east_m, north_m) in enumerate(points.tolist(), start=self._count):
            self._squares[self._square(east_m, north_m)].append((index, east_m, north_m))
        self._count += len(points)

    def near(self, point: NDArray[np.float64]) -> Iterator[tuple[int, float]]:
        """Each point within reach and its distance in metres."""
        east_m, north_m = point.tolist()
        east, north = self._square(east_m, north_m)
        for square in ((east + i, north + j) for i in (-1, 0, 1) for j in (-1, 0, 1)):
            for index, other_east_m, other_north_m in self._squares.get(square, ()):
                distance_m = math.hypot(other_east_m - east_m, other_north_m - north_m)
                if distance_m <= self._reach_m:
                    yield index, distance_m

    def _square(self, east_m: float, north_m: float) -> tuple[int, int]:
        return math.floor(east_m / self._reach_m), math.floor(north_m / self._reach_m)
