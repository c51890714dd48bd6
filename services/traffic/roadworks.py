"""Roadworks and closures: what is announced of them, as one list of one time."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec

from services.base.errors import StorageError
from services.plain.roadworks import ROADWORK_LEVELS, RoadworkLevel
from services.traffic.snapshot import Source

Geometry = dict[str, Any]
"""Of GeoJSON (RFC 7946), WGS 84 degrees: points, lines or polygons, one or several of them."""

_VERSION_BYTES: Final = 6


@dataclass(frozen=True)
class Measure:
    """One thing that is done to the traffic, at one place, for some days.

    Attributes
    ----------
    kind, comment : str
        In the publisher's words; the comment is "" where it says nothing more.
    place : str
        In words.
    level : RoadworkLevel
    first_day, last_day : date
        Whole days in the city, both included.
    geometry : Geometry or None
        None where the publisher tells none.
    """

    kind: str
    comment: str
    place: str
    level: RoadworkLevel
    first_day: date
    last_day: date
    geometry: Geometry | None

    def holds_on(self, day: date) -> bool:
        """Whether a day in the city is one of its days."""
        return self.first_day <= day <= self.last_day


@dataclass(frozen=True)
class Roadwork:
    """All measures of one site.

    Attributes
    ----------
    event_id : str
        The publisher's.
    town, purpose : str
        In the publisher's words, "" where it has none.
    measures : tuple of Measure
        At least one.
    """

    event_id: str
    town: str
    purpose: str
    measures: tuple[Measure, ...]

    def measures_from(self, day: date) -> tuple[Measure, ...]:
        """The measures of a day; where there are none, those that come next; none once it is over.

        The worst first.
        """
        present = [measure for measure in self.measures if measure.holds_on(day)]
        if not present:
            coming = [measure for measure in self.measures if measure.first_day > day]
            next_day = min((measure.first_day for measure in coming), default=None)
            present = [measure for measure in coming if measure.first_day == next_day]
        return tuple(sorted(present, key=lambda measure: ROADWORK_LEVELS.index(measure.level)))


@dataclass(frozen=True)
class RoadworksList:
    """All roadworks that one reply told of.

    Attributes
    ----------
    source : {"live", "demo"}
        Simulated ones are never shown beside live traffic, nor live ones beside simulated.
    version : str
        Hash of all but the time.
    received_at : datetime
        Aware, UTC: when it was last told.
    roadworks : tuple of Roadwork
        Ordered by event.
    """

    source: Source
    version: str
    received_at: datetime
    roadworks: tuple[Roadwork, ...]


def make_list(
    source: Source, received_at: datetime, roadworks: Iterable[Roadwork]
) -> RoadworksList:
    """A list with its version; the order in which roadworks are told has no part in it."""
    ordered = tuple(sorted(roadworks, key=lambda roadwork: roadwork.event_id))
    return _with_version(RoadworksList(source, "", received_at.astimezone(UTC), ordered))


def lines_of(geometry: Geometry | None) -> Iterator[tuple[bool, list[Any]]]:
    """Each line of a geometry, a point being one of one point, and whether an area lies inside it.

    Holes of areas are left out.
    """
    if geometry is None:
        return
    kind, coordinates = geometry["type"], geometry["coordinates"]
    if kind.startswith("Multi"):
        kind = kind.removeprefix("Multi")
    else:
        coordinates = [coordinates]
    for one in coordinates:
        if kind == "Polygon":
            yield True, one[0]
        else:
            yield False, [one] if kind == "Point" else one


def worst_level(measures: Sequence[Measure]) -> RoadworkLevel:
    """The worst level of some measures, at least one."""
    return min((measure.level for measure in measures), key=ROADWORK_LEVELS.index)


def encode_roadworks(told: RoadworksList) -> bytes:
    """The list as JSON: what the data directory keeps."""
    return msgspec.json.encode(told)


def decode_roadworks(document: bytes) -> RoadworksList:
    """Read back :func:`encode_roadworks`.

    Raises
    ------
    StorageError
        When the document is not such a list, whole and sound.
    """
    try:
        told = msgspec.json.decode(document, type=RoadworksList)
    # What is nested without end is a RecursionError.
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise StorageError(f"not a list of roadworks: {error}") from error
    if told.received_at.tzinfo is None or _with_version(told) != told:
        raise StorageError("not a list of roadworks: its content is not that of its version")
    return told


def _with_version(told: RoadworksList) -> RoadworksList:
    content = msgspec.json.encode((told.source, told.roadworks))
    version = hashlib.blake2b(content, digest_size=_VERSION_BYTES).hexdigest()
    return dataclasses.replace(told, version=version)
