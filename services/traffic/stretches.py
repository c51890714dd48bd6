"""Stretches: what a driver would name of a road, in one direction, from a place to a place.

Segments of one name are linked end to start where driving goes on from one into the other, across
roundabouts too. The chains that result are cut where another road that has a name meets them (the
ring road at its *portes* only), and pieces that are too short to name join their neighbour. Every
segment is of exactly one stretch; the order of the rows has no part in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from services.city.plane import is_anticlockwise
from services.traffic.road_lines import Grid, RoadLines, heading_deg

Cardinal = Literal["north", "east", "south", "west"]
Direction = Literal[
    "inner", "outer", "inwards", "outwards", "north", "east", "south", "west", "around"
]
"""``inner`` and ``outer`` are the sides of the ring road, ``inwards`` and ``outwards`` are seen
from the centre, ``around`` is a roundabout."""

# A road that meets another one ends within its width.
_CROSSING_M: Final = 30.0
_MIN_STRETCH_M: Final = 500.0
# A road leads inwards where this share of its length brings one closer to the centre.
_RADIAL_SHARE: Final = 0.5
# What comes back this close to where it began is a roundabout.
_LOOP_SHARE: Final = 0.35
# The ring road passes above or below other roads: it is cut between the segments that meet the
# nearest to a junction, if that is this near (a segment of it is up to two kilometres long).
_JUNCTION_M: Final = 400.0
_CARDINALS: Final[tuple[Cardinal, ...]] = ("north", "east", "south", "west")


@dataclass(frozen=True)
class Stretch:
    """A part of a road in one direction.

    Attributes
    ----------
    key : str
        Names it as long as the network does not change: the ids of its first and last segment.
    road : str
        Name of the road, as the feed has it.
    label : str
        What signs call it (``City.road_sign``).
    direction : Direction
    sector : Cardinal or None
        Which side of the city it lies on, of the ring road alone.
    start, end : str
        The places where it begins and ends, as signs call them; "" where the network tells none.
    segments : tuple of int
        Places of its segments in the network's order, in the order of travel.
    length_m : float
    """

    key: str
    road: str
    label: str
    direction: Direction
    sector: Cardinal | None
    start: str
    end: str
    segments: tuple[int, ...]
    length_m: float

    @property
    def way(self) -> str:
        """Which of the texts ``stretch_way`` says where it leads."""
        return f"{self.direction}_{self.sector}" if self.sector else self.direction

    @property
    def form(self) -> Literal["between", "at", "from", "to", "whole"]:
        """Which of the texts ``stretch`` says where it begins and ends."""
        if self.start == self.end:
            return "at" if self.start else "whole"
        if self.start and self.end:
            return "between"
        return "from" if self.start else "to"


def stretches_of(lines: RoadLines) -> tuple[Stretch, ...]:
    """Chain segments into stretches; each segment is of exactly one.

    Returns
    -------
    tuple of Stretch
        Ordered by key.
    """
    places = _Places(lines)
    found = [
        _stretch(lines, piece, start, end)
        for chain in chains(lines)
        for piece, start, end in _pieces(lines, chain, places)
    ]
    return tuple(sorted(found, key=lambda stretch: stretch.key))


def chains(lines: RoadLines) -> list[list[int]]:
    """All segments in the order of travel, road by road; a ring begins with its smallest id."""
    entered = set(lines.successors.values())
    by_id = sorted(range(len(lines.ids)), key=lambda index: lines.ids[index])
    seen: set[int] = set()
    found = []
    for first in [i for i in by_id if i not in entered] + by_id:
        chain: list[int] = []
        at: int | None = first
        while at is not None and at not in seen:
            seen.add(at)
            chain.append(at)
            at = lines.successors.get(at)
        if chain:
            found.append(chain)
    return found


class _Places:
    """What the ends of segments are called: the other roads that meet there."""

    def __init__(self, lines: RoadLines) -> None:
        self._city, self._lines = lines.city, lines
        ends = np.concatenate([lines.start, lines.end])
        self._ends = Grid(ends, _CROSSING_M)
        self._names = list(lines.names) * 2
        at_junction = [
            place
            for place, name in enumerate(self._names)
            if name.startswith(self._city.ring_junction_prefixes)
        ]
        self._junctions = Grid(ends[at_junction], _JUNCTION_M)
        self._junction_names = [self._names[place] for place in at_junction]

    def along(self, chain: list[int]) -> list[str]:
        """Names of the places before, between and after the segments of a chain; "" for none."""
        meetings = list(pairwise([None, *chain, None]))
        if self._lines.names[chain[0]] in self._city.ring_roads:
            return self._junctions_along(meetings)
        return [self._crossing(before, after) for before, after in meetings]

    def _points(self, before: int | None, after: int | None) -> list[NDArray[np.float64]]:
        """Where one segment ends and the next begins."""
        points = [] if before is None else [self._lines.end[before]]
        return points + ([] if after is None else [self._lines.start[after]])

    def _crossing(self, before: int | None, after: int | None) -> str:
        points = self._points(before, after)
        own = next(self._lines.names[index] for index in (before, after) if index is not None)
        near = {
            self._names[place]
            for point in [*points, np.mean(points, axis=0)]
            for place, _ in self._ends.near(point)
        }
        named = near - {own, *self._city.names_of_no_road}
        return min(named, key=lambda name: (not self._is_junction(name), name), default="")

    def _junctions_along(self, meetings: list[tuple[int | None, int | None]]) -> list[str]:
        """Each junction once, where the road passes it the closest; and whatever the ends are."""
        found = [self._junction(self._points(*meeting)) for meeting in meetings]
        closest_m: dict[str, float] = {}
        for distance_m, name in found:
            closest_m[name] = min(distance_m, closest_m.get(name, distance_m))
        ends = {0, len(found) - 1}
        return [
            name if at in ends or distance_m == closest_m[name] else ""
            for at, (distance_m, name) in enumerate(found)
        ]

    def _junction(self, points: list[NDArray[np.float64]]) -> tuple[float, str]:
        near = [
            (distance_m, self._junction_names[place])
            for point in points
            for place, distance_m in self._junctions.near(point)
        ]
        return min(near, default=(math.inf, ""))

    def _is_junction(self, name: str) -> bool:
        return name.startswith(self._city.junction_prefixes)


def _pieces(
    lines: RoadLines, chain: list[int], places: _Places
) -> list[tuple[list[int], str, str]]:
    """Cut a chain where it meets places: each piece with the names of its ends."""
    names = places.along(chain)
    cuts = [0, *(at for at in range(1, len(chain)) if names[at]), len(chain)]
    ends_m = np.concatenate([[0.0], np.cumsum(lines.length_m[chain])])
    kept = _far_apart(cuts, names, ends_m.tolist())
    return [(chain[a:b], names[a], names[b]) for a, b in pairwise(kept)]


def _far_apart(cuts: list[int], names: list[str], ends_m: list[float]) -> list[int]:
    """The cuts that leave no piece too short, nor one from a place to itself; both ends stay."""
    kept = [cuts[0]]
    for cut in cuts[1:-1]:
        is_other = names[cut] != names[kept[-1]]
        if is_other and ends_m[cut] - ends_m[kept[-1]] >= _MIN_STRETCH_M:
            kept.append(cut)
    while len(kept) > 1 and ends_m[cuts[-1]] - ends_m[kept[-1]] < _MIN_STRETCH_M:
        kept.pop()
    return [*kept, cuts[-1]]


def _stretch(lines: RoadLines, piece: list[int], start: str, end: str) -> Stretch:
    road = lines.names[piece[0]]
    return Stretch(
        key=f"{lines.ids[piece[0]]}~{lines.ids[piece[-1]]}",
        road=road,
        label=lines.city.road_sign(road),
        direction=_direction(lines, piece),
        sector=_sector(lines, piece) if road in lines.city.ring_roads else None,
        start=lines.city.road_sign(start),
        end=lines.city.road_sign(end),
        segments=tuple(piece),
        length_m=float(lines.length_m[piece].sum()),
    )


def _direction(lines: RoadLines, piece: list[int]) -> Direction:
    first, last = lines.start[piece[0]], lines.end[piece[-1]]
    if lines.names[piece[0]] in lines.city.ring_roads:
        # Clockwise is the inner side where one drives on the right.
        driven_m = np.stack([lines.start[piece], lines.end[piece]], axis=1).reshape(-1, 2)
        return "outer" if is_anticlockwise(driven_m) else "inner"
    length_m = float(lines.length_m[piece].sum())
    if np.hypot(*(last - first)) < _LOOP_SHARE * length_m:
        return "around"
    gained_m = float(np.hypot(*last) - np.hypot(*first))
    if abs(gained_m) >= _RADIAL_SHARE * length_m:
        return "outwards" if gained_m > 0 else "inwards"
    return _cardinal(last - first)


def _sector(lines: RoadLines, piece: list[int]) -> Cardinal:
    """On which side of the city's centre the middle of a stretch lies."""
    ends_m = np.cumsum(lines.length_m[piece])
    middle = piece[int(np.searchsorted(ends_m, ends_m[-1] / 2))]
    return _cardinal((lines.start[middle] + lines.end[middle]) / 2)


def _cardinal(step: NDArray[np.float64]) -> Cardinal:
    return _CARDINALS[round(float(heading_deg(step)) / 90.0) % 4]
