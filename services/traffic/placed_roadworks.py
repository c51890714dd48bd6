"""Roadworks of a day on the network: which segments they are on, and whose jam they may explain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Final

from services.plain.roadworks import ROADWORK_LEVELS, RoadworkLevel
from services.traffic.network import Network
from services.traffic.road_matching import segments_along
from services.traffic.roadworks import Measure, Roadwork, RoadworksList, lines_of, worst_level

# What the publisher says to have no effect explains nothing, nor do works at night by day.
_CAUSES: Final[tuple[RoadworkLevel, ...]] = ("avoid", "difficult", "limited", "unknown")


@dataclass(frozen=True)
class PlacedRoadwork:
    """A roadwork as it is on one day, or as it will be next.

    Attributes
    ----------
    roadwork : Roadwork
    measures : tuple of Measure
        Those of the day, or those that come next; the worst first.
    is_active : bool
        Whether they are of the day.
    segments : tuple of int
        The segments that they are on, as places in the network's order.
    """

    roadwork: Roadwork
    measures: tuple[Measure, ...]
    is_active: bool
    segments: tuple[int, ...]

    @property
    def level(self) -> RoadworkLevel:
        """The worst of its measures."""
        return worst_level(self.measures)

    @property
    def first_day(self) -> date:
        """When its measures begin."""
        return min(measure.first_day for measure in self.measures)

    @property
    def last_day(self) -> date:
        """When the last one ends, that day included."""
        return max(measure.last_day for measure in self.measures)

    @property
    def place(self) -> str:
        """Where its measures are, in words; "" where none says so."""
        places = dict.fromkeys(measure.place for measure in self.measures)
        return " ; ".join(filter(None, places))

    @property
    def point(self) -> tuple[float, float] | None:
        """Longitude and latitude in the middle of its worst measure; None where none is told."""
        for measure in self.measures:
            for is_area, line in lines_of(measure.geometry):
                middle = line if is_area else line[(len(line) - 1) // 2 : len(line) // 2 + 1]
                lon, lat = (sum(axis) / len(middle) for axis in zip(*middle, strict=True))
                return round(lon, 6), round(lat, 6)
        return None


def place_roadworks(told: RoadworksList, network: Network, day: date) -> tuple[PlacedRoadwork, ...]:
    """The roadworks of a day in the city, and those that come after it.

    Returns
    -------
    tuple of PlacedRoadwork
        Those of the day first, of these the worst; then the next ones. Those that are over are not
        there.
    """
    present = [(one, measures) for one in told.roadworks if (measures := one.measures_from(day))]
    found = segments_of([measures for _, measures in present], network)
    placed = [
        PlacedRoadwork(one, measures, measures[0].holds_on(day), segments)
        for (one, measures), segments in zip(present, found, strict=True)
    ]
    return tuple(sorted(placed, key=_order))


def segments_of(sites: Sequence[Sequence[Measure]], network: Network) -> Iterator[tuple[int, ...]]:
    """The segments that the measures of each site are on, as places in the network's order."""
    found = iter(
        segments_along(network, [measure.geometry for measures in sites for measure in measures])
    )
    for measures in sites:
        parts = islice(found, len(measures))
        yield tuple(sorted({segment for part in parts for segment in part}))


def likely_causes(placed: tuple[PlacedRoadwork, ...], network: Network) -> dict[int, int]:
    """For each segment whose stretch has roadworks that may slow it, which of them: the worst.

    Parameters
    ----------
    placed : tuple of PlacedRoadwork
        In the order of :func:`place_roadworks`.
    network : Network
        The one that they were placed on.

    Returns
    -------
    dict of int to int
        By segment: a place in ``placed``.
    """
    causes: dict[int, int] = {}
    for place, one in enumerate(placed):
        if one.is_active and one.level in _CAUSES:
            for stretch in {int(network.stretch_codes[segment]) for segment in one.segments}:
                for segment in network.stretches[stretch].segments:
                    causes.setdefault(segment, place)
    return causes


def _order(placed: PlacedRoadwork) -> tuple[object, ...]:
    level = ROADWORK_LEVELS.index(placed.level)
    if placed.is_active:
        return 0, level, placed.last_day, placed.roadwork.event_id
    return 1, placed.first_day, level, placed.roadwork.event_id
