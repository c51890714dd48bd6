"""The refresh: a new snapshot for a page that shows an older one, and next to nothing otherwise."""

from __future__ import annotations

from typing import Any, Final

from dash import ClientsideFunction, Dash, Input, Output, State, no_update

from components.glance import WORST_ROADS
from components.page import (
    PULSE_STORE_ID,
    REFRESH_ID,
    SHOWN_STORE_ID,
    SNAPSHOT_STORE_ID,
    WAKE_STORE_ID,
)
from services.city.zones import ZONES
from services.roles.assembly import Services
from services.traffic.indicators import Indicators, congestion_level, zone_status
from services.traffic.usual import Comparison
from services.web.latest import TrafficView

NAMESPACE: Final = "traffic"
# The feed is 3 to 5 minutes behind at best, so ten minutes are late; a feed
# asked less often is late after three of its periods.
_LATE_AFTER_SECONDS: Final = 600
_LATE_AFTER_PERIODS: Final = 3


def register(app: Dash, services: Services) -> None:
    """Register the refresh, and what the browser notes of it."""

    @app.callback(
        Output(SNAPSHOT_STORE_ID, "data"),
        Output(PULSE_STORE_ID, "data"),
        Input(REFRESH_ID, "n_intervals"),
        Input(WAKE_STORE_ID, "data"),
        State(SHOWN_STORE_ID, "data"),
        prevent_initial_call=True,
    )
    def refresh(_ticks: int | None, _woken: int | None, shown: str | None) -> tuple[Any, int]:
        return answer(services, shown)

    app.clientside_callback(
        ClientsideFunction(NAMESPACE, "answered"), Input(PULSE_STORE_ID, "data")
    )
    app.clientside_callback(
        ClientsideFunction(NAMESPACE, "asked"),
        Input(REFRESH_ID, "n_intervals"),
        Input(WAKE_STORE_ID, "data"),
    )


def answer(services: Services, shown: str | None) -> tuple[Any, int]:
    """What a refresh answers: the snapshot if it is news, and the server's time.

    Parameters
    ----------
    services : Services
    shown : str or None
        The version that the page shows.

    Returns
    -------
    snapshot : dict or no_update
    server_time_s : int
        Seconds since the epoch. Sent each time: it tells the page that the server is
        there, and lets it count ages whatever its own clock says, for 40 bytes.
    """
    view = services.traffic.view()
    server_time_s = int(services.clock().timestamp())
    if view is None or view.snapshot.version == shown:
        return no_update, server_time_s
    return snapshot_payload(view), server_time_s


def snapshot_payload(view: TrafficView) -> dict[str, Any]:
    """A snapshot for the browser: statuses of all segments, and the figures beside the map.

    Lists instead of named members, and names of nothing the page already knows: the
    whole has to fit 1.5 KB after compression, of which the statuses take half.
    """
    snapshot, indicators = view.snapshot, view.indicators
    return {
        "version": snapshot.version,
        "network": snapshot.network_version,
        "observed_at": int(snapshot.observed_at.timestamp()),
        "source": snapshot.source,
        "counts": list(indicators.counts.values()),
        "shares": [round(1_000 * share) for share in indicators.length_shares.values()],
        "congestion": _whole_percent(indicators.congestion_level),
        "jam_km": round(indicators.jam_km, 1),
        "zones": _zone_states(view),
        "worst": _worst_roads(indicators),
        # Last, where its many letters spoil the compression of nothing else.
        "statuses": view.packed_statuses,
    }


def late_after_seconds(feed_period_seconds: int) -> int:
    """Age from which data count as late."""
    return max(_LATE_AFTER_SECONDS, _LATE_AFTER_PERIODS * feed_period_seconds)


def _zone_states(view: TrafficView) -> list[list[Any] | None]:
    """Status, extra travel time (%) and comparison code of each zone; None where unknown."""
    ratios = view.indicators.zone_ratios
    codes = (
        [int(Comparison.NOT_TOLD)] * len(ZONES)
        if view.compared is None
        else view.compared.zones.tolist()
    )
    return [_zone_state(ratios[zone], code) for zone, code in zip(ZONES, codes, strict=True)]


def _zone_state(ratio: float | None, comparison: int) -> list[Any] | None:
    if ratio is None:
        return None
    return [zone_status(ratio), _whole_percent(congestion_level(ratio)), comparison]


def _worst_roads(indicators: Indicators) -> list[list[Any]]:
    """Name, zone, delay (s), speed (km/h) and segment of each, in the page's order."""
    return [
        [
            road.name,
            ZONES.index(road.zone),
            round(road.delay_s),
            round(road.speed_kmh),
            road.segment_index,
        ]
        for road in indicators.worst_roads[:WORST_ROADS]
    ]


def _whole_percent(share: float | None) -> int | None:
    return None if share is None else round(100 * share)
