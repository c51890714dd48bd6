"""The refresh: what is news for a page, and next to nothing otherwise."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import Any, Final

from dash import ClientsideFunction, Dash, Input, Output, State

from callbacks.http import day
from callbacks.http.direct_callbacks import call_directly
from callbacks.http.figures import figures_content
from callbacks.http.roadworks import current
from callbacks.live.zone_table import zone_table, zone_table_version
from components.page import (
    NEWS_STORE_ID,
    REFRESH_ID,
    SETTINGS_STORE_ID,
    SHARED_REFRESH_ID,
    SHOWN_STORE_ID,
    TEXTS_STORE_ID,
    WAKE_STORE_ID,
)
from services.base.errors import ForecastUnavailable
from services.roles.assembly import Services
from services.traffic.corridor_times import CorridorTime
from services.traffic.corridors import corridor_ways
from services.traffic.zone_states import ZoneState
from services.web.latest import TrafficView

NAMESPACE: Final = "traffic"
CLOSED: Final = -1
"""Minutes of a corridor that cannot be driven."""
_SECONDS_PER_MINUTE: Final = 60


def register(app: Dash, services: Services) -> None:
    """Register the refresh, and what the browser does with it."""
    output, shown = Output(NEWS_STORE_ID, "data"), State(SHOWN_STORE_ID, "data")
    timer, woken = Input(REFRESH_ID, "n_intervals"), Input(WAKE_STORE_ID, "data")
    if services.settings.shared_cache:
        times, callers = [Input(SHARED_REFRESH_ID, "n_intervals"), woken], [timer]
        # Asks the cache, and counts the timer of the callback up where that has no answer.
        app.clientside_callback(
            ClientsideFunction(NAMESPACE, "askShared"), *times, shown, prevent_initial_call=True
        )
    else:
        times = callers = [timer, woken]

    @app.callback(output, *callers, shown, prevent_initial_call=True)
    def refresh(*values: Any) -> dict[str, Any]:
        return news(services, values[-1])

    call_directly(app, output, refresh)
    app.clientside_callback(
        ClientsideFunction(NAMESPACE, "refreshed"),
        # Set once the roads are painted: what the next refresh is compared with.
        Output(SHOWN_STORE_ID, "data"),
        Input(NEWS_STORE_ID, "data"),
        State(SETTINGS_STORE_ID, "data"),
        State(TEXTS_STORE_ID, "data"),
    )
    app.clientside_callback(ClientsideFunction(NAMESPACE, "asked"), *times)


def news(services: Services, shown: Any = None) -> dict[str, Any]:
    """What a refresh answers, and what a page starts with: what it does not show yet.

    Parameters
    ----------
    shown : dict, optional
        Versions of the ``snapshot``, of the ``forecasts`` and of the ``day``'s curve that the
        page has, and the mark of the ``roadworks``.

    Returns
    -------
    dict
        ``time``, the server's, in seconds since the epoch: it tells the page that the server is
        there, and lets it count ages whatever its own clock says. ``snapshot`` and ``forecasts``
        (see :mod:`callbacks.live.zone_table`) where the page has others; likewise the mark of the
        ``roadworks``, by whose version it fetches them, None where there are none any more; and
        the version of the ``day``'s curve, likewise.
        ``feed_fails`` while there is nothing to show because the feed cannot be read.
    """
    known = shown if isinstance(shown, dict) else {}
    now = services.clock()
    answer: dict[str, Any] = {"time": int(now.timestamp())}
    view = services.traffic.view()
    if view is None:
        worker = services.traffic.worker_state()
        if worker is not None and worker.feed_fails:
            answer["feed_fails"] = True
    elif view.snapshot.version != known.get("snapshot"):
        answer["snapshot"] = snapshot_payload(view)
    roadworks = current(services)
    mark = None if roadworks is None else roadworks.mark
    if mark != known.get("roadworks"):
        answer["roadworks"] = mark
    curve = day.current(services)
    if curve is not None and curve.version != known.get("day"):
        answer["day"] = curve.version
    # Without a model the page keeps what it has.
    with suppress(ForecastUnavailable):
        table, today = services.forecasts.shown(services.shown_source()), services.today()
        if zone_table_version(table, today) != known.get("forecasts"):
            answer["forecasts"] = zone_table(services.city, table, today)
    return answer


def age_told(services: Services) -> dict[str, Any]:
    """What the header of a page without a refresh comes with: how old the data are.

    Returns
    -------
    dict
        ``time`` and ``feed_fails`` as of :func:`news`; ``snapshot``, its ``source`` and
        ``observed_at``, None while there is none.
    """
    view = services.traffic.view()
    worker = services.traffic.worker_state() if view is None else None
    return {
        "time": int(services.clock().timestamp()),
        "snapshot": None if view is None else snapshot_age(view),
        "feedFails": worker is not None and worker.feed_fails,
    }


def snapshot_age(view: TrafficView) -> dict[str, Any]:
    """Whether a snapshot is live, and when it was observed, in seconds since the epoch."""
    snapshot = view.snapshot
    return {"observed_at": int(snapshot.observed_at.timestamp()), "source": snapshot.source}


def age_settings(services: Services) -> dict[str, Any]:
    """What scripts count ages on with, on every page."""
    settings = services.settings
    return {
        "refreshSeconds": settings.refresh_seconds,
        "lateAfterSeconds": settings.late_after_seconds,
        "timeZone": services.city.time_zone.key,
    }


@lru_cache(maxsize=1)
def snapshot_payload(view: TrafficView) -> dict[str, Any]:
    """A snapshot for the browser: statuses of all segments, and the figures beside the map.

    Lists instead of named members, and names of nothing the page already knows: the whole has to
    fit 2 KB after compression, of which the statuses take half, and the words for the worst
    stretches a tenth: in the document of the stretches, which holds 450, the page would wait for
    all of them.
    """
    snapshot = view.snapshot
    return {
        "version": snapshot.version,
        "network": snapshot.network_version,
        **snapshot_age(view),
        **figures_content(view.indicators),
        "zones": [_zone_state(state) for state in view.zone_states],
        "corridors": _corridor_minutes(view),
        # Last, where its many letters spoil the compression of nothing else.
        "statuses": view.packed_statuses,
    }


def _zone_state(state: ZoneState | None) -> list[Any] | None:
    """Status, comparison code, and minutes lost on ten kilometres."""
    if state is None:
        return None
    return [state.status, int(state.comparison), state.lost_min]


def _corridor_minutes(view: TrafficView) -> list[int | None]:
    """Of each corridor the minutes now and in free flow, in the order of the city's file.

    Each is None where too little is known, and both of one that the network has no drive along;
    now is CLOSED where a segment is closed.
    """
    found = {item.corridor.way.key: _now_and_free(item) for item in view.corridor_times}
    ways = corridor_ways(view.network.city)
    return [minutes for way in ways for minutes in found.get(way.key, (None, None))]


def _now_and_free(time: CorridorTime) -> tuple[int | None, int | None]:
    now = CLOSED if time.is_closed else _whole_minutes(time.now_s)
    return now, _whole_minutes(time.free_flow_s)


def _whole_minutes(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds / _SECONDS_PER_MINUTE)
