"""A role's lock that hosts share: a session of the PostgreSQL server has it, and it goes with that.

Who has it may work for :data:`LEASE_SECONDS` after the server last answered, and no longer. Who
takes it over from somebody who did not give it back begins when that time is over, so that two
never work at once, whatever was lost: a process, a host, or the line between.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select
from sqlalchemy.engine import URL

from services.base.clock import utc_now
from services.base.errors import StorageError
from services.operations.database import Operations, shared_now
from services.operations.engines import connection_limits, name_of
from services.operations.tables import RoleTenure

if TYPE_CHECKING:
    import psycopg

LEASE_SECONDS: Final = 10.0
"""How long a holder goes on while the server does not answer, and its successor waits."""
PING_SECONDS: Final = 2.0
_CHECK_SECONDS: Final = 0.25
# Epochs are seconds since then, or one more than the last: a database that was lost, or brought
# back from a copy, counts on from no smaller number than was published with. They last 68 years.
_EPOCH_BEGAN: Final = datetime(2020, 1, 1, tzinfo=UTC)
# The first half of the lock's key: any number that no other program of this database takes.
_LOCKS: Final = 7_462_002
# A host that lost its power says nothing: the server, which would wait for hours, asks.
_SERVER_SIDE: Final = {
    "tcp_keepalives_idle": round(LEASE_SECONDS),
    "tcp_keepalives_interval": 2,
    "tcp_keepalives_count": 3,
    "tcp_user_timeout": round(1_000 * LEASE_SECONDS),
}


class HouseLock:
    """The lock of one role, as one process sees it.

    Parameters
    ----------
    url : URL
        Of the server.
    operations : Operations
        The same database, where epochs are kept.
    holder : str
        Names the data directory, in which there is one process of the role, among those of all
        hosts.
    """

    def __init__(self, url: URL, operations: Operations, role: str, holder: str) -> None:
        self._url = url
        self._operations = operations
        self._role = role
        self._holder = holder
        self._connection: psycopg.Connection[Any] | None = None
        self._answered_s = -LEASE_SECONDS
        self._is_over = threading.Event()

    def take(self) -> bool:
        """Take the lock, or see that it is still there; False where somebody else has it.

        Raises
        ------
        StorageError
            In one line, when the server cannot be asked.
        """
        import psycopg  # noqa: PLC0415 - only where there is a server

        asked_s = time.monotonic()
        try:
            self._connection = self._connection or self._connect()
            ask = "SELECT pg_try_advisory_lock(%s, hashtext(%s))"
            row = self._connection.execute(ask, (_LOCKS, self._role)).fetchone()
        except psycopg.Error as error:
            self._disconnect()
            line = str(error).strip().partition("\n")[0]
            raise StorageError(f"the lock in {name_of(self._url)}: {line}") from error
        is_taken = row is not None and bool(row[0])
        if is_taken:
            self._answered_s = asked_s
        return is_taken

    def seconds_of_another(self) -> float:
        """For how long the last holder may still be at work; 0 where it gave the lock back.

        Raises
        ------
        StorageError
        """
        with self._operations.begin() as session:
            before = session.get(RoleTenure, self._role)
        is_clear = before is None or before.holder in {"", self._holder}
        return 0.0 if is_clear else LEASE_SECONDS

    def begin(self) -> int:
        """Enter this process as the holder; its epoch, larger than any before.

        Of whichever role: what the worker writes may be the learner's to write from now on.

        Raises
        ------
        StorageError
        """
        with self._operations.begin() as session:
            now = shared_now(session, utc_now)
            last = session.scalar(select(func.max(RoleTenure.epoch))) or 0
            epoch = max(int((now - _EPOCH_BEGAN).total_seconds()), last + 1)
            session.merge(RoleTenure(self._role, epoch, self._holder, now))
        return epoch

    def is_held(self) -> bool:
        """Whether the server said so within the lease."""
        return time.monotonic() < self._answered_s + LEASE_SECONDS

    def watch(self, when_lost: Callable[[], None]) -> None:
        """Ask the server again and again, and have something done once the lock is lost.

        In threads of their own: one asks and may have to wait, the other one looks at the clock.
        """
        for work in (self._ask, lambda: self._look(when_lost)):
            threading.Thread(target=work, daemon=True).start()

    def give_back(self) -> None:
        """Let another one have it, at once."""
        was_held = self.is_held()
        self._is_over.set()
        if was_held:
            with suppress(StorageError), self._operations.begin() as session:
                tenure = session.get(RoleTenure, self._role)
                if tenure is not None and tenure.holder == self._holder:
                    tenure.holder = ""
        self._disconnect()

    def _connect(self) -> psycopg.Connection[Any]:
        import psycopg  # noqa: PLC0415 - as above

        given, named = self._url.get_dialect()().create_connect_args(self._url)
        limits = connection_limits(LEASE_SECONDS / 2)
        connection = psycopg.connect(*given, **{**limits, **named}, autocommit=True)
        for name, value in _SERVER_SIDE.items():
            connection.execute(f"SET {name} = {value:d}")
        return connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _ask(self) -> None:
        while not self._is_over.wait(PING_SECONDS):
            asked_s, connection = time.monotonic(), self._connection
            try:
                if connection is not None:
                    connection.execute("SELECT 1")
                    self._answered_s = asked_s
            except Exception:  # whatever it is, the lock is not known to be held any more
                self._answered_s = -LEASE_SECONDS
                return

    def _look(self, when_lost: Callable[[], None]) -> None:
        while not self._is_over.wait(_CHECK_SECONDS):
            if not self.is_held():
                when_lost()
                return
