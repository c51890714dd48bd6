"""From the segments that an archive names to places in networks; makes the networks it lacks.

A record that says all of its segment (id, name, class, limit, geometry) is
placed in a network that says the same; if none does, in a new one. A record
that leaves something out, as those of 2021–22 and of the raw provider do, is
placed by its id in a network that knows it. The same id with another limit or
another course is another segment, in another network: what was observed keeps
the limit that it was observed under.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import orjson
from numpy.typing import NDArray

from services.base.errors import FeedRefused
from services.city.city import City
from services.history.networks import KnownNetworks
from services.observe import gate
from services.observe.archives.shapes import FlatRecord, geometry_of
from services.observe.feeds.reply import (
    GEOMETRY_FIELD,
    ID_FIELD,
    STATIC_FIELDS,
    Record,
    build_network,
)
from services.traffic.network import Network, rounded
from services.traffic.road_lines import Part

UNKNOWN_SEGMENT: Final = "and no network here knows the segment"

Course = tuple[str, str, float, list[Part]]
"""What a segment is besides its id: name, class, limit (km/h), rounded geometry."""


@dataclass(frozen=True)
class Places:
    """Where numbered segments stand, once the networks they need exist.

    Attributes
    ----------
    version_code : array of int, shape (segments,)
        Network of each segment, as an index into ``versions``; -1 for one that
        could not be placed.
    index : array of uint32, shape (segments,)
        Its place in that network.
    reasons : dict
        Why, for each segment that could not.
    """

    versions: list[str]
    version_code: NDArray[np.int64]
    index: NDArray[np.uint32]
    reasons: dict[int, str]


@dataclass(frozen=True)
class _Known:
    version: str
    index: int


@dataclass(frozen=True)
class _Drafted:
    draft: int
    segment_id: str


@dataclass(frozen=True)
class _Waiting:
    """Not placed yet: a later record may bring the geometry."""

    segment_id: str
    limit_kmh: float | None
    reason: str


_Found = _Known | _Drafted | _Waiting


class SegmentPlacer:
    """Numbers the segments of archives and finds a network for each.

    Parameters
    ----------
    city : City
        Segments outside of what is believed of it are refused.
    data_dir : Path
        Its networks are known; new ones are written there by :meth:`settle`.
    """

    def __init__(self, city: City, data_dir: Path) -> None:
        self._city = city
        # All of them: a segment that none knows is looked for in each.
        self.networks = KnownNetworks(city, data_dir, max_loaded=sys.maxsize)
        # The one that fitted last is the likeliest to fit next.
        self._versions = self.networks.versions()
        self._drafts: list[dict[str, tuple[Record, Course]]] = []
        self._found: list[_Found] = []
        self._number_of: dict[_Found, int] = {}
        self._last: dict[str, tuple[tuple[Any, ...], int | str]] = {}

    def number(self, record: FlatRecord) -> int | str:
        """The number of a record's segment, or the reason why it can have none.

        Raises
        ------
        FeedRefused
            When an archive names more segments than any network has.
        """
        segment_id = record[ID_FIELD]
        said = tuple(record.get(name) for name in STATIC_FIELDS)
        last = self._last.get(segment_id)
        if last is not None and last[0] == said:
            return last[1]
        if last is None and len(self._last) >= gate.MAX_SEGMENTS:
            raise FeedRefused(ID_FIELD, f"more than {gate.MAX_SEGMENTS:,} different segments")
        found = self._find(segment_id, record)
        answer = found if isinstance(found, str) else self._numbered(found)
        self._last[segment_id] = (said, answer)
        return answer

    def known_networks(self) -> int:
        """How many networks there are to place segments in."""
        return len(self._versions)

    def look_again(self) -> None:
        """Look once more for segments that had no place, since there are other networks now."""
        self._last.clear()

    def settle(self) -> Places:
        """Write the networks that are new, and tell where every number stands now.

        Raises
        ------
        StorageError
            When a network cannot be written.
        """
        drafted = [self._keep(draft) for draft in self._drafts]
        self._drafts = []
        for number, found in enumerate(self._found):
            if isinstance(found, _Drafted):
                network = drafted[found.draft]
                place = network.index_of_id[found.segment_id]
                self._found[number] = _Known(network.version, place)
            elif isinstance(found, _Waiting):
                self._found[number] = self._by_id(found.segment_id, found.limit_kmh) or found
        self._number_of = {found: number for number, found in enumerate(self._found)}
        versions = sorted({found.version for found in self._found if isinstance(found, _Known)})
        code = {version: place for place, version in enumerate(versions)}
        return Places(
            versions,
            np.array(
                [code[f.version] if isinstance(f, _Known) else -1 for f in self._found], np.int64
            ),
            np.array([f.index if isinstance(f, _Known) else 0 for f in self._found], np.uint32),
            {n: f.reason for n, f in enumerate(self._found) if isinstance(f, _Waiting)},
        )

    def _numbered(self, found: _Found) -> int:
        number = self._number_of.setdefault(found, len(self._found))
        if number == len(self._found):
            self._found.append(found)
        return number

    def _find(self, segment_id: str, record: FlatRecord) -> _Found | str:
        limit_kmh = record.get("vitesse_maxi")
        if limit_kmh is not None and not isinstance(limit_kmh, int | float):
            return "vitesse_maxi: not a number"
        geometry = geometry_of(record.get(GEOMETRY_FIELD))
        if geometry is None or limit_kmh is None:
            missing = "vitesse_maxi" if limit_kmh is None else GEOMETRY_FIELD
            return (
                self._by_id(segment_id, limit_kmh)
                or self._redrawn(segment_id, record)
                or _Waiting(segment_id, limit_kmh, f"{missing}: missing, {UNKNOWN_SEGMENT}")
            )
        fixed = _fixed_record(record, geometry)
        parts = gate.drawable_parts(fixed, self._city.believed)
        if isinstance(parts, str):
            return f"{parts}: the segment cannot be drawn"
        if not all(name in record for name in STATIC_FIELDS):
            known = self._by_id(segment_id, limit_kmh)
            if known is not None:
                return known
        course = _course(fixed, parts)
        return self._by_course(segment_id, course) or self._draft(segment_id, fixed, course)

    def _by_id(self, segment_id: str, limit_kmh: float | None) -> _Known | None:
        """Where a network has the segment, with that limit if one is told."""
        for version, network, place in self._knowing(segment_id):
            if limit_kmh is None or network.speed_limit_kmh[place] == limit_kmh:
                return self._take(version, place)
        return None

    def _by_course(self, segment_id: str, course: Course) -> _Known | None:
        for version, network, place in self._knowing(segment_id):
            if _course_in(network, place) == course:
                return self._take(version, place)
        return None

    def _redrawn(self, segment_id: str, record: FlatRecord) -> _Drafted | None:
        """A known segment under another limit: its course is known, so it can be drawn."""
        for _, network, place in self._knowing(segment_id):
            geometry = {"type": "MultiLineString", "coordinates": network.geometry[place]}
            known = {
                "denomination": str(network.names[place]),
                "hierarchie": str(network.road_classes[place]),
            }
            fixed = _fixed_record(known | record, geometry)
            parts = gate.drawable_parts(fixed, self._city.believed)
            if isinstance(parts, list):
                return self._draft(segment_id, fixed, _course(fixed, parts))
        return None

    def _knowing(self, segment_id: str) -> list[tuple[str, Network, int]]:
        found = []
        for version in self._versions:
            network = self.networks.get(version)
            if network is not None and segment_id in network.index_of_id:
                found.append((version, network, network.index_of_id[segment_id]))
        return found

    def _take(self, version: str, place: int) -> _Known:
        self._versions.remove(version)
        self._versions.insert(0, version)
        return _Known(version, place)

    def _draft(self, segment_id: str, fixed: Record, course: Course) -> _Drafted:
        """A place in the first new network that has none, or the same, of this id."""
        for number, draft in enumerate(self._drafts):
            if draft.setdefault(segment_id, (fixed, course))[1] == course:
                return _Drafted(number, segment_id)
        self._drafts.append({segment_id: (fixed, course)})
        return _Drafted(len(self._drafts) - 1, segment_id)

    def _keep(self, draft: dict[str, tuple[Record, Course]]) -> Network:
        network = build_network(
            self._city, [(fixed, course[-1]) for _, (fixed, course) in sorted(draft.items())]
        )
        self.networks.keep(network)
        if network.version not in self._versions:
            self._versions.insert(0, network.version)
        return network


def _fixed_record(record: FlatRecord, geometry: dict[str, Any]) -> Record:
    return Record(
        predefinedlocationreference=record[ID_FIELD],
        denomination=record.get("denomination"),
        hierarchie=record.get("hierarchie"),
        vitesse_maxi=record.get("vitesse_maxi"),
        geo_shape=msgspec.Raw(orjson.dumps({"geometry": geometry})),
    )


def _course(record: Record, parts: list[Part]) -> Course:
    return (
        record.denomination or "",
        record.hierarchie or "",
        float(record.vitesse_maxi),
        rounded(parts),
    )


def _course_in(network: Network, place: int) -> Course:
    return (
        str(network.names[place]),
        str(network.road_classes[place]),
        float(network.speed_limit_kmh[place]),
        rounded(network.geometry[place]),
    )
