"""Documents the browser fetches once per version, compressed once: network and details."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Final

import flask_bootstrap
from flask import Flask, Response, request

from callbacks.problems import problem
from services.assembly import Services
from services.errors import StorageError
from services.geojson import encode_compared, encode_details
from services.latest import TrafficView

BOOTSTRAP_PATH: Final = "/vendor/bootstrap.min.css"
IMMUTABLE: Final = "public, max-age=31536000, immutable"
_GZIP_LEVEL: Final = 9
# Two networks live side by side while browsers move from one to the next.
_KEPT_NETWORKS: Final = 2
_BOOTSTRAP_CSS: Final = (
    Path(flask_bootstrap.__file__).parent / "static/bootstrap5/css/bootstrap.min.css"
)
# What a spreadsheet begins to reckon at, in full width too.
_FORMULA_SIGNS: Final = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


@dataclass(frozen=True)
class Document:
    """A body with its compressed twin."""

    body: bytes
    gzipped: bytes
    content_type: str


def make_document(body: bytes, content_type: str) -> Document:
    """Compress a body once for all its readers."""
    return Document(body, gzip.compress(body, _GZIP_LEVEL, mtime=0), content_type)


def send_document(document: Document) -> Response:
    """Answer with the compressed twin where the client takes it."""
    takes_gzip = request.accept_encodings.quality("gzip") > 0
    response = Response(
        document.gzipped if takes_gzip else document.body, content_type=document.content_type
    )
    if takes_gzip:
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    return response


def send_csv(rows: Iterable[Sequence[object]], file_name: str) -> Response:
    """A table to keep, as spreadsheets open it."""
    response = Response("\ufeff" + csv_text(rows), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f"attachment; filename={file_name}"
    response.headers["Cache-Control"] = "no-store"
    return response


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    r"""Rows of a table with semicolons between, no text of which a spreadsheet takes for a formula.

    Such a text gets an apostrophe in front (OWASP, "CSV Injection"); numbers stay numbers.

    >>> csv_text([["=1+1", "rue de Vern", -1.5]])
    "'=1+1;rue de Vern;-1.5\r\n"
    """
    stream = io.StringIO()
    csv.writer(stream, delimiter=";").writerows(
        [f"'{cell}" if _is_formula(cell) else cell for cell in row] for row in rows
    )
    return stream.getvalue()


def _is_formula(cell: object) -> bool:
    return isinstance(cell, str) and cell.startswith(_FORMULA_SIGNS)


def nothing() -> Response:
    """What is asked for is not there now, which is nobody's fault: no error in any console."""
    response = Response(status=HTTPStatus.NO_CONTENT.value)
    response.headers["Cache-Control"] = "no-store"
    return response


def register(server: Flask, services: Services) -> None:
    """Add the routes of the network, what goes with the current snapshot, and Bootstrap's CSS."""
    _register_of_snapshot(server, services)

    @lru_cache(maxsize=_KEPT_NETWORKS)
    def network_document(version: str) -> Document:
        return make_document(services.store.network_document(version), "application/geo+json")

    @server.get("/network/<version>.geojson")
    def network(version: str) -> Response:
        try:
            document = network_document(version)
        except StorageError:
            return problem(HTTPStatus.NOT_FOUND, "no such network")
        return _immutable(send_document(document))

    @lru_cache(maxsize=1)
    def bootstrap_document() -> Document:
        return make_document(_BOOTSTRAP_CSS.read_bytes(), "text/css; charset=utf-8")

    @server.get(BOOTSTRAP_PATH)
    def bootstrap_css() -> Response:
        return _immutable(send_document(bootstrap_document()))


def _register_of_snapshot(server: Flask, services: Services) -> None:
    """Add what is asked for by the version of the current snapshot, and only of it."""

    @lru_cache(maxsize=1)
    def details_document(view: TrafficView) -> Document:
        return make_document(encode_details(view.snapshot, view.compared), "application/json")

    @server.get("/snapshot/<version>/details")
    def details(version: str) -> Response:
        view = services.traffic.view()
        if view is None or view.snapshot.version != version:
            return nothing()
        return _immutable(send_document(details_document(view)))

    @lru_cache(maxsize=1)
    def compared_document(view: TrafficView) -> Document | None:
        if view.compared is None:
            return None
        return make_document(encode_compared(view.snapshot, view.compared), "application/json")

    @server.get("/snapshot/<version>/compared")
    def compared(version: str) -> Response:
        view = services.traffic.view()
        if view is None or view.snapshot.version != version:
            return nothing()
        document = compared_document(view)
        if document is None:
            return nothing()
        return _immutable(send_document(document))


def _immutable(response: Response) -> Response:
    response.headers["Cache-Control"] = IMMUTABLE
    return response
