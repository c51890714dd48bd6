"""Replies in the feed's JSON, small and synthetic, for tests to bend."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

OBSERVED_AT = datetime(2025, 11, 24, 7, 40, tzinfo=UTC)
RECEIVED_AT = datetime(2025, 11, 24, 7, 44, tzinfo=UTC)


def make_record(number: int, **changes: Any) -> dict[str, Any]:
    """A record of a short eastward segment near the centre of Rennes, free at 45 km/h."""
    lon, lat = -1.70 + 0.002 * (number % 20), 48.10 + 0.001 * (number // 20)
    record: dict[str, Any] = {
        "datetime": "2025-11-24T08:40:00+01:00",
        "predefinedlocationreference": f"{10_000 + number}_D",
        "averagevehiclespeed": 45,
        "traveltime": 12,
        "traveltimereliability": 80,
        "trafficstatus": "freeFlow",
        "vehicleprobemeasurement": 3,
        "geo_point_2d": {"lon": lon, "lat": lat},
        "geo_shape": {
            "type": "Feature",
            "geometry": {
                "type": "LineString",
                "coordinates": [[lon, lat], [lon + 0.001, lat], [lon + 0.002, lat]],
            },
            "properties": {},
        },
        "gml_id": f"rva_troncon_fcd_v1_1.{number}",
        "id_rva_troncon_fcd_v1_1": number,
        "hierarchie": "Réseau d'appui",
        "hierarchie_dv": "Réseau structurant",
        "denomination": f"Rue {number // 10}",
        "insee": 35238,
        "sens_circule": None,
        "vitesse_maxi": 50,
    }
    return {**record, **changes}


def make_records(how_many: int = 40) -> list[dict[str, Any]]:
    """Distinct records."""
    return [make_record(number) for number in range(how_many)]


def encode(records: object) -> bytes:
    """As the server sends it."""
    return orjson.dumps(records)
