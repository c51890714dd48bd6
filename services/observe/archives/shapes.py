"""One record of an archive, whatever wraps it, as the fields of the feed.

The feed has been published in several shapes: flat (``exports/json``, API 2),
under ``fields`` (API 1) or ``record`` and ``fields`` (API 2.0), as a GeoJSON
feature, as CSV whose header carries labels (``averageVehicleSpeed``, ``Geo
Shape``) instead of names, and as Parquet, whose geometry is WKB.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any, Final

import orjson

from services.observe.feeds.reply import GEOMETRY_FIELD, STATIC_FIELDS, TIME_FIELD, ReplyColumns

MOVING_FIELDS: Final = tuple(ReplyColumns.model_fields)
NUMERIC_FIELDS: Final = frozenset({*MOVING_FIELDS, "vitesse_maxi"} - {"trafficstatus"})
# Tells the schema of 2021–22. Its ``id`` is the number of the row in that export: it coincides
# with the references of other segments, and names none.
OLD_CLASS_FIELD: Final = "func_class"
FIELDS: Final = frozenset({TIME_FIELD, *MOVING_FIELDS, *STATIC_FIELDS, OLD_CLASS_FIELD})
_LINES: Final = ("LineString", "MultiLineString")
# OGC 06-103r4, 8.2: the codes of these geometries; with a height they are 1,000 more, and the
# older EWKB sets its own bits above for that.
_WKB_LINE: Final = 2
_WKB_LINES: Final = 5
_EWKB_HEIGHT: Final = 0x80000000

# An archive repeats its keys in every record.
_REMEMBERED_NAMES: Final = 1_024

FlatRecord = dict[str, Any]


@lru_cache(maxsize=_REMEMBERED_NAMES)
def field_name(label: str) -> str:
    """The feed's name of a field, from its name or label in an archive."""
    return label.strip().casefold().replace(" ", "_")


def flat(record: object) -> FlatRecord | None:
    """The fields of a record; None when it is no object at all.

    ``geo_shape`` is left as it came: :func:`geometry_of` reads it.
    """
    if not isinstance(record, dict):
        return None
    content = record.get("record", record)
    geometry = content.get("geometry") if isinstance(content, dict) else None
    for wrapper in ("fields", "properties"):
        inner = content.get(wrapper) if isinstance(content, dict) else None
        if isinstance(inner, dict):
            content = inner
    if not isinstance(content, dict):
        return None
    fields = {name: value for key, value in content.items() if (name := field_name(key)) in FIELDS}
    # A feature's own geometry; API 1 puts the middle of the segment there.
    is_line = isinstance(geometry, dict) and geometry.get("type") in _LINES
    if is_line and GEOMETRY_FIELD not in fields:
        fields[GEOMETRY_FIELD] = geometry
    return fields


def geometry_of(shape: object) -> dict[str, Any] | None:
    """The geometry in a ``geo_shape``: a feature, a bare geometry, either as text, or WKB.

    Returns
    -------
    dict or None
        None when there is none; whether it can be drawn is checked elsewhere.
    """
    if isinstance(shape, bytes):
        return _geometry_of_wkb(shape)
    if isinstance(shape, str):
        try:
            shape = orjson.loads(shape)
        except orjson.JSONDecodeError:
            return None
    if isinstance(shape, dict) and shape.get("type") == "Feature":
        shape = shape.get("geometry")
    return shape if isinstance(shape, dict) else None


def whole_if_it_can(number: float) -> float | int:
    """A whole number as int, however it was written; another one as it is."""
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _geometry_of_wkb(content: bytes) -> dict[str, Any] | None:
    """A line, or several, in well-known binary (OGC 06-103r4); None for anything else."""
    try:
        code, start = _wkb_head(content, 0)
        if code == _WKB_LINE:
            return {"type": "LineString", "coordinates": _wkb_line(content, 0)[0]}
        if code != _WKB_LINES:
            return None
        order = _wkb_order(content, 0)
        [count] = struct.unpack_from(f"{order}I", content, start)
        lines, place = [], start + 4
        for _ in range(count):
            line, place = _wkb_line(content, place)
            lines.append(line)
    except struct.error:
        return None
    return {"type": "MultiLineString", "coordinates": lines}


def _wkb_order(content: bytes, start: int) -> str:
    return "<" if content[start : start + 1] == b"\x01" else ">"


def _wkb_head(content: bytes, start: int) -> tuple[int, int]:
    """The code of a geometry without its height, and where what follows begins."""
    [code] = struct.unpack_from(f"{_wkb_order(content, start)}I", content, start + 1)
    return (code & 0xFFFF) % 1000, start + 5


def _wkb_line(content: bytes, start: int) -> tuple[list[list[float]], int]:
    """The points of a line, longitude and latitude, and where the line ends."""
    order = _wkb_order(content, start)
    code, count = struct.unpack_from(f"{order}II", content, start + 1)
    numbers = 3 if code & _EWKB_HEIGHT or code & 0xFFFF == 1000 + _WKB_LINE else 2
    values = struct.unpack_from(f"{order}{count * numbers}d", content, start + 9)
    points = [[*values[place : place + 2]] for place in range(0, len(values), numbers)]
    return points, start + 9 + 8 * len(values)
