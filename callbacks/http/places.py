"""The places that people can name: stretches and corridors, for the page and the API."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

import orjson
from flask import Flask, Response
from flask.typing import ResponseReturnValue

from callbacks.http.answers import (
    JSON,
    Document,
    api_answer,
    api_table,
    asked_again,
    conditional,
    kept,
    send_document,
)
from callbacks.http.problems import problem
from services.base.errors import StorageError
from services.roles.assembly import Services
from services.traffic.corridor_times import CorridorTime
from services.traffic.indicators import WorstStretch, worst_stretches
from services.traffic.network import Network
from services.traffic.stretch_wording import stretch_parts
from services.web.latest import TrafficView
from services.web.places import encode_places

STRETCHES_PATH: Final = "/api/v1/stretches"
STRETCHES_CSV_PATH: Final = "/api/v1/stretches.csv"

_COLUMNS: Final = (
    "key", "road", "label", "direction", "sector", "start", "end", "length_m", "speed_kmh",
    "delay_s", "delay_against_usual_s", "jam_km", "worst_segment_id", "segment_ids",
)  # fmt: skip
NOTHING_YET: Final = "no snapshot has been received yet"


def register(server: Flask, services: Services) -> None:
    """Add the routes."""
    _register_of_network(server, services)

    @server.get(STRETCHES_PATH)
    def stretches() -> ResponseReturnValue:
        view = services.traffic.view()
        if view is None:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, NOTHING_YET)
        return api_answer(origin(view) | {"stretches": stretch_rows(view)})

    @server.get("/api/v1/corridors")
    def corridors() -> ResponseReturnValue:
        view = services.traffic.view()
        if view is None:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, NOTHING_YET)
        rows = [corridor_row(time, view.network.segment_ids) for time in view.corridor_times]
        return api_answer(origin(view) | {"corridors": rows})

    @server.get(STRETCHES_CSV_PATH)
    def stretches_csv() -> ResponseReturnValue:
        view = services.traffic.view()
        if view is None:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, NOTHING_YET)
        return api_table(_COLUMNS, stretch_rows(view), "stretches.csv")


def _register_of_network(server: Flask, services: Services) -> None:
    """Add what the page asks for by the version of a network.

    Browsers ask each time whether it is still the same, for a road may be called otherwise after
    an update of the code.
    """

    def add(name: str, encode: Callable[[Network], bytes]) -> None:
        @kept(1)
        def document_of(version: str) -> Document:
            return Document(encode(services.store.network(version)), JSON)

        @server.get(f"/network/<version>/{name}", endpoint=f"{name}_of_network")
        def document(version: str) -> Response:
            try:
                found = document_of(version)
            except StorageError:
                return problem(HTTPStatus.NOT_FOUND, "no such network")
            return conditional(asked_again(send_document(found)))

    add("stretches", encode_stretches)
    add("places", encode_places)


def encode_stretches(network: Network) -> bytes:
    """What each stretch is called, and of which one each segment is, in the network's order."""
    return orjson.dumps(
        {
            "stretches": [stretch_parts(stretch) for stretch in network.stretches],
            "of": network.stretch_codes.tolist(),
        }
    )


def origin(view: TrafficView) -> dict[str, Any]:
    """What figures of places are of."""
    snapshot = view.snapshot
    return {
        "observed_at": snapshot.observed_at,
        "source": snapshot.source,
        "version": snapshot.version,
        "network_version": snapshot.network_version,
    }


def stretch_rows(view: TrafficView) -> list[dict[str, Any]]:
    """All stretches that lose time, the one that loses the most first."""
    ids = view.network.segment_ids
    found = worst_stretches(view.network, view.snapshot, view.usual_time_s)
    return [_row(worst, ids) for worst in found]


def corridor_row(time: CorridorTime, ids: tuple[str, ...]) -> dict[str, Any]:
    """A corridor as the API tells it."""
    way = time.corridor.way
    return {
        "key": way.key,
        "name": way.name,
        "towards": way.towards,
        "side": way.side,
        "length_m": round(time.corridor.length_m),
        "now_s": _rounded(time.now_s),
        "free_flow_s": _rounded(time.free_flow_s),
        "usual_s": _rounded(time.usual_s),
        "known_share": round(time.known_share, 2),
        "is_closed": time.is_closed,
        "segment_ids": [ids[place] for place in time.corridor.segments],
    }


def _rounded(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds)


def _row(worst: WorstStretch, ids: tuple[str, ...]) -> dict[str, Any]:
    stretch = worst.stretch
    return {
        "key": stretch.key,
        "road": stretch.road,
        "label": stretch.label,
        "direction": stretch.direction,
        "sector": stretch.sector,
        "start": stretch.start or None,
        "end": stretch.end or None,
        "length_m": round(stretch.length_m),
        "speed_kmh": round(worst.speed_kmh, 1),
        "delay_s": round(worst.delay_s),
        "delay_against_usual_s": _rounded(worst.usual_delay_s),
        "jam_km": round(worst.jam_km, 2),
        "worst_segment_id": ids[worst.segment_index],
        "segment_ids": [ids[place] for place in stretch.segments],
    }
