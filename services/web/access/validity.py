"""Which sessions are over before their time, for all processes: a small document that they share.

A cookie cannot be taken back. So each session carries a mark, and a log-out writes it down here
until the session would have ended anyway. The fingerprint of the operator of the process that
started last stands here too: a new password ends what began with the one before, also in processes
that have not heard of it. Where the document was damaged or is gone, nobody knows what was ended:
the one made anew begins another era, which ends every session of the one before.

While a server that keeps it does not answer, nobody knows either: sessions that began before count
for nothing until it is back, and those that begin meanwhile do where they began.
"""

from __future__ import annotations

import dataclasses
import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from services.base.errors import StorageError
from services.web.access.session_stores import SessionStore, Silent

log = logging.getLogger(__name__)

# Far more log-outs than one operator makes in half a day; the oldest go first.
_MAX_ENDED: Final = 10_000
_ERA_BYTES: Final = 12
# Clocks of hosts may differ by so much: a session that one takes for over may go on by another's.
_CLOCKS_DIFFER_SECONDS: Final = 3_600
# How soon it is tried again to write down what could not be written.
_OWED_SECONDS: Final = 2.0
_UNREADABLE: Final = (StorageError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True)
class _Kept:
    """What the document holds.

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
    """The document, as one process sees it. Safe to share.

    Parameters
    ----------
    now : callable
        Seconds since 1970.
    """

    def __init__(self, store: SessionStore, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now
        self._lock = threading.Lock()
        self._stamp: object = None
        self._kept = _Kept()
        # What was ended here holds here, whatever becomes of the document; and who is the operator
        # since this process began, until that is written.
        self._own: dict[str, int] = {}
        self._unwritten_fingerprint = ""
        self._owed_at_s: float | None = None
        self._silent_since: float | None = None

    def fingerprint(self) -> str:
        """Of the operator of today; empty where nobody has said."""
        return self._current().fingerprint

    def era(self) -> str:
        """What a session that begins now has to carry, and one that goes on has carried."""
        return self._current().era

    def is_valid(self, mark: str, era: str, began: float) -> bool:
        """Whether a session goes on: it was not ended, as far as anybody can say.

        Parameters
        ----------
        began : float
            Seconds since 1970.
        """
        kept = self._current()
        is_known = self._silent_since is None or began >= self._silent_since
        return is_known and era == kept.era and mark not in kept.ended

    def end(self, mark: str, expires: int) -> None:
        """End a session everywhere; where that cannot be written yet, in this process."""
        with self._lock:
            self._own = self._running({**self._own, mark: expires})
        self._write_own()

    def begin_with(self, fingerprint: str) -> None:
        """Let no session count but those of this operator."""
        if self.fingerprint() != fingerprint:
            self._unwritten_fingerprint = fingerprint
            self._write_own()

    def _current(self) -> _Kept:
        try:
            is_sound = self._take_in()
        except Silent as error:
            self._fall_silent(error)
            return self._kept
        if self._silent_since is not None:
            log.warning("which sessions are over can be told again")
            self._silent_since = None
        is_owed = self._owed_at_s is not None and time.monotonic() >= self._owed_at_s
        if is_owed or not is_sound:
            self._write_own()
        return self._kept

    def _fall_silent(self, error: Silent) -> None:
        if self._silent_since is None:
            log.error("which sessions are over cannot be told, so none counts: %s", error)
            # Sessions tell the second in which they began: one of this second may be of before.
            self._silent_since = int(self._now()) + 1

    def _take_in(self) -> bool:
        """Read the document if it has changed; False where it is damaged: no session is left."""
        stamp = self._store.stamp()
        with self._lock:
            if stamp is None or stamp == self._stamp:
                return True
            try:
                found = _decoded(self._store.read())
            except Silent:
                raise
            except _UNREADABLE as error:
                log.error("who has logged out cannot be read, so all sessions are over: %s", error)
                self._stamp = stamp
                self._kept = _Kept(self._kept.fingerprint, era=_another_era())
                return False
            self._stamp = stamp
            self._kept = self._with_own(found)
            return True

    def _write_own(self) -> None:
        """Write down what this process knows of, beside what others have written."""
        try:
            with self._store.exclusive() as held, self._lock:
                changed = self._with_own(self._found(held.content))
                changed = dataclasses.replace(changed, ended=self._running(changed.ended))
                held.write(msgspec.json.encode(changed))
        except StorageError as error:
            log.error("sessions that are over are so in this process only: %s", error)
            with self._lock:
                self._owed_at_s = time.monotonic() + _OWED_SECONDS
                self._kept = self._with_own(self._kept)
            return
        with self._lock:
            self._owed_at_s, self._unwritten_fingerprint = None, ""
            self._kept = changed

    def _found(self, content: bytes | None) -> _Kept:
        """What others have written; another era where nobody has, or it is damaged."""
        try:
            if content is not None:
                return _decoded(content)
        except _UNREADABLE:
            return dataclasses.replace(self._kept, era=_another_era())
        return self._kept if self._kept.era else dataclasses.replace(self._kept, era=_another_era())

    def _with_own(self, kept: _Kept) -> _Kept:
        fingerprint = self._unwritten_fingerprint or kept.fingerprint
        return dataclasses.replace(kept, fingerprint=fingerprint, ended={**kept.ended, **self._own})

    def _running(self, ended: Mapping[str, int]) -> dict[str, int]:
        longest_ago = self._now() - _CLOCKS_DIFFER_SECONDS
        running = sorted((at, mark) for mark, at in ended.items() if at > longest_ago)
        return {mark: at for at, mark in running[-_MAX_ENDED:]}


def _decoded(content: bytes | None) -> _Kept:
    return msgspec.json.decode(content or b"", type=_Kept)


def _another_era() -> str:
    return secrets.token_urlsafe(_ERA_BYTES)
