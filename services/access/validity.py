"""Which sessions are over before their time, for all processes: a small file that they share.

A cookie cannot be taken back. So each session carries a mark, and a log-out writes it down here
until the session would have ended anyway. The fingerprint of the operator of the process that
started last stands here too: a new password ends what began with the one before, also in processes
that have not heard of it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
from filelock import FileLock, Timeout

from services.errors import StorageError
from services.files import FileStamp, read_if_present, stamp_of, write_atomically

log = logging.getLogger(__name__)

FILE_NAME: Final = "sessions.json"
_LOCK_SECONDS: Final = 2.0
# Far more log-outs than one operator makes in half a day; the oldest go first.
_MOST_ENDED: Final = 10_000


@dataclass(frozen=True)
class _Kept:
    """What the file holds.

    Attributes
    ----------
    fingerprint : str
        Of the operator of today; empty where nobody has said.
    ended : mapping
        When sessions that were ended would have been over, by mark; seconds since 1970.
    """

    fingerprint: str = ""
    ended: Mapping[str, int] = field(default_factory=dict)


class Validity:
    """The file, as one process sees it. Safe to share.

    Parameters
    ----------
    directory : Path
        Private; all processes know it.
    now : callable
        Seconds since 1970.
    """

    def __init__(self, directory: Path, now: Callable[[], float]) -> None:
        self._path = directory / FILE_NAME
        self._now = now
        self._lock = threading.Lock()
        self._stamp: FileStamp | None = None
        self._kept = _Kept()

    def fingerprint(self) -> str:
        """Of the operator of today; empty where nobody has said."""
        return self._current().fingerprint

    def is_ended(self, mark: str) -> bool:
        """Whether a session was ended."""
        return mark in self._current().ended

    def end(self, mark: str, expires: int) -> None:
        """End a session everywhere; where the file cannot be written, in this process."""
        self._change(lambda kept: _Kept(kept.fingerprint, {**kept.ended, mark: expires}))

    def begin_with(self, fingerprint: str) -> None:
        """Let no session count but those of this operator."""
        if self.fingerprint() != fingerprint:
            self._change(lambda kept: _Kept(fingerprint, kept.ended))

    def _current(self) -> _Kept:
        stamp = stamp_of(self._path)
        with self._lock:
            if stamp is not None and stamp != self._stamp:
                self._stamp, self._kept = stamp, self._read()
            return self._kept

    def _read(self) -> _Kept:
        try:
            return msgspec.json.decode(read_if_present(self._path) or b"{}", type=_Kept)
        except (StorageError, msgspec.MsgspecError, RecursionError) as error:
            log.error("sessions that were ended cannot be read: %s", error)
            return self._kept

    def _change(self, change: Callable[[_Kept], _Kept]) -> None:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self._path.with_suffix(".lock"), timeout=_LOCK_SECONDS):
                changed = self._pruned(change(self._current()))
                with self._lock:
                    self._kept = changed
                write_atomically(self._path, msgspec.json.encode(changed), mode=0o600)
        except (OSError, StorageError, Timeout) as error:
            log.error("a session is over in this process only: %s", error)
            with self._lock:
                self._kept = change(self._kept)

    def _pruned(self, kept: _Kept) -> _Kept:
        now = self._now()
        running = sorted((at, mark) for mark, at in kept.ended.items() if at > now)
        return _Kept(kept.fingerprint, {mark: at for at, mark in running[-_MOST_ENDED:]})
