"""The end of a conversation with a server that drips."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
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

    def connected(self, connect: Callable[[], socket.socket]) -> socket.socket:
        """A socket that is ended in time, and made in time.

        Nothing ends the look-up of a name: a thread of its own is left to it.

        Parameters
        ----------
        connect : callable
            Makes it, after looking its host up; what it raises is raised.

        Raises
        ------
        FeedUnreachable
            When the time is over, or the process may have no more threads.
        """
        found: Future[socket.socket] = Future()

        def make() -> None:
            try:
                found.set_result(self._watched(connect()))
            # Of whatever kind, it is for who asked.
            except Exception as error:
                found.set_exception(error)

        try:
            threading.Thread(target=make, name="connecting", daemon=True).start()
        except RuntimeError as error:
            raise FeedUnreachable(f"no connection: {error}") from None
        try:
            return found.result(self.remaining_s())
        except TimeoutError:
            self.remaining_s()
            raise

    def _watched(self, connected: socket.socket) -> socket.socket:
        """The same socket; a duplicate outlives its being wrapped by TLS."""
        duplicate = socket.socket(fileno=os.dup(connected.fileno()))
        with self._lock:
            self._sockets.append(duplicate)
        try:
            self.remaining_s()
        except FeedUnreachable:
            duplicate.close()
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
