"""Roadworks: a document that the browser fetches once per version, and the API."""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Response
from flask.typing import ResponseReturnValue

from callbacks.http.answers import (
    GEOJSON,
    JSON,
    Document,
    asked_again,
    conditional,
    for_all_sites,
    immutable,
    kept,
    nothing,
    send_document,
)
from callbacks.http.problems import problem
from services.roles.assembly import Services
from services.web.roadworks import RoadworksView, encode_api, encode_page


def current(services: Services) -> RoadworksView | None:
    """The roadworks that go with what is shown, today; None where nothing is told of them."""
    return services.roadworks.view(services.traffic.view(), services.today())


def register(server: Flask, services: Services) -> None:
    """Add the routes of roadworks."""

    @kept(1)
    def api_document(view: RoadworksView) -> Document:
        return Document(encode_api(view), GEOJSON)

    @kept(1)
    def page_document(view: RoadworksView) -> Document:
        return Document(encode_page(view), JSON)

    @server.get("/api/v1/roadworks")
    def roadworks_api() -> ResponseReturnValue:
        view = current(services)
        if view is None:
            return problem(
                HTTPStatus.SERVICE_UNAVAILABLE, "no list of roadworks has been received yet"
            )
        return conditional(for_all_sites(asked_again(send_document(api_document(view)))))

    @server.get("/roadworks/<version>")
    def roadworks_page(version: str) -> Response:
        view = current(services)
        if view is None or view.version != version:
            return nothing()
        return immutable(send_document(page_document(view)))
