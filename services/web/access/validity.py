"""Which sessions are over before their time, for all processes: a small file that they share.

A cookie cannot be taken back. So each session carries a mark, and a log-out writes it down here
until the session would have ended anyway. The fingerprint of the operator of the process that
started last stands here too: a new password ends what began with the one before, also in processes
that have not heard of it. Where the file was damaged or is gone, nobody knows what was ended: the
one made anew begins another era, which ends every session of the one before.
"""

from __future__ import annotations

import dataclasses
import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
from filelock import FileLock, Timeout

from services.base.errors import StorageError
from services.base.files import FileStamp, read_if_present, stamp_of, write_atomically

log = logging.getLogger(__name__)

FILE_NAME: Final = "sessions.json"
_LOCK_SECONDS: Final = 2.0
# Far more log-outs than one operator makes in half a day; the oldest go first.
_MAX_ENDED: Final = 10_000
_ERA_BYTES: Final = 12
_UNREADABLE: Final = (StorageError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True)
class _Kept:
    """What the file holds.

    Attributes
    ----------
    fingerprint : str
        Of the operator of today; empty where nobody has said.
    ended : mapping
        When sessions that were ended would have been over, by mark; seconds since 1970.
    era : str
        Sessions of another one are over.
    """

    fingerprint: str = ""
    ended: Mapping[str, int] = field(default_factory=dict)
    era: str = ""


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
        # What was ended here holds here, whatever becomes of the file.
        self._own: dict[str, int] = {}

    def fingerprint(self) -> str:
        """Of the operator of today; empty where nobody has said."""
        return self._current().fingerprint

    def era(self) -> str:
        """What a session that begins now has to carry, and one that goes on has carried."""
        return self._current().era

    def is_ended(self, mark: str) -> bool:
        """Whether a session was ended."""
        return mark in self._current().ended

    def end(self, mark: str, expires: int) -> None:
        """End a session everywhere; where the file cannot be written, in this process."""
        with self._lock:
            self._own = self._running({**self._own, mark: expires})
        self._change(self._with_own)

    def begin_with(self, fingerprint: str) -> None:
        """Let no session count but those of this operator."""
        if self.fingerprint() != fingerprint:
            self._change(lambda kept: dataclasses.replace(kept, fingerprint=fingerprint))

    def _current(self) -> _Kept:
        if not self._take_in():
            self._change(lambda kept: kept)
        return self._kept

    def _take_in(self) -> bool:
        """Read the file if it has changed; False where it is damaged, which ends all sessions."""
        stamp = stamp_of(self._path)
        with self._lock:
            if stamp is None or stamp == self._stamp:
                return True
            self._stamp = stamp
            try:
                found = msgspec.json.decode(read_if_present(self._path) or b"", type=_Kept)
            except _UNREADABLE as error:
                log.error("who has logged out cannot be read, so all sessions are over: %s", error)
                self._kept = _Kept(self._kept.fingerprint, era=_another_era())
                return False
            self._kept = self._with_own(found)
            return True

    def _change(self, change: Callable[[_Kept], _Kept]) -> None:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self._path.with_suffix(".lock"), timeout=_LOCK_SECONDS):
                self._take_in()
                kept = self._kept
                if self._stamp is None:
                    kept = dataclasses.replace(kept, era=_another_era())
                changed = change(kept)
                changed = dataclasses.replace(changed, ended=self._running(changed.ended))
                write_atomically(self._path, msgspec.json.encode(changed), mode=0o600)
                with self._lock:
                    self._kept = changed
        except (OSError, StorageError, Timeout) as error:
            log.error("sessions that are over are so in this process only: %s", error)
            with self._lock:
                self._kept = change(self._kept)

    def _with_own(self, kept: _Kept) -> _Kept:
        return dataclasses.replace(kept, ended={**kept.ended, **self._own})

    def _running(self, ended: Mapping[str, int]) -> dict[str, int]:
        now = self._now()
        running = sorted((at, mark) for mark, at in ended.items() if at > now)
        return {mark: at for at, mark in running[-_MAX_ENDED:]}


def _another_era() -> str:
    return secrets.token_urlsafe(_ERA_BYTES)
