"""The public API: ``/api/v1/traffic`` and ``/api/v1/forecast``."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import MethodNotAllowed

from callbacks.http.answers import (
    GEOJSON,
    Document,
    api_answer,
    asked_again,
    conditional,
    for_all_sites,
    kept,
    send_document,
)
from callbacks.http.problems import problem
from callbacks.http.segment_forecasts import basis_told, hour_told
from services.forecast.asked_hour import asked_hour
from services.roles.assembly import Services
from services.web.geojson import encode_traffic
from services.web.latest import TrafficView

# What the route of unknown addresses answers itself.
_READING: Final = {"GET", "HEAD", "OPTIONS"}


def register(server: Flask, services: Services) -> None:
    """Add the routes of the API."""

    @kept(1)
    def traffic_document(view: TrafficView) -> Document:
        body = encode_traffic(view.network, view.snapshot, view.compared)
        return Document(body, GEOJSON)

    @server.get("/api/v1/traffic")
    def traffic() -> ResponseReturnValue:
        view = services.traffic.view()
        if view is None:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, "no snapshot has been received yet")
        return conditional(for_all_sites(asked_again(send_document(traffic_document(view)))))

    @server.get("/api/v1/forecast")
    def forecast() -> Response:
        return api_answer(_forecast_body(services))

    # Without it, Dash answers any unknown path with its page.
    @server.get("/api/", defaults={"rest": ""})
    @server.get("/api/<path:rest>")
    def unknown(rest: str) -> Response:
        others = set(server.url_map.bind("").allowed_methods(request.path)) - _READING
        if others:
            raise MethodNotAllowed(sorted(others))
        return problem(HTTPStatus.NOT_FOUND, f"there is nothing at /api/{rest}")


def _forecast_body(services: Services) -> dict[str, Any]:
    arguments = request.args
    day, hour = asked_hour(
        services.city, arguments.get("day"), arguments.get("hour"), services.clock()
    )
    zone = services.city.checked_zone(arguments.get("zone"))
    table = services.forecasts.shown(services.shown_source())
    found = table.at(day.like_weekday, hour, zone)
    return {
        **hour_told(day, hour),
        "zone": zone,
        "status": found.status,
        "probabilities": found.probabilities,
        "model_version": table.model_version,
        "trained_on": table.trained_on,
        "simulated": table.is_simulated,
        **basis_told(table.basis(day.like_weekday, hour, zone)),
    }
