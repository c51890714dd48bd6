"""A hand-drawn, schematic Rennes, read from ``road_plan.toml``: named roads as a few points each.

All places are in km east and north of the Place de la Mairie.
"""

from __future__ import annotations

import tomllib
from enum import IntEnum, StrEnum
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

# Inside it every street belongs to Rennes itself.
RENNES_RADIUS_KM: Final = 3.3


class RoadClass(IntEnum):
    """The road classes of the feed, from the highest."""

    NATIONAL = 0
    ARMATURE = 1
    APPUI = 2
    DISTRIBUTION = 3


class Carriageway(StrEnum):
    """How the two directions of a road appear in the feed."""

    DIVIDED = "divided"
    """Two one-way segments, each with its own number."""
    TWO_WAY = "two-way"
    """A pair of segments, `_D` and `_G`, on the same number."""
    ONE_WAY = "one-way"
    """The drawn direction only."""


class Road(NamedTuple):
    """One drawn road: `name` is the feed's `denomination`, `points` go in digitising direction."""

    name: str
    road_class: RoadClass
    limits_kmh: tuple[int, ...]
    """Speed limits met along the road, each over an equal share of its length."""
    carriageway: Carriageway
    points: tuple[tuple[float, float], ...]


class Interchange(NamedTuple):
    """A *porte* of the ring road, where ramps leave and join."""

    name: str
    east_km: float
    north_km: float
    road_class: RoadClass
    ramp_limit_kmh: int
    has_loops: bool


class Roundabout(NamedTuple):
    """A roundabout set on a crossing."""

    name: str
    east_km: float
    north_km: float
    road_class: RoadClass
    limit_kmh: int


class Town(NamedTuple):
    """A commune: INSEE code and a rough centre."""

    insee: int
    east_km: float
    north_km: float


class RoadPlan(NamedTuple):
    """All that is drawn. The ring road is the first road, Rennes itself the first town."""

    roads: tuple[Road, ...]
    interchanges: tuple[Interchange, ...]
    roundabouts: tuple[Roundabout, ...]
    towns: tuple[Town, ...]


@cache
def road_plan() -> RoadPlan:
    """The plan, read once."""
    drawn = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    return RoadPlan(
        tuple(_road(*row) for row in drawn["roads"]),
        tuple(
            Interchange(name, east, north, RoadClass[road_class], limit, has_loops)
            for name, east, north, road_class, limit, has_loops in drawn["interchanges"]
        ),
        tuple(
            Roundabout(name, east, north, RoadClass[road_class], limit)
            for name, east, north, road_class, limit in drawn["roundabouts"]
        ),
        tuple(Town(*row) for row in drawn["towns"]),
    )


def _road(name: str, road_class: str, limits: list[int], carriageway: str, line: str) -> Road:
    pairs = (pair.split(",") for pair in line.split())
    points = tuple((float(east), float(north)) for east, north in pairs)
    return Road(name, RoadClass[road_class], tuple(limits), Carriageway(carriageway), points)
