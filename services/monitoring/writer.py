"""Writes what level 1 measures: many requests in one transaction, by one thread.

The package starts a thread and commits a transaction for each request; beside the request that
it measures, that costs several times the request itself.
"""

from __future__ import annotations

import atexit
import queue
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert

from services.monitoring.complaints import Complaints
from services.privacy import NOT_KEPT

# Long enough to gather a crowd, short enough for a page that is looked at.
WRITE_PERIOD_SECONDS = 1.0
# Memory is bounded when the database cannot be written for long.
MOST_WAITING_ROWS = 10_000

Row = dict[str, Any]


class RequestWriter:
    """Takes rows from any thread and writes them together.

    Parameters
    ----------
    write
        Stores some rows in one transaction.
    complaints
        Told of rows that are lost.
    """

    def __init__(self, write: Callable[[list[Row]], None], complaints: Complaints) -> None:
        self._write = write
        self._complaints = complaints
        self._waiting: queue.Queue[Row] = queue.Queue(MOST_WAITING_ROWS)
        self._has_rows = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, row: Row) -> None:
        """Leave a row to be written soon. Never waits for the database.

        Raises
        ------
        queue.Full
            When too many rows wait already.
        """
        self._waiting.put_nowait(row)
        self._has_rows.set()
        if self._thread is None:
            self._start()

    def flush(self) -> None:
        """Write what waits, now."""
        rows = self._take()
        if not rows:
            return
        try:
            self._write(rows)
        # A measure is worth less than the application that it is about.
        except Exception as error:
            self._complaints.add(error)

    def _start(self) -> None:
        # At the first row, hence after any fork: a thread does not survive one.
        with self._starting:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="monitoring", daemon=True)
                thread.start()
                self._thread = thread
                atexit.register(self.flush)

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            self._has_rows.wait()
            pause.wait(WRITE_PERIOD_SECONDS)
            self._has_rows.clear()
            self.flush()

    def _take(self) -> list[Row]:
        rows: list[Row] = []
        while True:
            try:
                rows.append(self._waiting.get_nowait())
            except queue.Empty:
                return rows


def write_together(measurement: Any, profiler: Any, storage: Any, complaints: Complaints) -> None:
    """Let the package leave its requests to one writer.

    A request with an exception goes the package's own way: it is rare, and its exception needs
    the request's number.

    Parameters
    ----------
    measurement, profiler, storage
        The package's modules ``core.measurement``, ``core.profiler`` and ``database``.
    complaints
        Told of every measure that is lost.
    """
    by_thread = measurement.start_performance_thread
    note_duration = profiler.performance_profiler.update_duration_cache

    def write(rows: list[Row]) -> None:
        with storage.session_scope() as session:
            session.execute(insert(storage.Request), rows)

    writer = RequestWriter(write, complaints)

    def record(endpoint: Any, duration_s: float, status_code: int, collector: Any) -> None:
        if collector.user_captured_exceptions or collector.uncaught_exception is not None:
            by_thread(endpoint, duration_s, status_code, collector)
            return
        duration_ms = 1_000 * duration_s
        note_duration(endpoint_name=endpoint.name, duration=duration_ms)
        writer.add(
            {
                "endpoint_id": endpoint.id,
                "duration": duration_ms,
                "time_requested": datetime.now(UTC),
                "group_by": profiler.get_group_by(),
                "ip": NOT_KEPT,
                "status_code": status_code,
            }
        )

    measurement.start_performance_thread = record
