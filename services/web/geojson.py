"""A snapshot as documents for readers outside: GeoJSON for the API, columns for the page."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from services.plain.statuses import DATEX_NAMES
from services.traffic.indicators import status_counts
from services.traffic.network import Network
from services.traffic.snapshot import Snapshot
from services.traffic.usual import Comparison
from services.traffic.usual_hour import ComparedTraffic

_COMPARISON_NAMES: Final = {
    Comparison.NOT_TOLD: None,
    Comparison.QUIETER: "quieter",
    Comparison.USUAL: "usual",
    Comparison.BUSIER: "busier",
}


def encode_traffic(
    network: Network, snapshot: Snapshot, compared: ComparedTraffic | None = None
) -> bytes:
    """The snapshot as a GeoJSON FeatureCollection, as ``/api/v1/traffic`` promises.

    Speed (km/h) and travel time (s) are null where the status is unknown; the usual
    speed (km/h, median) and the comparison with it where too little is known.
    """
    observed = snapshot.columns
    columns = {
        "id": network.segment_ids,
        "name": network.names.tolist(),
        "status": [DATEX_NAMES[code] for code in snapshot.status_codes()],
        "speed_kmh": _or_none(observed["speed_kmh"]),
        "speed_limit_kmh": _numbers(network.speed_limit_kmh),
        "free_flow_kmh": _numbers(network.free_flow_kmh),
        "travel_time_s": _or_none(observed["travel_time_s"]),
        "reliability_pct": observed["reliability_pct"].tolist(),
        "probes": observed["probes"].tolist(),
        "road_class": network.road_classes.tolist(),
        **_usual_columns(compared, len(network)),
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
            "reference": _reference(network),
            "features": features,
        }
    )


def encode_details(snapshot: Snapshot, compared: ComparedTraffic | None = None) -> bytes:
    """What the road card says beyond the status, by column, in the network's order.

    The usual speeds (km/h, P10 and P90) and the codes of the comparison with them are
    null as a whole where nothing is compared.
    """
    observed = snapshot.columns
    return orjson.dumps(
        {
            "version": snapshot.version,
            "speed_kmh": _or_none(observed["speed_kmh"]),
            "travel_time_s": _or_none(observed["travel_time_s"]),
            "reliability_pct": observed["reliability_pct"].tolist(),
            "probes": observed["probes"].tolist(),
            "usual_low_kmh": compared and _or_none(np.rint(compared.usual_kmh["p10"])),
            "usual_high_kmh": compared and _or_none(np.rint(compared.usual_kmh["p90"])),
            "compared": compared and compared.segments.tolist(),
        }
    )


def _reference(network: Network) -> dict[str, Any]:
    """What free flow was measured from: UTC days, and the share of segments with enough."""
    measured = network.reference
    return {
        "since": measured and measured.since,
        "until": measured and measured.until,
        "observed_share": round(network.measured_share, 3),
    }


def _usual_columns(compared: ComparedTraffic | None, segments: int) -> dict[str, list[Any]]:
    if compared is None:
        nothing = [None] * segments
        return {"usual_speed_kmh": nothing, "compared_with_usual": nothing}
    return {
        "usual_speed_kmh": _or_none(np.round(compared.usual_kmh["p50"], 1)),
        "compared_with_usual": [_COMPARISON_NAMES[code] for code in compared.segments.tolist()],
    }


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
