"""What a role is at, so that it gives no sign of life while some of its work hangs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Turns:
    """Which pieces of work are under way, and until when they may be. Safe to share.

    A heartbeat in a thread of its own goes on whatever becomes of the work: it asks here first.
    What gives no sign of life is ended and started again (:mod:`services.roles.processes`).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest_s: dict[object, float] = {}

    def watched(
        self, work: Callable[Given, Result], longest_seconds: float
    ) -> Callable[Given, Result]:
        """The same work, which hangs when a turn of it takes longer than it ever should."""

        @wraps(work)
        def turn(*args: Given.args, **kwargs: Given.kwargs) -> Result:
            mark = object()
            with self._lock:
                self._latest_s[mark] = time.monotonic() + longest_seconds
            try:
                return work(*args, **kwargs)
            finally:
                with self._lock:
                    del self._latest_s[mark]

        return turn

    def is_hung(self) -> bool:
        """Whether a turn has been under way for longer than it ever should."""
        with self._lock:
            return time.monotonic() > min(self._latest_s.values(), default=float("inf"))
