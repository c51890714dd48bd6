"""Documents that many visitors fetch, made and compressed once for all: network and details."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import threading
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import lru_cache, partial, wraps
from http import HTTPStatus
from typing import Final, TypeVar

import brotli
from flask import Flask, Response, request

from callbacks.http.problems import problem
from services.base.errors import StorageError
from services.roles.assembly import Services
from services.web.geojson import encode_compared, encode_details
from services.web.latest import TrafficView

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

_IMMUTABLE: Final = "public, max-age=31536000, immutable"
# In the order of preference. The first page of a process waits for its largest script: 70 ms at
# this level, 250 ms at level 9 for 4 % less, 7 s at level 11 for 14 % less.
_ENCODERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "br": partial(brotli.compress, quality=5),
    "gzip": partial(gzip.compress, compresslevel=9, mtime=0),
}
# Two networks live side by side while browsers move from one to the next.
_KEPT_NETWORKS: Final = 2
# What a spreadsheet begins to reckon at, in full width too.
_FORMULA_SIGNS: Final = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


class Document:
    """A body and its compressed twins, each made when the first reader takes it.

    Parameters
    ----------
    body : bytes
    content_type : str
    """

    def __init__(self, body: bytes, content_type: str) -> None:
        self.content_type = content_type
        self.tag = hashlib.sha256(body).hexdigest()[:32]
        self._encoded = {"identity": body}
        self._encoding = threading.Lock()

    def encoded(self, encoding: str) -> bytes:
        """The body, as one of the encodings that are known here."""
        if encoding not in self._encoded:
            with self._encoding:
                # Another reader may have been faster.
                if encoding not in self._encoded:
                    self._encoded[encoding] = _ENCODERS[encoding](self._encoded["identity"])
        return self._encoded[encoding]


def kept(most: int) -> Callable[[Callable[[K], T]], Callable[[K], T]]:
    """Decorator: the last results are kept; each is made by one thread, and the others wait."""

    def decorate(make: Callable[[K], T]) -> Callable[[K], T]:
        cached, making = lru_cache(most)(make), threading.Lock()

        @wraps(make)
        def once(key: K) -> T:
            with making:
                return cached(key)

        return once

    return decorate


class SentDocument(Response):
    """An answer that nothing needs to compress any more."""


def send_document(document: Document) -> Response:
    """Answer with the smallest twin that the client takes."""
    encoding = request.accept_encodings.best_match(_ENCODERS) or "identity"
    response = SentDocument(document.encoded(encoding), content_type=document.content_type)
    if encoding != "identity":
        response.headers["Content-Encoding"] = encoding
    response.vary.add("Accept-Encoding")
    response.set_etag(f"{document.tag}-{encoding}")
    return response


def immutable(response: Response) -> Response:
    """Have browsers keep an answer whose address changes when its content does."""
    response.headers["Cache-Control"] = _IMMUTABLE
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
    """Add the routes of the network and of what goes with the current snapshot."""
    _register_of_snapshot(server, services)

    @kept(_KEPT_NETWORKS)
    def network_document(version: str) -> Document:
        return Document(services.store.network_document(version), "application/geo+json")

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
        return Document(encode_details(view.snapshot, view.compared), "application/json")

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
        return Document(encode_compared(view.snapshot, view.compared), "application/json")

    @server.get("/snapshot/<version>/compared")
    def compared(version: str) -> Response:
        view = services.traffic.view()
        if view is None or view.snapshot.version != version:
            return nothing()
        document = compared_document(view)
        if document is None:
            return nothing()
        return immutable(send_document(document))
