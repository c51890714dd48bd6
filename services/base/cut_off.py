"""The end of a conversation with a server that drips."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar

from services.base.errors import FeedUnreachable


class CutOff:
    """Ends the connections of one question once its time is over.

    The time limits of a socket begin again with every byte, so that only somebody else can end
    what drips: a timer, which shuts down duplicates of the sockets, whoever holds these meanwhile.

    Parameters
    ----------
    seconds : float
        From now.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._shut_down)
        self._timer.daemon = True

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Watch the connections that are made meanwhile."""
        token = IN_PROGRESS.set(self)
        self._timer.start()
        try:
            yield
        finally:
            self._timer.cancel()
            IN_PROGRESS.reset(token)
            with self._lock:
                for duplicate in self._sockets:
                    duplicate.close()

    def remaining_s(self) -> float:
        """The seconds that are left.

        Raises
        ------
        FeedUnreachable
            When none is.
        """
        remaining = self._end - time.monotonic()
        if remaining <= 0:
            raise FeedUnreachable(f"reply not complete after {self._seconds:g} s")
        return remaining

    def watched(self, connected: socket.socket) -> socket.socket:
        """The same socket, to be ended in time; a duplicate outlives its being wrapped by TLS.

        Raises
        ------
        FeedUnreachable
            When that time has come.
        """
        with self._lock:
            self._sockets.append(socket.socket(fileno=os.dup(connected.fileno())))
        try:
            self.remaining_s()
        except FeedUnreachable:
            connected.close()
            raise
        return connected

    def _shut_down(self) -> None:
        with self._lock:
            for duplicate in self._sockets:
                with contextlib.suppress(OSError):
                    duplicate.shutdown(socket.SHUT_RDWR)


# Where connections are made deep inside a library.
IN_PROGRESS: ContextVar[CutOff] = ContextVar("cut_off")
