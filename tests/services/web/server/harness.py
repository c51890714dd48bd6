"""A small application served in a thread of the tests, as the web role is."""

from __future__ import annotations

import contextlib
import functools
import socket
import threading
from collections.abc import Iterator

from uvicorn import Config, Server

from services.web.server.connections import Connections, DeadlineProtocol
from services.web.server.gateway import Gateway
from services.web.server.worker import WebWorker
from tests.ports import HOST
from tests.waiting import wait_until


class Client:
    """A connection that sends what it is told, byte by byte if need be."""

    def __init__(self, port: int, received_bytes: int | None = None) -> None:
        self.socket = socket.socket()
        if received_bytes is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, received_bytes)
        self.socket.settimeout(30)
        try:
            self.socket.connect((HOST, port))
        except OSError:
            self.socket.close()
            raise

    def send(self, text: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            self.socket.sendall(text)

    def read(self) -> bytes:
        """All until the server closes."""
        parts = []
        with contextlib.suppress(ConnectionError):
            while part := self.socket.recv(65_536):
                parts.append(part)
        return b"".join(parts)

    def is_open(self) -> bool:
        self.socket.setblocking(False)
        try:
            return self.socket.recv(1, socket.MSG_PEEK) != b""
        except BlockingIOError:
            return True
        except ConnectionError:
            return False
        finally:
            self.socket.settimeout(30)


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


def ask(port: int, head: str, body: bytes = b"") -> bytes:
    """One request on a connection of its own, and all that comes back."""
    with contextlib.closing(Client(port).socket) as connection:
        lines = [head, f"Host: {HOST}", "Connection: close", "", ""]
        connection.sendall("\r\n".join(lines).encode() + body)
        parts = []
        while part := connection.recv(65_536):
            parts.append(part)
        return b"".join(parts)


@contextlib.contextmanager
def served(gateway: Gateway, *, connections: int = 2_000) -> Iterator[int]:
    """The port of a gateway."""
    listening = socket.create_server((HOST, 0), backlog=1_024)
    config = Config(
        app=gateway,
        http=functools.partial(DeadlineProtocol, connections=Connections(connections)),
        log_config=None,
        **{**WebWorker.CONFIG_KWARGS, "backlog": 1_024},
    )
    server = Server(config)
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield listening.getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        thread.join()
        listening.close()
