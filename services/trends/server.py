"""Where pages ask: a socket in the data directory, one question and one reply at a time.

Whoever asks is answered within the moment that they wait, however long the computation takes: it
goes on without them, and they ask again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import msgspec

from services.base.errors import ConfigurationError
from services.base.local_socket import close_listener, comers, knock_at, listening_at, mark_of
from services.plain.trends.asking import Busy
from services.trends.messages import (
    ASKED,
    MAX_QUESTION_BYTES,
    Ask,
    Question,
    Stop,
    encode,
)
from services.trends.pool import Pool

log = logging.getLogger(__name__)

# Each of a few web processes has some threads that ask, for a quarter of a second each.
CONVERSATIONS: Final = 64
MAX_WAIT_SECONDS: Final = 1.0
# A page that neither asks nor reads is let go.
_STALL_SECONDS: Final = 2.0

VersionOf = Callable[[Question, tuple[date, date] | None], str]
"""A mark of the data that a question is answered from, given the days that it depends on."""


class TrendsServer:
    """Listens at a socket and hands questions to the pool.

    Parameters
    ----------
    address : Path
        Of the socket; an old one there is replaced.
    pool : Pool
    version_of : callable

    Raises
    ------
    ConfigurationError
        When nothing can listen there.
    """

    def __init__(self, address: Path, pool: Pool, version_of: VersionOf) -> None:
        self._address = address
        self._pool = pool
        self._version_of = version_of
        self._closing = threading.Event()
        self._places = threading.BoundedSemaphore(CONVERSATIONS)
        self._threads = ThreadPoolExecutor(CONVERSATIONS, thread_name_prefix="trends")
        try:
            self._listener = listening_at(address, backlog=CONVERSATIONS)
        except OSError as error:
            raise ConfigurationError(f"{address}: cannot listen there: {error.strerror}") from error
        self._mark = mark_of(address)

    def is_reachable(self) -> bool:
        """Whether its socket lies where pages look for it: neither removed nor replaced."""
        return mark_of(self._address) == self._mark

    def serve(self) -> None:
        """Take questions until closed."""
        for connection in comers(self._listener, self._closing, _STALL_SECONDS):
            self._receive(connection)

    def close(self) -> None:
        """Take no question any more; who is told something is told it."""
        self._closing.set()
        knock_at(self._address)
        self._threads.shutdown()
        close_listener(self._listener)

    def _receive(self, connection: Connection) -> None:
        if self._closing.is_set():
            connection.close()
        elif self._places.acquire(blocking=False):
            self._threads.submit(self._converse, connection)
        else:
            with closing(connection):
                _send(connection, Busy())

    def _converse(self, connection: Connection) -> None:
        try:
            with closing(connection):
                said = ASKED.decode(connection.recv_bytes(MAX_QUESTION_BYTES))
                if isinstance(said, Stop):
                    self._pool.stop(said.question, said.asker)
                else:
                    self._answer(connection, said)
        except (OSError, EOFError, msgspec.MsgspecError) as error:
            log.warning("a question was not taken: %s", str(error) or type(error).__name__)
        except Exception:
            log.exception("a question was not taken")
        finally:
            self._places.release()

    def _answer(self, connection: Connection, asked: Ask) -> None:
        version = self._version_of(asked.question, asked.days)
        wait_s = min(max(asked.wait_s, 0.0), MAX_WAIT_SECONDS)
        _send(connection, self._pool.ask(asked.question, version, wait_s, asked.asker))


def _send(connection: Connection, message: msgspec.Struct) -> None:
    try:
        connection.send_bytes(encode(message))
    except OSError as error:
        log.info("whoever asked is gone: %s", error)
