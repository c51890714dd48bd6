"""What an answer is made of: its form, how long it is kept, who may read it, and from where."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial, wraps
from http import HTTPStatus
from typing import Final, TypeVar

import brotli
import orjson
from flask import Response, request

from services.base.csv_text import BYTE_ORDER_MARK, csv_text
from services.base.memory import give_back_freed

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

JSON: Final = "application/json"
GEOJSON: Final = "application/geo+json"
# In the order of preference. Who asks first waits for it: at level 11 for seconds.
_ENCODERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "br": partial(brotli.compress, quality=5),
    "gzip": partial(gzip.compress, compresslevel=9, mtime=0),
}
# Half a second for the largest of Dash's bundles, two for the roads; what is larger would take a
# core for too long.
_SMALLEST_QUALITY: Final = 11
_SHRUNK_BYTES: Final = 2_000_000
_SHRUNK_KEPT: Final = 64
# What is current: refreshes are a minute apart, and the traffic changes every three.
_BRIEFLY_S: Final = 2
_WHILE_ASKING_S: Final = 4


class Document:
    """A body and its compressed twins, each made when the first reader takes it.

    Parameters
    ----------
    twins : mapping, optional
        Those that are there already, by encoding.
    """

    def __init__(
        self, body: bytes, content_type: str, twins: Mapping[str, bytes] | None = None
    ) -> None:
        self.content_type = content_type
        self.tag = hashlib.sha256(body).hexdigest()[:32]
        self._encoded = {"identity": body, **(twins or {})}
        self._encoding = threading.Lock()
        # What came with its twin is as small as it gets.
        self._is_shrunk = "br" in self._encoded or len(body) > _SHRUNK_BYTES

    def encoded(self, encoding: str) -> bytes:
        """The body, as one of the encodings that are known here."""
        if encoding not in self._encoded:
            with self._encoding:
                # Another reader may have been faster.
                if encoding not in self._encoded:
                    self._encoded[encoding] = _ENCODERS[encoding](self._encoded["identity"])
        return self._encoded[encoding]

    def shrink(self) -> None:
        """Have the twin that browsers take made as small as it gets, for those who ask later."""
        with self._encoding:
            if self._is_shrunk:
                return
            self._is_shrunk = True
        threading.Thread(target=self._make_smallest, name="smallest twin", daemon=True).start()

    def _make_smallest(self) -> None:
        self._encoded["br"] = _smallest(self._encoded["identity"])
        # Level 11 takes up to a hundred times the body for a moment, in this thread's own share.
        give_back_freed()


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


@kept(_SHRUNK_KEPT)
def _smallest(body: bytes) -> bytes:
    return brotli.compress(body, quality=_SMALLEST_QUALITY)


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


def send_lasting(document: Document) -> Response:
    """Answer with what stays the same for weeks, at an address that changes when it does."""
    response = immutable(send_document(document))
    document.shrink()
    return response


def json_answer(
    content: object, status: HTTPStatus = HTTPStatus.OK, content_type: str = JSON
) -> Response:
    """Plain data and arrays of numbers, of this moment: nobody keeps them."""
    body = orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
    return not_kept(Response(body, status.value, content_type=content_type))


def not_kept(response: Response) -> Response:
    """Have nobody keep an answer."""
    return _cached(response, "no-store")


def asked_again(response: Response) -> Response:
    """Have browsers ask each time whether what they kept is still the same."""
    return _cached(response, "no-cache")


def own_to_visitor(response: Response) -> Response:
    """Have browsers ask each time, and nobody in between keep what is made for one visitor."""
    return _cached(response, "private, no-cache")


def kept_for(response: Response, seconds: int) -> Response:
    """Have browsers, and proxies in front, keep an answer for a while."""
    return _cached(response, f"public, max-age={seconds}")


def kept_briefly(response: Response) -> Response:
    """Have proxies in front ask once in a while for all who ask, and for a moment give the last.

    The moment ends (RFC 5861): where no server answers any more, a proxy must not go on as if.
    """
    return _cached(
        response, f"public, max-age={_BRIEFLY_S}, stale-while-revalidate={_WHILE_ASKING_S}"
    )


def immutable(response: Response) -> Response:
    """Have browsers keep an answer whose address changes when its content does."""
    return _cached(response, "public, max-age=31536000, immutable")


def conditional(response: Response) -> Response:
    """Answer with nothing where the client still has the same."""
    response.add_etag()
    response.make_conditional(request)
    return response


def for_all_sites(response: Response) -> Response:
    """Let the pages of any other site read an answer (CORS)."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def api_answer(content: object) -> Response:
    """What the API tells of the moment, to any site, each time anew."""
    return for_all_sites(asked_again(json_answer(content)))


def api_table(
    columns: Sequence[str], rows: Iterable[Mapping[str, object]], file_name: str
) -> Response:
    """What the API tells of the moment as a table, whose header is there without any row too.

    Times are written as in JSON, lists with spaces between.
    """
    table = [columns, *([_cell(row[name]) for name in columns] for row in rows)]
    return for_all_sites(send_csv(table, file_name))


def send_csv(rows: Iterable[Sequence[object]], file_name: str) -> Response:
    """A table to keep, as spreadsheets open it."""
    response = Response(BYTE_ORDER_MARK + csv_text(rows), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f"attachment; filename={file_name}"
    return not_kept(response)


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return " ".join(value) if isinstance(value, list) else value


def nothing() -> Response:
    """What is asked for is not there now, which is nobody's fault: no error in any console."""
    return not_kept(Response(status=HTTPStatus.NO_CONTENT.value))


def _cached(response: Response, policy: str) -> Response:
    response.headers["Cache-Control"] = policy
    return response
