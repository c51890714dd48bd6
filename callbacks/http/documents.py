"""Documents that many visitors fetch, made and compressed once for all: network and details."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Flask, Response

from callbacks.http.answers import GEOJSON, JSON, Document, immutable, kept, nothing, send_document
from callbacks.http.problems import problem
from services.base.errors import StorageError
from services.roles.assembly import Services
from services.web.geojson import encode_compared, encode_details
from services.web.latest import TrafficView

# Two networks live side by side while browsers move from one to the next.
_KEPT_NETWORKS: Final = 2


def register(server: Flask, services: Services) -> None:
    """Add the routes of the network and of what goes with the current snapshot."""
    _register_of_snapshot(server, services)

    @kept(_KEPT_NETWORKS)
    def network_document(version: str) -> Document:
        return Document(services.store.network_document(version), GEOJSON)

    @server.get("/network/<version>.geojson")
    def network(version: str) -> Response:
        try:
            document = network_document(version)
        except StorageError:
            return problem(HTTPStatus.NOT_FOUND, "no such network")
        return immutable(send_document(document))


def _register_of_snapshot(server: Flask, services: Services) -> None:
    """Add what is asked for by the version of the current snapshot, and only of it."""

    @kept(1)
    def details_document(view: TrafficView) -> Document:
        return Document(encode_details(view.snapshot, view.compared), JSON)

    @server.get("/snapshot/<version>/details")
    def details(version: str) -> Response:
        view = services.traffic.view()
        if view is None or view.snapshot.version != version:
            return nothing()
        return immutable(send_document(details_document(view)))

    @kept(1)
    def compared_document(view: TrafficView) -> Document | None:
        if view.compared is None:
            return None
        return Document(encode_compared(view.snapshot, view.compared), JSON)

    @server.get("/snapshot/<version>/compared")
    def compared(version: str) -> Response:
        view = services.traffic.view()
        if view is None or view.snapshot.version != version:
            return nothing()
        document = compared_document(view)
        if document is None:
            return nothing()
        return immutable(send_document(document))
