"""A connection with deadlines, among a bounded number of them."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.web.server.limits import (
    HEADER_SECONDS,
    LISTENING_SECONDS,
    MAX_CONNECTIONS,
    MAX_HEADER_BYTES,
    MAX_WAITING_REQUESTS,
    SLICE_BYTES,
    SLICE_SECONDS,
)

_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


# Linux' linger structure: on, for no time.
_AT_ONCE: Final = struct.pack("ii", 1, 0)


class TooManyRequests(Exception):
    """More were sent than may wait for their turn; the parser stops at it."""


class Connections:
    """Those of a process, the one that has been without a whole request longest first.

    Parameters
    ----------
    most : int
        One more closes the first.
    """

    def __init__(self, most: int = MAX_CONNECTIONS) -> None:
        self._most = most
        self._all: dict[DeadlineProtocol, None] = {}

    def add(self, connection: DeadlineProtocol) -> None:
        """Take in a new one; no number of silent ones keeps it out."""
        self._all[connection] = None
        if len(self._all) > self._most:
            next(iter(self._all)).abort()

    def asked(self, connection: DeadlineProtocol) -> None:
        """A whole request has come by one."""
        if connection in self._all:
            # To the end of the order.
            del self._all[connection]
            self._all[connection] = None

    def remove(self, connection: DeadlineProtocol) -> None:
        """One is closed."""
        self._all.pop(connection, None)


class DeadlineProtocol(HttpToolsProtocol):
    """Uvicorn's HTTP/1.1 with an end to waiting for headers and for readers.

    The whole header has a time, and each slice of an answer: no byte that drips in or out gives
    more of it. The time of a body is the gateway's.

    Parameters
    ----------
    **uvicorns
        As Uvicorn makes its protocols.
    """

    def __init__(self, *, connections: Connections, **uvicorns: Any) -> None:
        super().__init__(**uvicorns)
        self._connections = connections
        self._header_end: asyncio.TimerHandle | None = None
        self._slice_end: asyncio.TimerHandle | None = None
        self._listening_end: asyncio.TimerHandle | None = None
        self._beside_body = 0

    def abort(self) -> None:
        """Close at once, with what the system still has to send: nobody may come for it."""
        connection = self.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Uvicorn's hook."""
        super().connection_made(transport)
        # Told as soon as anything waits for its reader, be it here or with the system.
        transport.set_write_buffer_limits(high=0)
        transport.get_extra_info("socket").setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, SLICE_BYTES
        )
        self._header_end = self._later(HEADER_SECONDS)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Uvicorn's hook."""
        self._connections.remove(self)
        self._header_end = _cancel(self._header_end)
        self._slice_end = _cancel(self._slice_end)
        self._listening_end = _cancel(self._listening_end)
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]
        """The transport's hook: the visitor sends no more; whether it stays open to answer them.

        Whoever only listens yet looks like whoever has left, until an answer is sent.
        """
        if not self._is_asked() or self.cycle.more_body:
            return False
        # Of the last request; those before it are answered too.
        self.cycle.keep_alive = False
        if self._listening_end is None:
            self._listening_end = self.loop.call_later(LISTENING_SECONDS, self._take_as_gone)
        return True

    def data_received(self, data: bytes) -> None:
        """Uvicorn's hook."""
        self._beside_body += len(data)
        super().data_received(data)
        if self._header_end is None and not self._is_asked():
            # Whatever came, be it an empty line, ended the time that an idle one has.
            self._header_end = self._later(HEADER_SECONDS)
        if self._beside_body > MAX_HEADER_BYTES and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """The parser's hook: the first byte of a request."""
        super().on_message_begin()
        if self._header_end is None:
            self._header_end = self._later(HEADER_SECONDS)

    def on_headers_complete(self) -> None:
        """The parser's hook.

        Raises
        ------
        TooManyRequests
            The sender is told that its request was a bad one, and the connection ends.
        """
        self._header_end = _cancel(self._header_end)
        super().on_headers_complete()
        if len(self.pipeline) > MAX_WAITING_REQUESTS:
            raise TooManyRequests

    def on_body(self, body: bytes) -> None:
        """The parser's hook."""
        self._beside_body -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The parser's hook."""
        self._beside_body = 0
        self._connections.asked(self)
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The transport's hook: a slice waits for its reader."""
        super().pause_writing()
        if self._slice_end is None:
            self._slice_end = self._later(SLICE_SECONDS)

    def resume_writing(self) -> None:
        """The transport's hook: it has been sent whole."""
        self._slice_end = _cancel(self._slice_end)
        super().resume_writing()

    def _is_asked(self) -> bool:
        """Whether a request is there that has not been answered whole."""
        return self.cycle is not None and not self.cycle.response_complete

    def _take_as_gone(self) -> None:
        if not self.cycle.response_started:
            self.abort()

    def _later(self, seconds: float) -> asyncio.TimerHandle:
        return self.loop.call_later(seconds, self.abort)


def _cancel(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    if timer is not None:
        timer.cancel()
    return None
