"""One process of a role at a time works in a data directory; further ones stand by."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

log = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 1.0


@contextmanager
def sole(data_dir: Path, role: str, stopping: threading.Event | None = None) -> Iterator[None]:
    """Hold the lock of the one process of a role; stand by while another one holds it.

    Parameters
    ----------
    role : str
        As the supervisor knows it.
    stopping : Event, optional
        Ends the waiting too, without the lock, for whoever is not ended by a signal itself.
    """
    stopping = stopping or threading.Event()
    lock = FileLock(data_dir / f"{role}.lock")
    is_told = False
    while not (stopping.is_set() or _is_taken(lock)):
        if not is_told:
            log.info("another %s is at work: standing by", role)
            is_told = True
        stopping.wait(_LOOK_SECONDS)
    try:
        yield
    finally:
        lock.release()


def _is_taken(lock: FileLock) -> bool:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True
