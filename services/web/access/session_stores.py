"""Where processes share which sessions are over: a small file, or a row of a server's table.

A file is of one machine. Hosts that share a PostgreSQL server share the row.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from filelock import FileLock, Timeout
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.base.errors import StorageError
from services.base.files import read_if_present, stamp_of, write_atomically
from services.operations.database import NothingRecorded, Operations
from services.operations.tables import SharedDocument

FILE_NAME: Final = "sessions.json"
STALE_SECONDS: Final = 1.0
"""How long a process believes what the server said."""
# A server that does not answer is not asked again by each request.
_PAUSE_SECONDS: Final = 5.0
_LOCK_SECONDS: Final = 2.0
_DOCUMENT: Final = "sessions"


class Silent(StorageError):
    """Nobody can say now what is kept."""


@dataclass(frozen=True)
class Held:
    """What is kept, while nobody else changes it.

    Attributes
    ----------
    content : bytes or None
        None where there is none, or it cannot be read.
    write : callable
        Puts another content in its place.
    """

    content: bytes | None
    write: Callable[[bytes], None]


class SessionStore(Protocol):
    """One small document, which whoever is to know of it can read and change."""

    def stamp(self) -> object:
        """What changes with the content; None where there is none.

        Raises
        ------
        Silent
        """

    def read(self) -> bytes | None:
        """The content.

        Raises
        ------
        Silent
        StorageError
            Where it is there and cannot be read.
        """

    def exclusive(self) -> AbstractContextManager[Held]:
        """Be the only one to change it while entered.

        Raises
        ------
        StorageError
        """


class FileStore:
    """A file in a private directory that all processes of a machine know."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE_NAME

    def stamp(self) -> object:
        """As :class:`SessionStore`."""
        return stamp_of(self._path)

    def read(self) -> bytes | None:
        """As :class:`SessionStore`."""
        return read_if_present(self._path)

    @contextmanager
    def exclusive(self) -> Iterator[Held]:
        """As :class:`SessionStore`."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self._path.with_suffix(".lock"), timeout=_LOCK_SECONDS):
                yield Held(self._readable(), self._write)
        except (OSError, Timeout) as error:
            raise StorageError(str(error)) from error

    def _readable(self) -> bytes | None:
        try:
            return self.read()
        except StorageError:
            return None

    def _write(self, content: bytes) -> None:
        write_atomically(self._path, content, mode=0o600)


class TableStore:
    """A row of the operations database. Safe to share.

    Parameters
    ----------
    reading, writing : Operations
        Both with a short patience.
    """

    def __init__(self, reading: Operations, writing: Operations) -> None:
        self._reading = reading
        self._writing = writing
        self._lock = threading.Lock()
        self._ask_at_s = -1.0
        self._answer: int | Silent | None = None

    def stamp(self) -> object:
        """As :class:`SessionStore`; :data:`STALE_SECONDS` old at most, and the time of asking."""
        # One asks; others go on with the last answer meanwhile, if there was one.
        if time.monotonic() >= self._ask_at_s and self._lock.acquire(blocking=self._ask_at_s < 0):
            try:
                if time.monotonic() >= self._ask_at_s:
                    self._ask()
            finally:
                self._lock.release()
        answer = self._answer
        if isinstance(answer, Silent):
            raise Silent(str(answer))
        return answer

    def read(self) -> bytes | None:
        """As :class:`SessionStore`."""
        try:
            with self._reading.begin() as session:
                found = session.get(SharedDocument, _DOCUMENT)
        except StorageError as error:
            raise Silent(str(error)) from error
        return None if found is None else found.content.encode()

    @contextmanager
    def exclusive(self) -> Iterator[Held]:
        """As :class:`SessionStore`."""
        with self._writing.begin() as session:
            found = session.get(SharedDocument, _DOCUMENT)
            content = None if found is None else found.content.encode()
            yield Held(content, lambda new: _write(session, found, new))
        self._ask_at_s = min(self._ask_at_s, time.monotonic())

    def _ask(self) -> None:
        wait_s = STALE_SECONDS
        try:
            with self._reading.begin() as session:
                version = select(SharedDocument.version).where(SharedDocument.name == _DOCUMENT)
                self._answer = session.scalar(version)
        except NothingRecorded:
            self._answer = None
        except StorageError as error:
            self._answer, wait_s = Silent(str(error)), _PAUSE_SECONDS
        self._ask_at_s = time.monotonic() + wait_s


def _write(session: Session, found: SharedDocument | None, content: bytes) -> None:
    if found is None:
        session.add(SharedDocument(_DOCUMENT, 1, content.decode()))
    else:
        found.version, found.content = found.version + 1, content.decode()
