"""Documents that many visitors fetch, made and compressed once for all: network and details."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from flask import Flask, Response

from callbacks.http.answers import (
    GEOJSON,
    JSON,
    Document,
    immutable,
    kept,
    nothing,
    send_document,
    send_lasting,
)
from callbacks.http.problems import problem
from services.base.errors import StorageError
from services.roles.assembly import Services
from services.web.events import current_events, encode_events
from services.web.geojson import encode_details
from services.web.latest import TrafficView
from services.web.map_names import encode_names
from services.web.zone_places import encode_zone_places

log = logging.getLogger(__name__)

# Two networks live side by side while browsers move from one to the next.
_KEPT_NETWORKS: Final = 2


def register(server: Flask, services: Services) -> None:
    """Add the routes of the network and of what goes with the current snapshot."""
    _register_of_network(server, services)
    _register_of_snapshot(server, services)


def _register_of_network(server: Flask, services: Services) -> None:
    """Add what is asked for by the version of a network."""

    def add(path: str, name: str, encode: Callable[[str], bytes]) -> None:
        @kept(_KEPT_NETWORKS)
        def document_of(version: str) -> Document:
            return Document(encode(version), GEOJSON)

        @server.get(path, endpoint=name)
        def document(version: str) -> Response:
            try:
                found = document_of(version)
            except StorageError:
                return problem(HTTPStatus.NOT_FOUND, "no such network")
            return send_lasting(found)

    store = services.store
    add("/network/<version>.geojson", "network", store.network_document)
    add(
        "/network/<version>/names",
        "names",
        lambda version: encode_names(store.network(version)),
    )


def _register_of_snapshot(server: Flask, services: Services) -> None:
    """Add what is asked for by the version of the current snapshot, and only of it."""

    def add(name: str, encode: Callable[[TrafficView], bytes]) -> None:
        @kept(1)
        def document_of(view: TrafficView) -> Document:
            return Document(encode(view), JSON)

        @server.get(f"/snapshot/<version>/{name}", endpoint=name)
        def document(version: str) -> Response:
            view = services.traffic.view()
            if view is None or view.snapshot.version != version:
                return nothing()
            try:
                return immutable(send_document(document_of(view)))
            except StorageError as error:
                log.error("%s cannot be told: %s", name, error)
                return nothing()

    def encode_current_events(view: TrafficView) -> bytes:
        return encode_events(view, current_events(services.operations.reading, view))

    add("details", lambda view: encode_details(view.snapshot, view.compared))
    add("events", encode_current_events)
    add("zone-places", encode_zone_places)
