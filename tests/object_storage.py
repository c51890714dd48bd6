"""A server of S3 that a package brings (moto's, over HTTP), with faults that a test asks for.

It answers as S3 does as far as it is asked here; that a real one does so too, nothing here shows.
What it keeps lies in this process: killed and started again, it has it all, until it is wiped.
"""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Literal
from weakref import WeakSet

from moto.backends import get_backend
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from tests.ports import HOST, free_port, wait_for_port

BUCKET = "traffic"
Fault = Literal["deny", "hang", "cut", "damage"]
Environment = dict[str, Any]
StartResponse = Callable[..., Any]


class _Quiet(WSGIRequestHandler):
    def log(self, *_told: object) -> None:
        pass


class ObjectStorage:
    """The server, its objects, its faults, and how often it was asked for what."""

    def __init__(self) -> None:
        self.port = free_port()
        self.fault: Fault | None = None
        # Requests that a fault is of; by default all.
        self.is_meant: Callable[[str, str], bool] = lambda method, path: True
        self.asked: Counter[str] = Counter()
        self.bytes_in = 0
        # The paths of requests that a fault lets hang.
        self.held_up = ""
        self._read: list[str] = []
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._released = threading.Event()
        self._server: BaseWSGIServer | None = None
        self._connections: WeakSet[socket.socket] = WeakSet()

    @property
    def url(self) -> str:
        return (
            f"s3://{BUCKET}/town?endpoint_override={HOST}:{self.port}&scheme=http&region=us-east-1"
        )

    @property
    def listening_socket(self) -> socket.socket:
        assert self._server is not None
        listening: socket.socket = self._server.socket
        return listening

    def start(self) -> None:
        wait_for_port(self.port)
        self._server = make_server(
            HOST, self.port, self._answer, threaded=True, request_handler=_Quiet
        )
        self._server.daemon_threads = True  # type: ignore[attr-defined]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """As if it were killed: whoever is connected is cut off, nobody gets in."""
        if self._server is not None:
            self._released.set()
            self._server.shutdown()
            self._server.server_close()
            self._server = None
            for connection in list(self._connections):
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def wipe(self) -> None:
        """Everything is lost; the bucket is there and empty."""
        self.heal()
        self._read.clear()
        backend = self._backend()
        backend.reset()
        backend.create_bucket(BUCKET, "us-east-1")

    def names(self) -> set[str]:
        return set(self._backend().buckets[BUCKET].keys.keys())

    def content(self, name: str) -> bytes:
        content: bytes = self._backend().get_object(BUCKET, name).value
        return content

    def wanted(self, ending: str) -> int:
        """How many objects with such a name were read, the same one again counted again."""
        return sum(name.endswith(ending) for name in self._read)

    def remove(self, name: str) -> None:
        self._backend().delete_object(BUCKET, name)

    def fail(
        self, fault: Fault, is_meant: Callable[[str, str], bool] = lambda method, path: True
    ) -> None:
        self._released.clear()
        self.is_meant, self.fault = is_meant, fault

    def heal(self) -> None:
        self.fault, self.held_up = None, ""
        self._released.set()

    def _backend(self) -> Any:
        return get_backend("s3")["123456789012"]["aws"]

    def _answer(self, environ: Environment, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self._connections.add(environ["werkzeug.socket"])
        self.asked[method] += 1
        if method == "GET":
            self._read.append(path)
        if method == "PUT":
            # A client that signs each chunk tells the length of the whole apart.
            told = environ.get("HTTP_X_AMZ_DECODED_CONTENT_LENGTH") or environ.get("CONTENT_LENGTH")
            self.bytes_in += int(told or 0)
        fault = self.fault if self.is_meant(method, path) else None
        if fault == "hang":
            self.held_up += path
            self._released.wait(60)
        if fault == "deny":
            start_response("403 Forbidden", [("Content-Type", "application/xml")])
            return [b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"]
        if fault in {"cut", "damage"} and method == "GET":
            return self._spoilt(environ, start_response)
        return self._moto(environ, start_response)

    def _spoilt(self, environ: Environment, start_response: StartResponse) -> Iterable[bytes]:
        told: list[Any] = []
        body = b"".join(self._moto(environ, lambda *given: told.extend(given)))
        start_response(*told)
        if self.fault == "cut":
            return [body[: len(body) // 2]]
        return [body[:-1] + bytes([body[-1] ^ 1])] if body else [body]
