"""A snapshot as documents for readers outside: GeoJSON for the API, columns for the page."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from services.indicators import status_counts
from services.network import Network
from services.snapshot import Snapshot
from services.status import DATEX_NAMES


def encode_traffic(network: Network, snapshot: Snapshot) -> bytes:
    """The snapshot as a GeoJSON FeatureCollection, as ``/api/v1/traffic`` promises.

    Speed (km/h) and travel time (s) are null where the status is unknown.
    """
    table = snapshot.table
    columns = {
        "id": network.segment_ids,
        "name": network.names.tolist(),
        "status": [DATEX_NAMES[code] for code in snapshot.status_codes()],
        "speed_kmh": _or_none(table["speed_kmh"].to_numpy()),
        "speed_limit_kmh": _numbers(network.speed_limit_kmh),
        "travel_time_s": _or_none(table["travel_time_s"].to_numpy()),
        "reliability_pct": table["reliability_pct"].tolist(),
        "probes": table["probes"].tolist(),
        "road_class": network.road_classes.tolist(),
    }
    rows = zip(*columns.values(), network.geometry, strict=True)
    features = [_feature(dict(zip(columns, row, strict=False)), row[-1]) for row in rows]
    return orjson.dumps(
        {
            "type": "FeatureCollection",
            "observed_at": snapshot.observed_at,
            "received_at": snapshot.received_at,
            "source": snapshot.source,
            "version": snapshot.version,
            "counts": status_counts(snapshot.status_codes()),
            "features": features,
        }
    )


def encode_details(snapshot: Snapshot) -> bytes:
    """What the tooltip says beyond the status, by column, in the network's order."""
    table = snapshot.table
    return orjson.dumps(
        {
            "version": snapshot.version,
            "speed_kmh": _or_none(table["speed_kmh"].to_numpy()),
            "travel_time_s": _or_none(table["travel_time_s"].to_numpy()),
            "reliability_pct": table["reliability_pct"].tolist(),
            "probes": table["probes"].tolist(),
        }
    )


def _feature(properties: dict[str, Any], parts: list[list[list[float]]]) -> dict[str, Any]:
    single = len(parts) == 1
    return {
        "type": "Feature",
        "id": properties["id"],
        "geometry": {
            "type": "LineString" if single else "MultiLineString",
            "coordinates": parts[0] if single else parts,
        },
        "properties": properties,
    }


def _or_none(values: NDArray[np.floating]) -> list[int | float | None]:
    return [None if math.isnan(value) else value for value in _numbers(values)]


def _numbers(values: NDArray[np.floating]) -> list[int | float]:
    """Whole numbers without their ``.0``: a quarter of the bytes."""
    return [int(value) if value.is_integer() else round(value, 1) for value in values.tolist()]
