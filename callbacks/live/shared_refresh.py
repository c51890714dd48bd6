"""A refresh by GET, for a cache that stands in front: what is current, and news by what they hold.

Whoever asks within the same seconds gets the same few words from the cache, and of what is news to
them a document that never changes: visitors cost the cache, not Python. Nothing in these answers
depends on who asks. What cannot be had so, a page asks for by its callback (:mod:`.refresh`).
Pages without a refresh ask here how old the data are, with a cache or without.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import date
from http import HTTPStatus
from typing import Any, Final

import orjson
from flask import Flask, Response

from callbacks.http import day, roadworks
from callbacks.http.answers import (
    JSON,
    Document,
    immutable,
    kept,
    kept_briefly,
    send_document,
)
from callbacks.http.problems import problem
from callbacks.live.refresh import snapshot_age, snapshot_payload
from callbacks.live.zone_table import zone_table, zone_table_version
from services.base.errors import ForecastUnavailable
from services.forecast.zone_forecasts import ForecastTable
from services.roles.assembly import Services
from services.web.latest import TrafficView

POINTER_PATH: Final = "/live/current"
DOCUMENT_PATH: Final = "/live/{version}"
# What is current and what was before: a cache may be some seconds behind this host, which may have
# told of forecasts and of three snapshots since.
_DOCUMENTS_KEPT: Final = 8


class _RecentDocuments:
    """The documents made last, by their marks."""

    def __init__(self) -> None:
        self._documents: dict[str, Document] = {}
        self._adding = threading.Lock()

    def made(self, content: object) -> Document:
        """A document, kept."""
        document = Document(orjson.dumps(content), JSON)
        with self._adding:
            self._documents[document.tag] = document
            if len(self._documents) > _DOCUMENTS_KEPT:
                del self._documents[next(iter(self._documents))]
        return document

    def find(self, mark: str) -> Document | None:
        """The document of a mark, if it was made lately."""
        return self._documents.get(mark)


def register(server: Flask, services: Services) -> None:
    """Add the routes."""
    recent = _RecentDocuments()

    @kept(1)
    def of_snapshot(view: TrafficView) -> Document:
        return recent.made(snapshot_payload(view))

    @kept(1)
    def of_forecasts(shown: tuple[ForecastTable, date]) -> Document:
        return recent.made(zone_table(services.city, *shown))

    def current(view: TrafficView) -> dict[str, Any]:
        """What pages compare with what they show."""
        placed, curve = roadworks.current(services), day.current(services)
        told: dict[str, Any] = {
            "time": int(services.clock().timestamp()),
            "snapshot": {
                "version": view.snapshot.version,
                **snapshot_age(view),
                "document": of_snapshot(view).tag,
            },
            "roadworks": None if placed is None else placed.mark,
        }
        if curve is not None:
            told["day"] = curve.version
        # Without a model the page keeps what it has.
        with suppress(ForecastUnavailable):
            shown = services.forecasts.shown(services.shown_source()), services.today()
            document = of_forecasts(shown)
            told["forecasts"] = {"version": zone_table_version(*shown), "document": document.tag}
        return told

    @server.get(POINTER_PATH)
    def live_pointer() -> Response:
        view = services.traffic.view()
        if view is None:
            return problem(HTTPStatus.NOT_FOUND, "there is no snapshot here yet")
        body = orjson.dumps(current(view))
        return kept_briefly(Response(body, content_type=JSON))

    @server.get("/live/<version>")
    def live_document(version: str) -> Response:
        document = recent.find(version)
        if document is None and (view := services.traffic.view()) is not None:
            # Another process of this host may have told of it.
            current(view)
            document = recent.find(version)
        if document is None:
            # Nobody keeps that this host has it not: another one may.
            return problem(HTTPStatus.NOT_FOUND, "no such news here: newer ones, or not yet")
        return immutable(send_document(document))
