"""A value that is read again when what it was read from has changed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from services.base.errors import TrafficError

log = logging.getLogger(__name__)

T = TypeVar("T")

_NEVER: Final = object()
# What failed may pass: no file free to be opened, a disk that did not answer.
TRIED_AGAIN_AFTER_SECONDS: Final = 60.0


class Watched(Generic[T]):
    """Gives a value; reads it once per change and keeps the last good one. Safe to share.

    While one thread reads, which may take long or never end on a disk that hangs, the others
    get the last good value at once; only where there is none do they wait. What cannot be read is
    journalled once per change; it is tried again after a minute, and at each call while there is no
    value.

    Parameters
    ----------
    name : str
        What is read, for the journal.
    stamp : callable
        Gives what changes when the value has to be read again, such as
        :func:`services.base.files.stamp_of`; cheap, asked for at each call.
    read : callable
        Gives the value of now; handed the last good one, or None. A TrafficError says that it
        cannot be read.
    """

    def __init__(
        self, name: str, stamp: Callable[[], object], read: Callable[[T | None], T | None]
    ) -> None:
        self._name = name
        self._stamp = stamp
        self._read = read
        self._reading = threading.Lock()
        self._seen: object = _NEVER
        self._value: T | None = None
        self._problem: TrafficError | None = None
        self._tried_again_at = 0.0

    @property
    def problem(self) -> TrafficError | None:
        """Why what is there now could not be read; None where it could."""
        return self._problem

    @property
    def last(self) -> T | None:
        """The last good value, whatever there is now."""
        return self._value

    def value(self, *, wait: bool = True) -> T | None:
        """The value of now, or the last good one; None where there is none.

        Parameters
        ----------
        wait : bool
            For another thread that reads the first value.
        """
        if self._is_known(self._stamp()):
            return self._value
        if not self._reading.acquire(blocking=wait and self._value is None):
            return self._value
        try:
            # Another thread may have read it meanwhile.
            stamp = self._stamp()
            if not self._is_known(stamp):
                self._read_again(stamp)
            return self._value
        finally:
            self._reading.release()

    def _is_known(self, stamp: object) -> bool:
        if stamp != self._seen or self._problem is None:
            return stamp == self._seen
        return self._value is not None and time.monotonic() < self._tried_again_at

    def _read_again(self, stamp: object) -> None:
        try:
            self._value = self._read(self._value)
            self._problem = None
        except TrafficError as error:
            self._problem = error
            self._tried_again_at = time.monotonic() + TRIED_AGAIN_AFTER_SECONDS
            if stamp != self._seen:
                log.error("%s cannot be read: %s", self._name, error)
        # Last: until now others take the value for the one of before.
        self._seen = stamp
