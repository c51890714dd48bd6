"""Waiting for conditions, with an end."""

from __future__ import annotations

import time
from collections.abc import Callable

# Generous: a loaded machine must not fail a test, a broken feature still ends it.
PATIENCE_SECONDS = 45.0
_POLL_SECONDS = 0.02


def wait_until(condition: Callable[[], object], patience_seconds: float = PATIENCE_SECONDS) -> None:
    """Return as soon as a condition holds; fail when it never does."""
    deadline = time.monotonic() + patience_seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition never held"
        time.sleep(_POLL_SECONDS)
