"""The ends of segments in metres: what tells which segment driving on leads to."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.city.city import City
from services.city.plane import placed_m

Part = list[list[float]]
"""One line of a segment: [longitude, latitude] pairs, WGS 84 degrees."""

Link = tuple[float, str, str, int, int]
"""What speaks against it, the ids of two segments, and their places."""

# Ends of one road lie on one another, or within the 10 m by which its two directions are drawn
# apart (measured in Rennes: 99 % of segments have a successor within 10 m).
_LINK_M: Final = 12.0
# A sharper turn leads back where one came from.
_LINK_TURN_DEG: Final = 100.0
# Across a roundabout, a crossing that is segments of its own, or 265 m that the feed lacks of the
# ring road (Porte de Saint-Nazaire): the longer the gap, the straighter the road must go on.
_GAP_M: Final = 300.0
_MAX_GAP_TURN_DEG: Final = 60.0
_GAP_TURN_DEG_M: Final = 7_200.0
# In Rennes 25 segments begin within 300 m: of more that lie upon one another nobody could tell
# which follows which, and looking at all of them would take their number squared.
_MOST_IN_A_SQUARE: Final = 100


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

    @cached_property
    def successors(self) -> dict[int, int]:
        """The segment that driving on leads to, one at most, and of one segment only."""
        return _successors(self)


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


def _successors(lines: RoadLines) -> dict[int, int]:
    successor: dict[int, int] = {}
    entered: set[int] = set()
    for links_of in (_close_links, _gap_links):
        # The straightest and closest first; the ids decide between equals.
        for _, _, _, i, j in sorted(links_of(lines, set(successor), entered)):
            if i not in successor and j not in entered:
                successor[i] = j
                entered.add(j)
    return successor


def _close_links(lines: RoadLines, left: set[int], entered: set[int]) -> Iterator[Link]:
    for i, j, distance_m in _same_road(lines, left, entered, _LINK_M):
        turn = turn_deg(lines.end_heading[i], lines.start_heading[j])
        if turn < _LINK_TURN_DEG:
            yield turn + distance_m, lines.ids[i], lines.ids[j], i, j


def _gap_links(lines: RoadLines, left: set[int], entered: set[int]) -> Iterator[Link]:
    for i, j, distance_m in _same_road(lines, left, entered, _GAP_M):
        max_turn_deg = min(_MAX_GAP_TURN_DEG, _GAP_TURN_DEG_M / max(distance_m, 1.0))
        across = float(heading_deg(lines.start[j] - lines.end[i]))
        turns = (
            turn_deg(lines.end_heading[i], across),
            turn_deg(across, lines.start_heading[j]),
            turn_deg(lines.end_heading[i], lines.start_heading[j]),
        )
        if max(turns) < max_turn_deg:
            yield distance_m + sum(turns), lines.ids[i], lines.ids[j], i, j


def _same_road(
    lines: RoadLines, left: set[int], entered: set[int], reach_m: float
) -> Iterator[tuple[int, int, float]]:
    """Pairs of unlinked segments of one name, the second beginning where the first ends."""
    of_name: dict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(lines.names):
        of_name[name].append(place)
    for places in of_name.values():
        begin = [place for place in places if place not in entered]
        starts = Grid(lines.start[begin], reach_m)
        for i in places:
            if i not in left:
                for at, distance_m in starts.near(lines.end[i]):
                    if begin[at] != i:
                        yield i, begin[at], distance_m


class Grid:
    """Points by the square they lie in, so that near ones are found without asking all.

    Of points that crowd in one square the first hundred are kept.

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
            square = self._squares[self._square(east_m, north_m)]
            if len(square) < _MOST_IN_A_SQUARE:
                square.append((index, east_m, north_m))
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
