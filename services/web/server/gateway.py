"""From the loop to a thread and back: whole requests to a WSGI application, answers by slices."""

from __future__ import annotations

import asyncio
import io
import json
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIApplication, WSGIEnvironment

from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, HTTPScope

from services.web.server import awaited
from services.web.server.limits import (
    BODY_SECONDS,
    MAX_LARGE_BODIES_BYTES,
    MIN_BYTES_PER_SECOND,
    SLICE_BYTES,
    SMALL_BODY_BYTES,
    max_body_bytes,
)

Headers = list[tuple[bytes, bytes]]

_RETRY_SECONDS: Final = b"5"
# What never has a body has no length to tell either (RFC 9110, 8.6).
_WITHOUT_BODY: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


@dataclass(frozen=True)
class Answer:
    """Whole, in memory."""

    status: int
    headers: Headers
    content: bytes


class Refused(Exception):
    """A body that will not be answered, with the status that says why."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class Gone(Exception):
    """Nobody is left to be answered."""


@dataclass
class Body:
    """What has come of a request's body, and how much of it counts as large."""

    content: io.BytesIO = field(default_factory=io.BytesIO)
    size: int = 0
    counted: int = 0


class Gateway:
    """An ASGI application that hands whole requests to the threads of a WSGI application."""

    def __init__(self, application: WSGIApplication, threads: int) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="answer")
        # Of all bodies; only the loop counts.
        self._large_bytes = 0

    async def __call__(
        self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Read a request to its end, have it answered, send the answer slice by slice."""
        body = Body()
        try:
            await self._read(body, scope, receive)
            answer = await self._answered(scope, body, receive)
        except Gone:
            return
        except Refused as refused:
            answer = _refusal(refused.status)
        finally:
            self._large_bytes -= body.counted
        await _send(answer, send)

    async def _answered(self, scope: HTTPScope, body: Body, receive: ASGIReceiveCallable) -> Answer:
        """Have a request answered; whoever answers it is told when its sender leaves.

        Raises
        ------
        Gone
            Before it was begun.
        """
        gone = threading.Event()
        leaving = asyncio.ensure_future(_noted(gone, receive))
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._answer, scope, body, gone)
        finally:
            leaving.cancel()

    async def _read(self, body: Body, scope: HTTPScope, receive: ASGIReceiveCallable) -> None:
        """Fill a body within its time.

        What is refused is read on and thrown away, up to twice of what is allowed, so that its
        sender gets to read the answer.

        Raises
        ------
        Refused
            Coded (501), too large (413), no room for it now (503), too slow (408).
        Gone
        """
        most, came = max_body_bytes(scope["path"]), 0
        refused = HTTPStatus.NOT_IMPLEMENTED if _is_coded(scope["headers"]) else None
        end = asyncio.get_running_loop().time() + BODY_SECONDS
        try:
            async with asyncio.timeout_at(end) as limit:
                while True:
                    message = await receive()
                    if message["type"] != "http.request":
                        raise Gone
                    came += len(message["body"])
                    refused = refused or self._take(body, message["body"], most)
                    if not message["more_body"] or came > 2 * most:
                        break
                    limit.reschedule(end + came / MIN_BYTES_PER_SECOND)
        except TimeoutError:
            refused = HTTPStatus.REQUEST_TIMEOUT
        if refused is not None:
            raise Refused(refused)
        body.content.seek(0)

    def _take(self, body: Body, piece: bytes, most: int) -> HTTPStatus | None:
        """Add a piece to a body, or say why not."""
        size = body.size + len(piece)
        if size > most:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        more = size - body.counted if size > SMALL_BODY_BYTES else 0
        if self._large_bytes + more > MAX_LARGE_BODIES_BYTES:
            return HTTPStatus.SERVICE_UNAVAILABLE
        self._large_bytes += more
        body.counted += more
        body.size = size
        body.content.write(piece)
        return None

    def _answer(self, scope: HTTPScope, body: Body, gone: threading.Event) -> Answer:
        """Ask the application, in a thread."""
        if gone.is_set():
            raise Gone
        begun: list[tuple[int, Headers]] = []
        written: list[bytes] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], _error: object = None, /
        ) -> Callable[[bytes], object]:
            lines = [(n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in headers]
            begun[:] = [(int(status[:3]), lines)]
            return written.append

        with ExitStack() as stack:
            environ = environ_of(scope, body)
            environ[awaited.KEY] = lambda: not gone.is_set()
            parts = self._application(environ, start_response)
            if hasattr(parts, "close"):
                stack.callback(parts.close)
            # One part alone is not copied: many may wait for the same kept document.
            content = b"".join([*written, *parts])
        [(code, headers)] = begun
        return Answer(code, headers, content)


def _is_coded(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a body is in a coding that is not taken off here (RFC 9112, 6.1)."""
    return any(
        name == b"transfer-encoding" and value.strip().lower() != b"chunked"
        for name, value in headers
    )


async def _noted(gone: threading.Event, receive: ASGIReceiveCallable) -> None:
    """Wait for whoever sent a request to leave."""
    while (await receive())["type"] != "http.disconnect":
        pass
    gone.set()


def environ_of(scope: HTTPScope, body: Body) -> WSGIEnvironment:
    """A request as WSGI has it (PEP 3333)."""
    server_host, server_port = scope["server"] or ("localhost", None)
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server_host,
        "SERVER_PORT": str(server_port or ""),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0] if scope["client"] else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body.content,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        # "X_Forwarded_For" would pass for the header that a proxy writes.
        if b"_" not in name:
            key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
            text = value.decode("latin-1")
            # A semicolon between cookies (RFC 9113, 8.2.3), else a comma (RFC 9110, 5.3).
            between = "; " if name == b"cookie" else ","
            environ[key] = f"{environ[key]}{between}{text}" if key in environ else text
    for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        told = environ.pop(f"HTTP_{key}", None)
        if told is not None:
            environ[key] = told
    if body.size:
        # A body that comes in pieces does not tell how long it will be.
        environ["CONTENT_LENGTH"] = str(body.size)
    return environ


def _refusal(status: HTTPStatus) -> Answer:
    """An answer of the API's form (RFC 9457); the connection is of no use any more."""
    told = {"type": "about:blank", "title": status.phrase, "status": status.value}
    content = json.dumps(told).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(content)).encode()),
        (b"connection", b"close"),
    ]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append((b"retry-after", _RETRY_SECONDS))
    return Answer(status, headers, content)


async def _send(answer: Answer, send: ASGISendCallable) -> None:
    headers = answer.headers
    if answer.status not in _WITHOUT_BODY and all(name != b"content-length" for name, _ in headers):
        headers = [*headers, (b"content-length", str(len(answer.content)).encode())]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    for start in range(0, max(len(answer.content), 1), SLICE_BYTES):
        end = start + SLICE_BYTES
        # Others get their turn, and that the reader has left is heard of before the next slice.
        await asyncio.sleep(0)
        # Waits until the slice before it has been sent.
        await send(
            {
                "type": "http.response.body",
                "body": answer.content[start:end],
                "more_body": end < len(answer.content),
            }
        )
