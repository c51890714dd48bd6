"""Corridors: the drives through a city that people know by name, each way, as its file lists them.

A corridor's waypoints are joined by the quickest drive over the network at its speed limits, so
that its segments follow one another as a driver meets them.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from services.city.city import RETURN_SUFFIX, City, Waypoint
from services.city.plane import is_anticlockwise, placed_m
from services.traffic.road_lines import Grid, RoadLines, turn_deg

# The two carriageways of the ring road lie up to 40 m apart.
_NEAR_WAYPOINT_M: Final = 40.0
# Two roads that meet end up to this far apart.
_CROSSING_M: Final = 20.0
# A sharper turn leads back where one came from.
_MAX_TURN_DEG: Final = 130.0
_State = tuple[int, int]
"""A segment, and how many waypoints are behind its end."""
# What the first segment of a drive comes from: compared with others where drives take equally long.
_NOWHERE: Final[_State] = (-1, 0)


@dataclass(frozen=True)
class CorridorWay:
    """A drive of the city's file in one direction.

    Attributes
    ----------
    key : str
        The name of it in addresses.
    name : str
        As the city's file has it.
    towards : str
        Where it leads to.
    side : {"inner", "outer"} or None
        Of a drive that ends where it begins: inner is clockwise, where one drives on the right.
    waypoints : tuple of Waypoint
    roads : tuple of str
        The feed's names of the roads that it keeps to; all where there are none.
    """

    key: str
    name: str
    towards: str
    side: Literal["inner", "outer"] | None
    waypoints: tuple[Waypoint, ...]
    roads: tuple[str, ...]


@dataclass(frozen=True)
class Corridor:
    """A drive that a network offers.

    Attributes
    ----------
    way : CorridorWay
    segments : tuple of int
        Places of its segments in the network's order, in the order of travel.
    length_m : float
    """

    way: CorridorWay
    segments: tuple[int, ...]
    length_m: float


def corridor_ways(city: City) -> tuple[CorridorWay, ...]:
    """The corridors of a city, each way, in the order of its file."""
    return tuple(
        CorridorWay(
            key=plan.key + suffix,
            name=plan.name,
            towards=waypoints[-1].name,
            side=_side(city, waypoints),
            waypoints=waypoints,
            roads=plan.roads,
        )
        for plan in city.corridors
        for suffix, waypoints in (("", plan.waypoints), (RETURN_SUFFIX, plan.waypoints[::-1]))
    )


def _side(city: City, waypoints: tuple[Waypoint, ...]) -> Literal["inner", "outer"] | None:
    if waypoints[0] != waypoints[-1]:
        return None
    points_m = placed_m(city, [waypoint.point for waypoint in waypoints])
    return "outer" if is_anticlockwise(points_m) else "inner"


def corridors_of(lines: RoadLines, drive_s: NDArray[np.float64]) -> tuple[Corridor, ...]:
    """The corridors of a city, each way, in the order of its file.

    One that the roads offer no drive along is left out: a feed that changed, or another city.

    Parameters
    ----------
    lines : RoadLines
    drive_s : array of float, shape (segments,)
        Seconds to drive each segment: what the quickest drive is the quickest by.
    """
    drives = _Drives(lines, drive_s)
    found = ((way, drives.along(way.waypoints, way.roads)) for way in corridor_ways(lines.city))
    return tuple(
        Corridor(way, tuple(segments), float(lines.length_m[segments].sum()))
        for way, segments in found
        if segments
    )


class _Drives:
    """Quickest drives over a network; a segment may follow where driving on leads to it."""

    def __init__(self, lines: RoadLines, drive_s: NDArray[np.float64]) -> None:
        self._lines = lines
        self._cost = drive_s.tolist()
        points = [
            placed_m(lines.city, [point[:2] for point in line])
            for parts in lines.geometry
            for line in parts
        ]
        self._from = np.concatenate([line[:-1] for line in points])
        self._step = np.concatenate([np.diff(line, axis=0) for line in points])
        segment_of_line = [i for i, parts in enumerate(lines.geometry) for _ in parts]
        self._segment_of_step = np.repeat(segment_of_line, [len(line) - 1 for line in points])
        self._squared_m2 = np.maximum((self._step**2).sum(axis=1), 1e-9)
        # Drives meet the same segments again and again.
        self._followers = _followers(lines)

    def along(self, waypoints: Sequence[Waypoint], roads: Sequence[str] = ()) -> list[int]:
        """Segments of the quickest drive through some waypoints; none where there is no drive.

        Dijkstra's algorithm over segments and how many waypoints are behind them.
        """
        passing = [self._passing(waypoint) for waypoint in waypoints]
        first = [i for i in sorted(passing[0]) if self._is_of(i, roads)]
        came_from: dict[_State, _State] = {}
        queue = [(float(self._cost[i]), (i, 1), _NOWHERE) for i in first]
        heapq.heapify(queue)
        while queue:
            cost, state, before = heapq.heappop(queue)
            if state in came_from:
                continue
            came_from[state] = before
            at, passed = state
            if passed == len(passing):
                return _back(came_from, state)
            for after in self._followers[at]:
                following = after, passed + (after in passing[passed])
                if following not in came_from and self._is_of(after, roads):
                    heapq.heappush(queue, (cost + self._cost[after], following, state))
        return []

    def _passing(self, waypoint: Waypoint) -> set[int]:
        """Segments that pass by a waypoint."""
        point = placed_m(self._lines.city, waypoint.point)
        along = ((point - self._from) * self._step).sum(axis=1) / self._squared_m2
        nearest = self._from + np.clip(along, 0.0, 1.0)[:, np.newaxis] * self._step
        is_near = np.hypot(*(nearest - point).T) <= _NEAR_WAYPOINT_M
        return set(self._segment_of_step[is_near].tolist())

    def _is_of(self, segment: int, roads: Sequence[str]) -> bool:
        return not roads or self._lines.names[segment] in roads


def _followers(lines: RoadLines) -> list[list[int]]:
    """Of each segment those that driving on leads to."""
    starts, along = Grid(lines.start, _CROSSING_M), lines.successors
    start_heading, end_heading = lines.start_heading.tolist(), lines.end_heading.tolist()
    return [
        [
            *([along[at]] if at in along else []),
            *(
                after
                for after, _ in starts.near(end)
                if turn_deg(end_heading[at], start_heading[after]) < _MAX_TURN_DEG
            ),
        ]
        for at, end in enumerate(lines.end)
    ]


def _back(came_from: dict[_State, _State], state: _State) -> list[int]:
    """The drive that led to a state; one that closes a ring has its first segment once."""
    drive = []
    while state != _NOWHERE:
        drive.append(state[0])
        state = came_from[state]
    return drive[:0:-1] if len(drive) > 1 and drive[0] == drive[-1] else drive[::-1]
