"""The next hour: two documents that the browser fetches once per version, and the API.

A refresh says nothing of it. With each new snapshot the browser asks for its nowcast, and
once more with each refresh while the learner is still at it.
"""

from __future__ import annotations

import base64
from datetime import timedelta
from math import floor, isnan
from typing import Any, Final

import orjson
from flask import Flask, Response, request

from callbacks.http.answers import (
    JSON,
    Document,
    api_answer,
    asked_again,
    immutable,
    json_answer,
    kept,
    nothing,
    send_document,
)
from callbacks.http.figures import figures_content
from callbacks.http.segment_forecasts import basis_told
from services.forecast.network_levels import expected_travel_time_s, median_kmh
from services.forecast.nowcasts import LEAD_MINUTES, LeadForecast, NowcastTable
from services.plain.forecast import Basis
from services.roles.assembly import Services
from services.traffic.indicators import forecast_indicators
from services.traffic.network import Network
from services.traffic.zone_states import zone_state
from services.web.latest import TrafficView

_RATIO_DECIMALS: Final = 3
_SHARE_DECIMALS: Final = 4
_PER_MILLE: Final = 1_000
_UNCERTAIN_PERCENT: Final = {0: 0.4, 100: 99.6}


def register(server: Flask, services: Services) -> None:
    """Add the routes of the next hour."""

    @kept(1)
    def zones_document(made_of: tuple[NowcastTable, Network]) -> Document:
        return Document(orjson.dumps(zones_content(*made_of)), JSON)

    @kept(1)
    def roads_document(made_of: tuple[NowcastTable, Network]) -> Document:
        return Document(orjson.dumps(roads_content(*made_of)), JSON)

    @server.get("/nowcast/<version>")
    def zones(version: str) -> Response:
        view = services.traffic.view()
        table = current_nowcast(services, view)
        if view is None or table is None:
            return asked_again(json_answer(_without(services, view)))
        response = send_document(zones_document((table, view.network)))
        if table.snapshot_version != version:
            # Of the snapshot before: the one that was asked for is on its way.
            return asked_again(response)
        return immutable(response)

    @server.get("/nowcast/<version>/roads")
    def roads(version: str) -> Response:
        view = services.traffic.view()
        table = current_nowcast(services, view)
        if view is None or table is None or table.snapshot_version != version:
            return nothing()
        return immutable(send_document(roads_document((table, view.network))))

    @server.get("/api/v1/nowcast")
    def api() -> Response:
        zone = services.city.checked_zone(request.args.get("zone"))
        return api_answer(_zone_content(services, zone))


def zones_content(table: NowcastTable, network: Network) -> dict[str, Any]:
    """What is told of the next hour, zones in the order of ``City.zone_choices``.

    Lists instead of named members, as in a refresh: of each zone and lead time its
    status, that status's probability, and the minutes lost on ten kilometres, as a tile
    tells them, at P50, P90 and P10 of the speed ratio, so that the last two are the least
    and the most of the band.
    """
    return {
        "state": "ready",
        "version": table.snapshot_version,
        "observed_at": int(table.observed_at.timestamp()),
        "basis": basis_content(table.basis()),
        "zones": [
            _zone_leads(table.zone(zone), free_flow_kmh)
            for zone, free_flow_kmh in zip(
                network.city.zone_choices, network.zone_free_flow_kmh.tolist(), strict=True
            )
        ],
    }


def roads_content(table: NowcastTable, network: Network) -> dict[str, Any]:
    """What the map and the figures beside it show at each lead time, and the segments' speeds.

    ``leads``: of each lead time the figures of a snapshot, and every segment's likeliest status.
    ``percent``: quantiles of the speed ratio of every segment in percent, packed as bytes, quantile
    by quantile, in each lead time by lead time, in each the segments in the network's order.
    """
    return {
        "version": table.snapshot_version,
        "network": table.network_version,
        "leads": [_lead_roads(table, network, lead) for lead in range(len(LEAD_MINUTES))],
        "percent": base64.b64encode(table.percent.tobytes()).decode("ascii"),
    }


def _lead_roads(table: NowcastTable, network: Network, lead: int) -> dict[str, Any]:
    found, ratios = table.segments(lead), table.speed_ratios(lead)
    expected_s, speed_kmh = expected_travel_time_s(network, ratios), median_kmh(network, ratios)
    indicators = forecast_indicators(network, found.status_codes, expected_s, speed_kmh)
    return figures_content(indicators) | {"statuses": found.packed}


def basis_content(basis: Basis) -> list[Any]:
    """What forecasts rest on, for the browser: origin, observed share (%), days learned from."""
    return [basis.origin, whole_percent(basis.observed_share), basis.trained_days]


def whole_percent(share: float) -> float:
    """A share in whole percent; only a certainty is 0 or 100, the uncertain keeps a fraction."""
    percent = round(100 * round(share, 2))
    return _UNCERTAIN_PERCENT.get(percent, percent) if 0 < share < 1 else percent


def api_content(table: NowcastTable, zone: str, leads: tuple[LeadForecast, ...]) -> dict[str, Any]:
    """What the API answers for a zone."""
    return {
        "zone": zone,
        "state": "ready",
        "observed_at": table.observed_at,
        "model_version": table.model_version,
        "trained_on": table.trained_on,
        "simulated": table.is_simulated,
        **basis_told(table.basis()),
        "leads": [
            {
                "minutes": lead.minutes,
                "at": table.observed_at + timedelta(minutes=lead.minutes),
                "speed_ratio": {
                    "p10": round(lead.p10, _RATIO_DECIMALS),
                    "p50": round(lead.p50, _RATIO_DECIMALS),
                    "p90": round(lead.p90, _RATIO_DECIMALS),
                },
                "status": lead.status,
                "probabilities": {
                    status: round(share, _SHARE_DECIMALS)
                    for status, share in lead.probabilities.items()
                },
            }
            for lead in leads
        ],
    }


def _zone_content(services: Services, zone: str) -> dict[str, Any]:
    view = services.traffic.view()
    table = current_nowcast(services, view)
    if table is None:
        return {"zone": zone, **_without(services, view), "leads": []}
    leads = table.zone(zone)
    if leads is None:
        return {"zone": zone, "state": "none", "leads": []}
    return api_content(table, zone, leads)


def current_nowcast(services: Services, view: TrafficView | None) -> NowcastTable | None:
    """The nowcast that is told with what is shown; None while there is none, or an old one."""
    if view is None:
        return None
    return services.nowcasts.current(view.snapshot.network_version, services.clock())


def _without(services: Services, view: TrafficView | None) -> dict[str, str]:
    """Why there is nothing to show."""
    if view is None:
        return {"state": "waiting"}
    version = view.snapshot.network_version
    return {"state": services.nowcasts.state(version, services.clock())}


def _zone_leads(
    leads: tuple[LeadForecast, ...] | None, free_flow_kmh: float
) -> list[list[Any]] | None:
    if leads is None or isnan(free_flow_kmh):
        return None
    return [
        [
            lead.status,
            # Rounded down, so that nothing but a certainty reads as one.
            floor(_PER_MILLE * max(lead.shares)) / _PER_MILLE,
            *(
                zone_state(ratio, free_flow_kmh).lost_min
                for ratio in (lead.p50, lead.p90, lead.p10)
            ),
        ]
        for lead in leads
    ]
