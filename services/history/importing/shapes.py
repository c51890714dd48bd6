"""One record of an archive, whatever wraps it, as the fields of the feed.

The feed has been published in several shapes: flat (``exports/json``, API 2),
under ``fields`` (API 1) or ``record`` and ``fields`` (API 2.0), as a GeoJSON
feature, and as CSV whose header carries labels (``averageVehicleSpeed``, ``Geo
Shape``) instead of names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from services.feeds.reply import GEOMETRY_FIELD, ID_FIELD, STATIC_FIELDS, TIME_FIELD, ReplyColumns

MOVING_FIELDS: Final = tuple(ReplyColumns.model_fields)
NUMERIC_FIELDS: Final = frozenset({*MOVING_FIELDS, "vitesse_maxi"} - {"trafficstatus"})
# The schema of 2021–22 names a segment by this field.
OLD_ID_FIELD: Final = "id"
OLD_CLASS_FIELD: Final = "func_class"
_FIELDS: Final = frozenset(
    {TIME_FIELD, *MOVING_FIELDS, *STATIC_FIELDS, OLD_ID_FIELD, OLD_CLASS_FIELD}
)
_LINES: Final = ("LineString", "MultiLineString")

FlatRecord = dict[str, Any]


def field_name(label: str) -> str:
    """The feed's name of a field, from its name or label in an archive."""
    return label.strip().casefold().replace(" ", "_")


class Flattener:
    """Makes records flat; remembers which of their keys are fields of the feed."""

    def __init__(self) -> None:
        self._names: dict[str, str | None] = {}

    def flat(self, record: object) -> FlatRecord | None:
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
        fields = self._fields(content)
        # A feature's own geometry; API 1 puts the middle of the segment there.
        is_line = isinstance(geometry, dict) and geometry.get("type") in _LINES
        if is_line and GEOMETRY_FIELD not in fields:
            fields[GEOMETRY_FIELD] = geometry
        return fields

    def _fields(self, content: Mapping[Any, Any]) -> FlatRecord:
        fields = {}
        for key, value in content.items():
            name = self._names.get(key, "")
            if name == "":
                name = field_name(str(key))
                name = self._names[key] = name if name in _FIELDS else None
            if name is not None:
                fields[name] = value
        if fields.get(ID_FIELD) is None and OLD_ID_FIELD in fields:
            fields[ID_FIELD] = _text(fields[OLD_ID_FIELD])
        return fields


def geometry_of(shape: object) -> dict[str, Any] | None:
    """The geometry in a ``geo_shape``: a feature, a bare geometry, or either as text.

    Returns
    -------
    dict or None
        None when there is none; whether it can be drawn is checked elsewhere.
    """
    if isinstance(shape, str):
        try:
            shape = orjson.loads(shape)
        except orjson.JSONDecodeError:
            return None
    if isinstance(shape, dict) and shape.get("type") == "Feature":
        shape = shape.get("geometry")
    return shape if isinstance(shape, dict) else None


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) else value
