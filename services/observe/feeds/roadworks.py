"""From the bytes of a reply on roadworks to a checked list: decode, check by record, group.

Field names and values are those of the dataset ``travaux_30_jours`` of Rennes Métropole
(docs/data-sources.md), as its ``exports/geojson`` has them, or its ``records`` and
``exports/json``. A record is one measure; those of one site share ``id_evt``. The field
``interlocuteur``, which may name a person, is not read.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final

import msgspec

from services.base.errors import FeedRefused
from services.base.http import FetchLimits
from services.city.city import City
from services.observe import gate
from services.plain.roadworks import RoadworkLevel
from services.traffic.roadworks import Geometry, Measure, Roadwork, RoadworksList, make_list
from services.traffic.snapshot import Source

# The reply has 463 records and 0.4 MB.
ROADWORKS_LIMITS: Final = FetchLimits(max_bytes=16 * 1024 * 1024)
MAX_RECORDS: Final = 20_000
# Each record stands for itself, so that those at fault are left out; of a list most of which is at
# fault nothing is believed.
MAX_BAD_SHARE: Final = 0.5
# The longest real ones: place 117 characters.
MAX_CHARACTERS: Final = 300
MAX_POINTS: Final = 2_000
# A reply of 16 MB may hold millions of them, of which nothing can be said once it is decoded.
_MAX_PER_RECORD: Final = {"objects": (b"{", 10), "lists": (b"[", 200), "values": (b",", 500)}

ID_FIELD: Final = "id_evt"
NEEDED_FIELDS: Final = (
    ID_FIELD,
    "localisation",
    "date_deb",
    "date_fin",
    "type",
    "niv_perturbation",
)
LEVELS: Final[Mapping[str, RoadworkLevel]] = {
    "secteur à éviter": "avoid",
    "circulation difficile": "difficult",
    "impact limité": "limited",
    "travaux de nuit": "night",
    "impact nul": "none",
}
# How deep the coordinates of each kind of geometry lie, and how many points a line of it has.
_SHAPES: Final = {
    "Point": (0, 1),
    "MultiPoint": (1, 1),
    "LineString": (1, 2),
    "MultiLineString": (2, 2),
    "Polygon": (2, 4),
    "MultiPolygon": (3, 4),
}
# Of an identity, and of a place on the map: as networks have it.
_COORDINATE_DECIMALS: Final = 5
_NEEDED: Final = "what is needed is the address of the dataset's exports/geojson"

Record = Mapping[str, Any]


class _BadRecordError(Exception):
    """A record is left out; tells the field that is why."""


@dataclass(frozen=True)
class CheckedRoadworks:
    """A reply that passed the checks."""

    told: RoadworksList
    problems: Counter[str]
    """How many records were left out, by the first field that failed."""


def check_roadworks(
    body: bytes, *, city: City, source: Source, received_at: datetime
) -> CheckedRoadworks:
    """Turn the bytes of a reply into a checked list.

    Parameters
    ----------
    body : bytes
        JSON: GeoJSON features, or a list of records.
    city : City
        Whose roadworks are believed, and whose days they are told by.
    received_at : datetime
        Aware.

    Raises
    ------
    FeedRefused
        Names the field that failed.
    """
    records = _decoded(body)
    problems: Counter[str] = Counter()
    # A row that is there twice tells nothing more.
    measures: dict[str, dict[bytes, Measure]] = defaultdict(dict)
    of_site: dict[str, tuple[str, str]] = {}
    for record in records:
        try:
            event_id, measure = _event_id(record), _measure(record, city)
        except _BadRecordError as error:
            problems[str(error)] += 1
            continue
        measures[event_id][msgspec.json.encode(measure)] = measure
        site = _town(record), _text(record, "libelle")
        of_site[event_id] = min(of_site.get(event_id, site), site)
    if problems.total() > len(records) * MAX_BAD_SHARE:
        [(field, _)] = problems.most_common(1)
        raise FeedRefused(field, f"{problems.total()} of {len(records)} records failed a check")
    found = [
        Roadwork(
            event_id, *of_site[event_id], tuple(sorted(measures[event_id].values(), key=_order))
        )
        for event_id in measures
    ]
    return CheckedRoadworks(make_list(source, received_at, found), problems)


def _decoded(body: bytes) -> list[Record]:
    """The records of a reply, at least one, and all fields in some of them.

    Raises
    ------
    FeedRefused
    """
    gate.check_size(body, MAX_RECORDS, _MAX_PER_RECORD)
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FeedRefused("body", f"not JSON ({error}); {_NEEDED}") from None
    records = _records(content)
    if not records:
        raise FeedRefused("body", f"no records; {_NEEDED}")
    gate.check_number(len(records), MAX_RECORDS)
    for field in NEEDED_FIELDS:
        if not any(field in record for record in records):
            raise FeedRefused(field, "missing from every record")
    return records


def _records(content: object) -> list[Record]:
    """Each record with its fields, whichever of the three shapes they come in."""
    listed = content
    if isinstance(content, dict):
        listed = content.get("features") or content.get("results")
    if not isinstance(listed, list):
        return []
    return [_flat(item) for item in listed]


def _flat(item: object) -> Record:
    if not isinstance(item, dict):
        return {}
    properties = item.get("properties")
    if isinstance(properties, dict):
        return {**properties, "geo_shape": item.get("geometry")}
    return item


def _event_id(record: Record) -> str:
    value = record.get(ID_FIELD)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise _BadRecordError(ID_FIELD)
    text = str(value).strip()
    if not 0 < len(text) <= gate.MAX_ID_CHARACTERS:
        raise _BadRecordError(ID_FIELD)
    return text


def _measure(record: Record, city: City) -> Measure:
    first_day, last_day = _day(record, "date_deb", city), _day(record, "date_fin", city)
    if last_day < first_day:
        raise _BadRecordError("date_fin")
    kind, comment = _text(record, "type"), _text(record, "commentaire")
    return Measure(
        kind=kind,
        comment="" if comment == kind else comment,
        place=_text(record, "localisation"),
        level=LEVELS.get(_text(record, "niv_perturbation").lower(), "unknown"),
        first_day=first_day,
        last_day=last_day,
        geometry=_geometry(record, city),
    )


def _day(record: Record, field: str, city: City) -> date:
    """The day in the city that a time means; a midnight of UTC means the day it is written as."""
    try:
        at = datetime.fromisoformat(record.get(field))  # type: ignore[arg-type]
        if at.tzinfo is None or (at.utcoffset() == UTC.utcoffset(None) and at.time() == time.min):
            return at.date()
        return city.local(at).date()
    except (TypeError, ValueError, OverflowError):
        raise _BadRecordError(field) from None


def _town(record: Record) -> str:
    """The name of the town, without the number in front: "35238 - Rennes"."""
    return _text(record, "commune").rpartition(" - ")[2]


def _text(record: Record, field: str) -> str:
    """Words on one line; "" for anything else. Signs of markup are words like others."""
    value = record.get(field)
    if not isinstance(value, str):
        return ""
    text = " ".join("".join(c if c.isprintable() else " " for c in value[:10_000]).split())
    return text if len(text) <= MAX_CHARACTERS else f"{text[: MAX_CHARACTERS - 1]}…"


def _geometry(record: Record, city: City) -> Geometry | None:
    """The shape of a record; else its point; None where it has neither.

    What lies elsewhere is no roadwork of the city.
    """
    point = record.get("geo_point_2d")
    shape = record.get("geo_shape")
    if isinstance(shape, dict) and isinstance(shape.get("geometry"), dict):
        shape = shape["geometry"]
    found = _checked(shape, "geo_shape", city)
    if found is None and isinstance(point, dict):
        as_shape = {"type": "Point", "coordinates": [point.get("lon"), point.get("lat")]}
        found = _checked(as_shape, "geo_point_2d", city)
    return found


def _checked(shape: object, field: str, city: City) -> Geometry | None:
    """A geometry with rounded coordinates; None where it is none that can be drawn."""
    try:
        kind = shape["type"]  # type: ignore[index]
        depth, least = _SHAPES[kind]
        coordinates = shape["coordinates"]  # type: ignore[index]
        points = list(_points(coordinates, depth))
        lines = [len(line) for line in _lines(coordinates, depth)]
        is_whole = depth < 2 or all(coordinates)
        rounded = _rounded(coordinates, depth)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError):
        return None
    if not is_whole or not 0 < len(points) <= MAX_POINTS or (lines and min(lines) < least):
        return None
    if not all(city.believed.holds(lon, lat) for lon, lat in points):
        raise _BadRecordError(field)
    return {"type": kind, "coordinates": rounded}


def _points(coordinates: Any, depth: int) -> Iterator[tuple[float, float]]:
    if depth == 0:
        lon, lat = coordinates[:2]
        yield float(lon), float(lat)
    else:
        for one in coordinates:
            yield from _points(one, depth - 1)


def _lines(coordinates: Any, depth: int) -> Iterator[list[Any]]:
    """The lists of points; a list of lone points is none."""
    if depth == 1:
        yield coordinates
    elif depth > 1:
        for one in coordinates:
            yield from _lines(one, depth - 1)


def _rounded(coordinates: Any, depth: int) -> list[Any]:
    if depth == 0:
        return [round(float(value), _COORDINATE_DECIMALS) for value in coordinates[:2]]
    return [_rounded(one, depth - 1) for one in coordinates]


def _order(measure: Measure) -> tuple[Any, ...]:
    geometry = msgspec.json.encode(measure.geometry)
    dates = measure.first_day, measure.last_day
    return *dates, measure.kind, measure.place, measure.comment, measure.level, geometry
