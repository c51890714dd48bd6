"""Writes what is measured, at every level: many requests in one transaction, by one thread.

The package starts threads and commits a transaction for each request; beside the request that it
measures, that costs several times the request itself.
"""

from __future__ import annotations

import atexit
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from sqlalchemy.exc import DisconnectionError, InvalidRequestError, OperationalError

from services.web.monitoring.complaints import Complaints

T = TypeVar("T")

# Long enough to gather a crowd, short enough for a page that is looked at.
WRITE_PERIOD_SECONDS = 1.0
# Memory is bounded when the database cannot be written for long.
MOST_WAITING_RECORDS = 10_000
# Other processes get their turn in between.
MOST_RECORDS_TOGETHER = 1_000
# At the end of a process. An attempt may wait five seconds more for a lock; who stops the process
# waits ten (services.roles.processes).
LAST_PATIENCE_SECONDS = 4.0
# Locked, full, read-only, deleted: what may work the next time.
MAY_PASS = (OperationalError, DisconnectionError, InvalidRequestError)


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
        self._waiting: queue.Queue[T] = queue.Queue(MOST_WAITING_RECORDS)
        # Taken out of the queue, and not yet written.
        self._taken: deque[T] = deque()
        self._writing = threading.Lock()
        self._has_records = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, record: T) -> None:
        """Leave a record to be written soon. Never waits for the database.

        Raises
        ------
        RuntimeError
            When no thread can be started; the record waits for the next one.
        """
        try:
            self._waiting.put_nowait(record)
        except queue.Full:
            self._complaints.add("too many wait to be written")
            return
        if not self._has_records.is_set():
            self._has_records.set()
        if self._thread is None:
            self._start()

    def flush(self) -> bool:
        """Write what waits, now; whether nothing is left."""
        with self._writing:
            while self._take():
                batch = list(self._taken)
                try:
                    self._write(batch)
                except MAY_PASS as error:
                    self._complaints.wait(error, len(batch) + self._waiting.qsize())
                    return False
                # A measure is worth less than the application that it is about.
                except Exception as error:
                    self._write_one_by_one(batch, error)
                self._taken.clear()
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
            left = 0
            while self._take():
                left += len(self._taken)
                self._taken.clear()
        if left:
            self._complaints.add("the process ended before they could be written", left)
        # The thread ends where it sees that it is no longer the one.
        self._thread = None
        self._has_records.set()

    def _write_one_by_one(self, batch: Sequence[T], error: Exception) -> None:
        """Keep those whose neighbour cannot be written."""
        for record in batch:
            try:
                self._write([record])
            except Exception as reason:
                self._complaints.add(reason if len(batch) > 1 else error)

    def _start(self) -> None:
        # At the first record, hence after any fork: a thread does not survive one.
        with self._starting:
            if self._thread is None:
                atexit.unregister(self.finish)
                atexit.register(self.finish)
                self._thread = threading.Thread(target=self._run, name="monitoring", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            self._has_records.wait()
            pause.wait(WRITE_PERIOD_SECONDS)
            if self._thread is not threading.current_thread():
                return
            self._has_records.clear()
            if not self.flush():
                self._has_records.set()

    def _take(self) -> bool:
        while len(self._taken) < MOST_RECORDS_TOGETHER:
            try:
                self._taken.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return bool(self._taken)
