"""Whether somebody still waits for the answer to the request in progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from wsgiref.types import WSGIEnvironment

KEY: Final = "traffic.is_awaited"

IsAwaited = Callable[[], bool]


def always() -> bool:
    """Nobody leaves."""
    return True


def awaited(environ: WSGIEnvironment) -> IsAwaited:
    """What tells it at any time; where no gateway is in front, as in tests, nobody leaves."""
    is_awaited: IsAwaited = environ.get(KEY, always)
    return is_awaited
