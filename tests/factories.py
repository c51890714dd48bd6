"""Small synthetic networks, snapshots, replies and forecasts that tests build on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import orjson
from numpy.typing import NDArray

from services.city.city import StatusThresholds
from services.city.rennes import RENNES
from services.forecast.champions import CHAMPION_FILE
from services.forecast.nowcasts import LEAD_MINUTES, UNKNOWN_PERCENT, NowcastTable
from services.forecast.week_forecasts import WEEK_DIRECTORY, WEEK_FILE, WeekTable
from services.forecast.week_forecasts import encode_table as encode_week
from services.forecast.zone_forecasts import (
    FORECASTS_FILE,
    TrainedOn,
    encode_table,
    make_table,
    table_shape,
)
from services.observe.feeds.reply import Record, build_network
from services.observe.network_file import read_records
from services.plain.statuses import DATEX_NAMES
from services.traffic.day_curve import DayCurve, Forecast, Level, Spread
from services.traffic.network import Network, geometry_parts
from services.traffic.road_lines import Part
from services.traffic.snapshot import Snapshot, Source, make_snapshot
from services.traffic.status import Status
from services.traffic.usual import UsualRatios
from services.traffic.usual_hour import UsualHour, hour_start

# A Monday, 12:43 in Rennes.
OBSERVED_AT = datetime(2024, 8, 26, 10, 43, tzinfo=UTC)
MODEL_VERSION = "2024-08-25-abcdef"
HOURS_OF_WEEK = np.arange(168)
_KM_PER_DEGREE = 111.195
_POINTS_PER_SEGMENT = 4

# A Rennes in which nothing but traffic keeps anyone below the limit: free flow is the limit.
UNHINDERED = replace(RENNES, free_flow_shares=(), other_free_flow_share=1.0, space_mean_share=1.0)
# One road of each zone: name, class, limit (km/h), distance to the centre (km).
_ROADS = (
    ("Route nationale 136", "Réseau national", 90, 4.0),
    ("Boulevard de la Liberté", "Réseau de distribution principale", 50, 1.0),
    ("Rue de Fougères", "Réseau d'appui", 50, 2.8),
    ("Route départementale 34", "Réseau d'armature", 70, 7.0),
    ("Rue de Vern", "Réseau de distribution principale", 50, 3.2),
)
_SPEED_SHARE = {
    Status.UNKNOWN: 1.0,
    Status.FREE_FLOW: 0.9,
    Status.HEAVY: 0.5,
    Status.CONGESTED: 0.2,
    Status.IMPOSSIBLE: 0.1,
}


def make_network(segments: int = 60, version: str | None = None) -> Network:
    """Concentric roads around Rennes, one for each zone.

    Segments come in pairs: ``<n>_D`` and ``<n>_G``, the same geometry in both
    directions, as in the feed. The first one has two parts.
    """
    rows = [_segment(index, segments) for index in range(segments)]
    rows.sort(key=lambda row: str(row["segment_id"]))
    if segments > 0:
        line = rows[0]["geometry"][0]
        rows[0]["geometry"] = [line[:2], line[2:]]
    return Network(
        city=RENNES,
        version=version or f"synthetic{segments}",
        segment_ids=tuple(row["segment_id"] for row in rows),
        geometry=tuple(row["geometry"] for row in rows),
        names=np.array([row["name"] for row in rows], dtype=np.str_),
        road_classes=np.array([row["road_class"] for row in rows], dtype=np.str_),
        speed_limit_kmh=np.array([row["speed_limit_kmh"] for row in rows], dtype=float),
    )


@cache
def rennes_network() -> Network:
    """The real roads of Rennes, as they come with the project."""
    document = read_records(RENNES)
    records = msgspec.json.decode(document, type=list[Record])
    shapes = [orjson.loads(bytes(record.geo_shape)) for record in records]
    return build_network(
        RENNES,
        [
            (record, geometry_parts(shape["geometry"]))
            for record, shape in zip(records, shapes, strict=True)
        ],
    )


def make_snapshot_for(
    network: Network,
    statuses: Sequence[int] | NDArray[np.uint8] | Status | None = None,
    *,
    observed_at: datetime = OBSERVED_AT,
    received_at: datetime | None = None,
    source: Source = "live",
) -> Snapshot:
    """A snapshot whose speeds fit its statuses.

    Parameters
    ----------
    statuses
        One code a segment, one for all, or None for a mix of the five.
    """
    codes = _codes(len(network), statuses)
    known = codes != Status.UNKNOWN
    share = np.array([_SPEED_SHARE[Status(code)] for code in codes])
    speed_kmh = np.round(network.speed_limit_kmh * share)
    return make_snapshot(
        network_version=network.version,
        observed_at=observed_at,
        received_at=received_at or observed_at + timedelta(minutes=4),
        source=source,
        columns={
            "status": codes,
            "speed_kmh": speed_kmh,
            "travel_time_s": np.round(network.length_m / (speed_kmh / 3.6)),
            "reliability_pct": np.where(known, 60, 0),
            "probes": np.where(known, 3, 0),
        },
    )


def make_usual_hour(
    network: Network,
    *,
    source: Source = "live",
    observed_at: datetime = OBSERVED_AT,
    ratios: tuple[float, float, float] = (0.4, 0.5, 0.6),
    observations: int = 100,
) -> UsualHour:
    """The same usual speed ratios (P10, P50, P90) for every segment and zone; P2 is P10, P98 P90.

    By default heavy traffic of :func:`make_snapshot_for` is usual, free flow is
    quieter and a jam busier.
    """
    return UsualHour(
        source=source,
        network_version=network.version,
        start=hour_start(observed_at),
        segments=_usual(len(network), ratios, observations),
        zones=_usual(len(RENNES.zones), ratios, observations),
    )


def make_reply(
    network: Network,
    statuses: Sequence[int] | NDArray[np.uint8] | Status | None = None,
    *,
    observed_at: datetime = OBSERVED_AT,
    multi_line: bool = False,
) -> bytes:
    """The JSON that the feed would answer for such a snapshot.

    Parameters
    ----------
    multi_line : bool
        Every geometry as a MultiLineString, as the feed wrote it in 2024.
    """
    return orjson.dumps(
        make_records(network, statuses, observed_at=observed_at, multi_line=multi_line)
    )


def make_records(
    network: Network,
    statuses: Sequence[int] | NDArray[np.uint8] | Status | None = None,
    *,
    observed_at: datetime = OBSERVED_AT,
    multi_line: bool = False,
) -> list[dict[str, Any]]:
    """The records of :func:`make_reply`, for tests that spoil one before encoding."""
    table = make_snapshot_for(network, statuses, observed_at=observed_at).columns
    codes = table["status"]
    speeds = np.where(np.isnan(table["speed_kmh"]), network.speed_limit_kmh, table["speed_kmh"])
    times = np.nan_to_num(table["travel_time_s"], nan=0.0)
    return [
        {
            "datetime": observed_at.isoformat(),
            "predefinedlocationreference": network.segment_ids[index],
            "averagevehiclespeed": int(speeds[index]),
            "traveltime": int(times[index]),
            "traveltimereliability": int(table["reliability_pct"][index]),
            "trafficstatus": DATEX_NAMES[codes[index]],
            "vehicleprobemeasurement": int(table["probes"][index]),
            "geo_point_2d": _point(network.geometry[index]),
            "geo_shape": _shape(network.geometry[index], multi_line),
            "gml_id": f"rva_troncon_fcd_v1_1.{index + 1}",
            "id_rva_troncon_fcd_v1_1": index + 1,
            "hierarchie": str(network.road_classes[index]),
            "hierarchie_dv": "Réseau de transit",
            "denomination": str(network.names[index]),
            "insee": 35238,
            "sens_circule": None,
            "vitesse_maxi": int(network.speed_limit_kmh[index]),
        }
        for index in range(len(network))
    ]


def known_shares() -> NDArray[np.float64]:
    """The centre is free at night, blocked at 8, dense else; the ring road flows."""
    shares = np.zeros(table_shape(RENNES))
    shares[:, :, :, :] = (0.2, 0.62, 0.18)
    shares[:, :, :6, :] = (0.9, 0.1, 0.0)
    shares[:, :, 8, :] = (0.05, 0.2, 0.75)
    shares[RENNES.zone_choices.index("rocade")] = (0.81, 0.15, 0.04)
    return shares


def write_forecasts(
    data_dir: Path, shares: NDArray[np.float64] | None = None, source: Source = "demo"
) -> None:
    """A model whose answer is known: :func:`known_shares`, or others."""
    table = make_table(
        RENNES,
        MODEL_VERSION,
        "1",
        TrainedOn(source, date(2024, 6, 3), date(2024, 8, 25), 84, 40_320),
        known_shares() if shares is None else shares,
    )
    folder = data_dir / "models" / MODEL_VERSION
    folder.mkdir(parents=True)
    (folder / FORECASTS_FILE).write_bytes(encode_table(table))
    (data_dir / "models" / CHAMPION_FILE).write_text(MODEL_VERSION)


def make_week_table(
    network: Network, version: str = MODEL_VERSION, source: Source = "demo"
) -> WeekTable:
    """A week whose answer is known: free, but heavy at 8 h and congested at 17 h of every day.

    The first segment was observed on one day only, the second one is anything at 8 h.
    """
    shape = (len(HOURS_OF_WEEK), len(network))
    quantiles_pct = np.empty((3, *shape), np.uint8)
    quantiles_pct[:] = np.array([80, 90, 100])[:, None, None]
    quantiles_pct[:, HOURS_OF_WEEK % 24 == 8] = np.array([40, 50, 60])[:, None, None]
    quantiles_pct[:, HOURS_OF_WEEK % 24 == 17] = np.array([10, 20, 25])[:, None, None]
    quantiles_pct[:, HOURS_OF_WEEK % 24 == 8, 1] = np.array([10, 50, 110])[:, None]
    days_observed = np.full(shape, 12, np.uint8)
    days_observed[:, 0] = 1
    return WeekTable(
        model_version=version,
        trained_on=TrainedOn(source, date(2024, 6, 3), date(2024, 8, 25), 84, 40_320),
        thresholds=StatusThresholds(congested_up_to=0.30, free_from=0.70),
        segment_ids=network.segment_ids,
        quantiles_pct=quantiles_pct,
        days_observed=days_observed,
    )


def write_week_forecasts(
    data_dir: Path, network: Network | None = None, table: WeekTable | None = None
) -> None:
    """The week of :func:`make_week_table`, or another one, as the local champion."""
    table = table or make_week_table(network or make_network())
    root = data_dir / "models" / WEEK_DIRECTORY
    folder = root / MODEL_VERSION
    folder.mkdir(parents=True)
    (folder / WEEK_FILE).write_bytes(encode_week(table))
    (root / CHAMPION_FILE).write_text(MODEL_VERSION)


def make_nowcast_table(
    network: Network, snapshot: Snapshot, trained_on_source: Source = "demo"
) -> NowcastTable:
    """A next hour whose answer is known: heavy on every segment but the first, which is unknown.

    The centre is blocked, the ring road free and ever slower, the radials dense; nothing is
    known of the belt.
    """
    percent = np.empty((3, len(LEAD_MINUTES), len(network)), np.uint8)
    percent[:] = np.array([40, 50, 60])[:, None, None]
    percent[..., 0] = UNKNOWN_PERCENT
    median = {
        "centre-ville": (0.30, 0.30, 0.30, 0.30),
        "rocade": (0.95, 0.92, 0.89, 0.86),
        "penetrantes": (0.50, 0.50, 0.50, 0.50),
        "ceinture": (np.nan,) * len(LEAD_MINUTES),
    }
    zones = np.array(
        [median.get(zone, (0.80,) * len(LEAD_MINUTES)) for zone in RENNES.zone_choices]
    ).T
    return NowcastTable(
        RENNES,
        model_version=MODEL_VERSION,
        trained_on=TrainedOn(trained_on_source, date(2024, 7, 29), date(2024, 8, 25), 28, 13_440),
        network_version=network.version,
        snapshot_version=snapshot.version,
        source=snapshot.source,
        observed_at=snapshot.observed_at,
        percent=percent,
        zone_ratios=np.stack([zones - 0.05, zones, zones + 0.05]),
    )


def make_day_curve(**changes: Any) -> DayCurve:
    """The day of :data:`OBSERVED_AT`: 16 %, then 20 %, now 22 %; usually 18 %, forecast 25 %.

    Of its last hour 20 % is forecast, in a band that was simulated.
    """
    observed: list[float | None] = [None] * 96
    observed[50:52] = [0.16, 0.2]
    content = {
        "source": "live",
        "day": date(2024, 8, 26),
        "start": datetime(2024, 8, 25, 22, tzinfo=UTC),
        "observed": tuple(observed),
        "latest": Level(OBSERVED_AT, 0.22),
        "usual": (Spread(0.1, 0.18, 0.3),) * 24,
        "forecast": (
            *(Forecast(0.2, 0.25, 0.4, is_band_observed=True),) * 23,
            Forecast(0.1, 0.2, 0.3, is_band_observed=False),
        ),
        "model_version": "week-1",
        "is_simulated": True,
    }
    return DayCurve(**(content | changes))


def _usual(size: int, ratios: tuple[float, float, float], observations: int) -> UsualRatios:
    low, p50, high = (np.full(size, ratio, np.float32) for ratio in ratios)
    counts = np.full(size, observations, np.uint32)
    return UsualRatios(low.copy(), low, p50, high, high.copy(), counts)


def _segment(index: int, segments: int) -> dict[str, Any]:
    pair, is_reverse = divmod(index, 2)
    name, road_class, speed_limit_kmh, radius_km = _ROADS[pair % len(_ROADS)]
    place = pair // len(_ROADS)
    places = max(1, math.ceil(segments / (2 * len(_ROADS))))
    line = _arc(radius_km, place / places, (place + 1) / places)
    return {
        "segment_id": f"{10_000 + pair}_{'G' if is_reverse else 'D'}",
        "geometry": [line[::-1] if is_reverse else line],
        "name": name,
        "road_class": road_class,
        "speed_limit_kmh": speed_limit_kmh,
    }


def _arc(radius_km: float, start: float, stop: float) -> Part:
    angles = np.linspace(start, stop, _POINTS_PER_SEGMENT) * 2 * math.pi
    lat = RENNES.centre_lat_deg + radius_km * np.sin(angles) / _KM_PER_DEGREE
    km_per_degree_east = _KM_PER_DEGREE * math.cos(math.radians(RENNES.centre_lat_deg))
    lon = RENNES.centre_lon_deg + radius_km * np.cos(angles) / km_per_degree_east
    return np.stack([lon, lat], axis=1).round(6).tolist()


def _codes(segments: int, statuses: Sequence[int] | NDArray[np.uint8] | Status | None) -> Any:
    if statuses is None:
        return (np.arange(segments) % len(DATEX_NAMES)).astype(np.uint8)
    if isinstance(statuses, Status):
        return np.full(segments, statuses, dtype=np.uint8)
    return np.asarray(statuses, dtype=np.uint8)


def _point(parts: list[Part]) -> dict[str, float]:
    lon, lat = parts[0][len(parts[0]) // 2]
    return {"lon": lon, "lat": lat}


def _shape(parts: list[Part], multi_line: bool) -> dict[str, Any]:
    if multi_line or len(parts) > 1:
        geometry = {"type": "MultiLineString", "coordinates": parts}
    else:
        geometry = {"type": "LineString", "coordinates": parts[0]}
    return {"type": "Feature", "geometry": geometry, "properties": {}}
