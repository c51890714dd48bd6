"""What goes wrong with the monitoring itself: counted, and told of rarely."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry

from services.base.errors import StorageError
from services.metrics.definitions import MEASURES_LOST, MEASURES_WRITE_FAILURES

logger = logging.getLogger("services.web.monitoring")

PERIOD_SECONDS = 60.0
_DRIVERS: Final = {"sqlite3", "psycopg"}
# PostgreSQL's errors that tell the values.
_QUOTING: Final = frozenset({"DataError"})


class Complaints:
    """Counts measures that were lost or cannot be written; tells of each at most once a period.

    Parameters
    ----------
    registry : CollectorRegistry
        Of the application's metrics.
    """

    def __init__(self, registry: CollectorRegistry, period_seconds: float = PERIOD_SECONDS) -> None:
        self._lost = MEASURES_LOST.make(registry)
        self._failures = MEASURES_WRITE_FAILURES.make(registry)
        self._period_seconds = period_seconds
        self._lock = threading.Lock()
        self._silent_until: dict[str, float] = {}
        self._unsaid = 0

    def add(self, error: Exception | str, count: int = 1) -> None:
        """Count lost measures. Of an error only its kind is told: its text may quote a request."""
        self._lost.inc(count)
        with self._lock:
            self._unsaid += count
            if not self._may_speak("lost"):
                return
            unsaid, self._unsaid = self._unsaid, 0
        message = "a measure was lost: %s (%d more since the last such line)"
        logger.warning(message, describe(error), unsaid - 1)

    def wait(self, error: Exception, count: int) -> None:
        """Count a failed attempt to write measures, which go on waiting."""
        self._failures.inc()
        with self._lock:
            speaks = self._may_speak("waiting")
        if speaks:
            logger.error("%d measures cannot be written yet: %s", count, describe(error))

    @contextmanager
    def instead_of_errors(self) -> Iterator[None]:
        """Count what fails within the ``with`` block as a lost measure; nothing is raised."""
        try:
            yield
        # A measure is worth less than the request that it is about.
        except Exception as error:
            self.add(error)

    def _may_speak(self, what: str) -> bool:
        now = time.monotonic()
        if now < self._silent_until.get(what, now):
            return False
        self._silent_until[what] = now + self._period_seconds
        return True


def describe(error: BaseException | str) -> str:
    """An error's kind, and what quotes no request: the database's own text, or the line of code."""
    if isinstance(error, str):
        return error
    if isinstance(error, StorageError):
        # One line of our own, about the database.
        return str(error)
    cause = getattr(error, "orig", None) or error
    kinds = [kind.__name__ for kind in type(cause).__mro__]
    kind = kinds[0]
    is_the_database_s = type(cause).__module__.partition(".")[0] in _DRIVERS
    if is_the_database_s and _QUOTING.isdisjoint(kinds):
        # What follows its first line is the statement.
        return f"{kind}: {str(cause).partition(chr(10))[0]}"
    calls = traceback.extract_tb(cause.__traceback__)
    return f"{kind} at {Path(calls[-1].filename).name}:{calls[-1].lineno}" if calls else kind
