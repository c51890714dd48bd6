"""Replies on roadworks in the shapes of the dataset, which tests spoil one field at a time."""

from __future__ import annotations

from datetime import date
from typing import Any

import orjson

from services.plain.roadworks import RoadworkLevel
from services.traffic.roadworks import Geometry, Measure, Roadwork

# A Tuesday; the day of the tests.
DAY = date(2026, 8, 18)
STREET: Geometry = {
    "type": "MultiLineString",
    "coordinates": [[[-1.6783, 48.1191], [-1.6792, 48.1194]]],
}


def make_roadwork_record(**changes: Any) -> dict[str, Any]:
    """A record as ``/records`` and ``exports/json`` have it, with some fields changed."""
    return {
        "geo_point_2d": {"lon": -1.67875, "lat": 48.11925},
        "geo_shape": {"type": "Feature", "geometry": STREET, "properties": {}},
        "gml_id": "v_geotravaux_evenement_30j.25",
        "id": 25,
        "id_evt": 80028,
        "commune": "35238 - Rennes",
        "quartier": None,
        "localisation": "Rue Saint-Martin",
        "commentaire": "Circulation interdite",
        "date_deb": "2026-08-17T00:00:00+00:00",
        "date_fin": "2026-08-20T00:00:00+00:00",
        "type": "Circulation interdite",
        "libelle": "de réfection de chaussée",
        "niv_perturbation": "Secteur à éviter",
        "date_maj": "2026-08-10T08:00:00+00:00",
        "interlocuteur": "Madame Exemple",
        **changes,
    }


def roadworks_reply(*records: dict[str, Any]) -> bytes:
    """What ``exports/geojson`` answers: one record by default."""
    features = [
        {
            "type": "Feature",
            "geometry": (record.get("geo_shape") or {}).get("geometry"),
            "properties": {name: value for name, value in record.items() if name != "geo_shape"},
        }
        for record in records or (make_roadwork_record(),)
    ]
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def make_measure(
    geometry: Geometry | None = None,
    level: RoadworkLevel = "difficult",
    first_day: date = DAY,
    last_day: date = DAY,
    kind: str = "Circulation interdite",
    place: str = "Rue de Vern",
) -> Measure:
    """One measure, of the day of the tests unless told otherwise."""
    return Measure(kind, "", place, level, first_day, last_day, geometry)


def make_roadwork(event_id: str, *measures: Measure) -> Roadwork:
    """A site in Rennes."""
    return Roadwork(event_id, "Rennes", "de voirie", measures or (make_measure(),))
