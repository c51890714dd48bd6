"""A limit on wrong passwords: per visitor and in all, kept in memory only."""

from __future__ import annotations

import threading
import time
from collections import deque

PERIOD_SECONDS = 60.0
ATTEMPTS_PER_CLIENT = 10
# However many addresses an attacker has, checking passwords must not eat the processor.
ATTEMPTS_IN_ALL = 100


class Throttle:
    """Counts the failures of the last period in this process.

    Parameters
    ----------
    period_seconds
        How long a failure counts.
    """

    def __init__(self, period_seconds: float = PERIOD_SECONDS) -> None:
        self.period_seconds = period_seconds
        self._failures: deque[tuple[float, str]] = deque(maxlen=ATTEMPTS_IN_ALL)
        self._lock = threading.Lock()

    def count(self, client: str) -> None:
        """Record a failure of a client, named as the connection names it."""
        with self._lock:
            self._failures.append((time.monotonic(), client))

    def is_closed(self, client: str) -> bool:
        """Whether a client has to wait before it may try again."""
        with self._lock:
            oldest = time.monotonic() - self.period_seconds
            while self._failures and self._failures[0][0] < oldest:
                self._failures.popleft()
            own = sum(name == client for _, name in self._failures)
            return own >= ATTEMPTS_PER_CLIENT or len(self._failures) >= ATTEMPTS_IN_ALL
