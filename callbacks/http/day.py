"""Today's curve of congestion: a document that the browser fetches once per version, and the API.

A refresh carries its version alone.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Flask, Response
from flask.typing import ResponseReturnValue

from callbacks.http.answers import (
    JSON,
    Document,
    api_answer,
    api_table,
    immutable,
    kept,
    nothing,
    send_document,
)
from callbacks.http.problems import problem
from services.roles.assembly import Services
from services.web.day import ROW_NAMES, DayView, api_content, curve_rows, encode_page

CSV_PATH: Final = "/api/v1/congestion.csv"

_NOTHING_YET: Final = "nothing is known of today yet"


def current(services: Services) -> DayView | None:
    """The curve that goes with what is shown; None where nothing is told of today."""
    return services.day.view(services.traffic.view(), services.clock())


def register(server: Flask, services: Services) -> None:
    """Add the routes."""

    @kept(1)
    def page_document(view: DayView) -> Document:
        return Document(encode_page(view), JSON)

    @server.get("/day/<version>")
    def day_page(version: str) -> Response:
        view = current(services)
        if view is None or view.version != version:
            return nothing()
        return immutable(send_document(page_document(view)))

    @server.get("/api/v1/congestion")
    def congestion() -> ResponseReturnValue:
        view = current(services)
        if view is None:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, _NOTHING_YET)
        return api_answer(api_content(view))

    @server.get(CSV_PATH)
    def congestion_csv() -> ResponseReturnValue:
        view = current(services)
        if view is None:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, _NOTHING_YET)
        rows = (dict(zip(ROW_NAMES, row, strict=True)) for row in curve_rows(view))
        return api_table(ROW_NAMES, rows, "congestion.csv")
