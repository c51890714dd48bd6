"""Journal lines about the monitoring itself, rare enough not to bury the rest."""

from __future__ import annotations

import logging
import threading
import time

logger = logging.getLogger("services.monitoring")

PERIOD_SECONDS = 60.0


class Complaints:
    """Says that a measure was lost, at most once a period, with how many went unsaid."""

    def __init__(self, period_seconds: float = PERIOD_SECONDS) -> None:
        self._period_seconds = period_seconds
        self._lock = threading.Lock()
        self._silent_until = float("-inf")
        self._unsaid = 0

    def add(self, error: Exception) -> None:
        """Count a lost measure. Only the kind of error is told: its text may quote a request."""
        with self._lock:
            now = time.monotonic()
            if now < self._silent_until:
                self._unsaid += 1
                return
            unsaid, self._unsaid = self._unsaid, 0
            self._silent_until = now + self._period_seconds
        cause = getattr(error, "orig", None) or error
        logger.warning(
            "a measure was lost: %s (%d more since the last such line)", describe(cause), unsaid
        )


def describe(error: BaseException) -> str:
    """An error's kind; for the database's own errors, which quote no data, its text as well."""
    kind = type(error).__name__
    return f"{kind}: {error}" if type(error).__module__ == "sqlite3" else kind
