"""The demo feed over HTTP, at the path of the live one: for tests and demonstrations."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import urlsplit

import orjson

from services.observe.demo.feed import DemoFeed

LOOPBACK: Final = "127.0.0.1"
EXPORT_PATH: Final = "/api/explore/v2.1/catalog/datasets/etat-du-trafic-en-temps-reel/exports/json"

_SOCKET_TIMEOUT_SECONDS: Final = 30

logger = logging.getLogger(__name__)


class DemoServer(ThreadingHTTPServer):
    """Serves a demo feed on the loopback interface.

    Parameters
    ----------
    port : int
        0 takes a free one; `url` says which.
    clock : callable
        Gives the aware instant that each reply is about.

    Raises
    ------
    OSError
        If the port is taken.
    """

    daemon_threads = True
    # A second server on the same port must fail, not share it.
    allow_reuse_port = False

    def __init__(self, feed: DemoFeed, port: int, clock: Callable[[], datetime]) -> None:
        self._feed = feed
        self._clock = clock
        super().__init__((LOOPBACK, port), _Handler)

    @property
    def url(self) -> str:
        """The address to give as the feed's."""
        return f"http://{LOOPBACK}:{self.server_port}{EXPORT_PATH}"

    def reply(self) -> bytes:
        """Return the feed's reply now."""
        return self._feed.reply(self._clock())


class _Handler(BaseHTTPRequestHandler):
    server: DemoServer
    protocol_version = "HTTP/1.1"
    timeout = _SOCKET_TIMEOUT_SECONDS

    def do_GET(self) -> None:
        if urlsplit(self.path).path.rstrip("/") == EXPORT_PATH:
            self._answer(HTTPStatus.OK, self.server.reply())
        else:
            message = {"message": f"Unknown path; the feed is at {EXPORT_PATH}"}
            self._answer(HTTPStatus.NOT_FOUND, orjson.dumps(message))

    def _answer(self, status: HTTPStatus, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            logger.debug("the caller hung up")
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        # The default writes the caller's address to the terminal.
        logger.debug(format, *args)
