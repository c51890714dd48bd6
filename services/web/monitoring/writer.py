"""Writes what is measured, at every level: many requests in one transaction, by one thread.

The package starts threads and commits a transaction for each request; beside the request that it
measures, that costs several times the request itself.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

from sqlalchemy.exc import DisconnectionError, InvalidRequestError, OperationalError

from services.web.monitoring.complaints import Complaints
from services.web.monitoring.rounds import Rounds

T = TypeVar("T")

# Long enough to gather a crowd, short enough for a page that is looked at.
WRITE_PERIOD_SECONDS = 1.0
# Memory is bounded when the database cannot be written for long.
MAX_WAITING_RECORDS = 10_000
# Other processes get their turn in between.
MAX_RECORDS_TOGETHER = 1_000
# At the end of a process. An attempt may wait five seconds more for a lock; who stops the process
# waits ten (services.roles.processes).
LAST_PATIENCE_SECONDS = 4.0
# Locked, full, read-only, deleted: what may work the next time.
MAY_PASS = (OperationalError, DisconnectionError, InvalidRequestError)
# PostgreSQL's codes for a table that is missing, a right that is, and a server that is only read.
_MAY_PASS_CODES: Final = frozenset({"42P01", "42501", "25006"})


def may_pass(error: Exception) -> bool:
    """Whether the same may work the next time."""
    code = getattr(getattr(error, "orig", None), "sqlstate", None)
    return isinstance(error, MAY_PASS) or code in _MAY_PASS_CODES


class RecordWriter(Generic[T]):
    """Takes records from any thread and writes them together.

    What cannot be written stays and is tried again; when too many wait, new ones are lost, which
    is counted and journalled.

    Parameters
    ----------
    write
        Stores some records in one transaction, all or none.
    complaints
        Told of records that wait or are lost.
    """

    def __init__(self, write: Callable[[Sequence[T]], None], complaints: Complaints) -> None:
        self._write = write
        self._complaints = complaints
        # Only ever appended to, and cut at its beginning by whoever writes: each of these is one
        # step, which no other thread can come between.
        self._waiting: list[T] = []
        self._writing = threading.Lock()
        self._rounds = Rounds("monitoring", WRITE_PERIOD_SECONDS, lambda: not self.flush())
        atexit.register(self.finish)

    def add(self, record: T) -> None:
        """Leave a record to be written soon. Never waits for the database.

        Raises
        ------
        RuntimeError
            When no thread can be started; the record waits for the next one.
        """
        if len(self._waiting) >= MAX_WAITING_RECORDS:
            self._complaints.add("too many wait to be written")
            return
        self._waiting.append(record)
        self._rounds.wake()

    def flush(self) -> bool:
        """Write what waits, now; whether nothing is left."""
        with self._writing:
            while batch := self._waiting[:MAX_RECORDS_TOGETHER]:
                try:
                    self._write(batch)
                # A measure is worth less than the application that it is about.
                except Exception as error:
                    if may_pass(error):
                        self._complaints.wait(error, len(self._waiting))
                        return False
                    self._write_one_by_one(batch, error)
                del self._waiting[: len(batch)]
            return True

    def finish(self) -> None:
        """Write what waits before the process ends, within some seconds; the rest is lost.

        Nothing is tried or told afterwards, unless another record comes.
        """
        deadline = time.monotonic() + LAST_PATIENCE_SECONDS
        pause = threading.Event()
        while not self.flush() and time.monotonic() < deadline:
            pause.wait(WRITE_PERIOD_SECONDS / 4)
        with self._writing:
            if left := len(self._waiting):
                del self._waiting[:left]
                self._complaints.add("the process ended before they could be written", left)
        self._rounds.end()

    def _write_one_by_one(self, batch: Sequence[T], error: Exception) -> None:
        """Keep those whose neighbour cannot be written."""
        for record in batch:
            try:
                self._write([record])
            except Exception as reason:
                self._complaints.add(reason if len(batch) > 1 else error)
