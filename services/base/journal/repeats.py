"""Lines about requests are counted instead of written once a kind of them has been said often.

Anybody can send a thousand requests a second: what they have us write must not push out of the
rotating files what else went wrong.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.base.journal.lines import current_request_id

log = logging.getLogger(__name__)

# Of a kind and within a time: some hundred kilobytes of all kinds together, of the 30 MB kept.
MAX_LINES: Final = 10
PERIOD_SECONDS: Final = 600.0

Kind = tuple[str, int, str, str]
"""Where a line is written, at which level, about which endpoint and error: all of them bounded."""


@dataclass
class _Count:
    until_s: float
    written: int = 0
    left_out: int = 0


class Repeats(logging.Filter):
    """Leaves repeated lines about requests out, and tells how many. One for all handlers.

    Parameters
    ----------
    monotonic : callable
        Seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._counts: dict[Kind, _Count] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is written."""
        decided: bool | None = getattr(record, "is_written", None)
        if decided is None:
            # Handlers ask one after the other: all of them write the same lines.
            decided = record.is_written = self._decide(record)
        return decided

    def _decide(self, record: logging.LogRecord) -> bool:
        if record.name == log.name:
            return True
        for kind, count in self._over():
            if count.left_out:
                log.warning(
                    "%d more lines about requests like those of %s were left out (%s)",
                    count.left_out,
                    kind[0],
                    ", ".join(part for part in kind[2:] if part),
                )
        return current_request_id() is None or self._count(record)

    def _count(self, record: logging.LogRecord) -> bool:
        error = "" if record.exc_info is None else getattr(record.exc_info[0], "__name__", "")
        endpoint = sys.modules["flask"].request.endpoint or ""
        kind = (f"{record.name}:{record.lineno}", record.levelno, endpoint, error)
        with self._lock:
            count = self._counts.setdefault(kind, _Count(self._monotonic() + PERIOD_SECONDS))
            if count.written < MAX_LINES:
                count.written += 1
                return True
            count.left_out += 1
            return False

    def _over(self) -> list[tuple[Kind, _Count]]:
        now_s = self._monotonic()
        with self._lock:
            over = [(kind, count) for kind, count in self._counts.items() if count.until_s <= now_s]
            for kind, _ in over:
                del self._counts[kind]
        return over
