"""A feed server on loopback that misbehaves as a test asks."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[BaseHTTPRequestHandler, int], None]
"""Answers one request, given its number from 0."""


class FaultServer:
    """The address of a running server, and how many requests it had."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/feed"
        self.requests = 0
        self.released = threading.Event()


@contextlib.contextmanager
def fault_server(answer: Answer) -> Iterator[FaultServer]:
    """Serve with ``answer`` until left."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            number, state.requests = state.requests, state.requests + 1
            with contextlib.suppress(ConnectionError):
                answer(self, number)

        def log_message(self, *args: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state = FaultServer(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        state.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


def reply_with(
    body: bytes = b"", status: int = 200, headers: dict[str, str] | None = None
) -> Answer:
    """An answer that is always the same."""

    def answer(handler: BaseHTTPRequestHandler, _number: int) -> None:
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def in_turn(*answers: Answer) -> Answer:
    """One answer after the other; the last one stays."""

    def answer(handler: BaseHTTPRequestHandler, number: int) -> None:
        answers[min(number, len(answers) - 1)](handler, number)

    return answer


@contextlib.contextmanager
def dripping_server(first: bytes, unit: bytes, every_s: float = 0.02) -> Iterator[str]:
    """The host and port of a server that sends a beginning, then a bit now and then, for ever."""
    ended = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(ConnectionError):
                self.request.sendall(first)
                while not ended.wait(every_s):
                    self.request.sendall(unit)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            ended.set()
            server.shutdown()
            thread.join()
