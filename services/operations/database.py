"""Opening the operations database: made, migrated, shared by processes, healed when damaged.

SQLite keeps a write-ahead log, so that pages read while the worker writes, and
a writer waits for another one. A PostgreSQL server is shared by hosts, and a writer waits for one
that is away. Nothing is opened before it is first needed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from services.base.clock import Clock
from services.base.errors import StorageError
from services.base.settings import Settings
from services.base.sqlite_file import file_id, is_damage, move_aside
from services.operations.engines import (
    OLDEST_SERVER,
    PATIENCE,
    is_missing_table,
    is_server_away,
    line_of,
    make_file,
    name_of,
    parse_url,
    server_engine,
    sqlite_engine,
    unfit_encoding,
    unhurried,
)
from services.operations.schema import SCHEMA_VERSION, migrate, missing_tables, version_of
from services.operations.tables import Base

log = logging.getLogger(__name__)

FILE_NAME: Final = "operations.sqlite3"
# A decision can wait this long for another writer; a page never waits for one.
BUSY_TIMEOUT_SECONDS: Final = 10.0
READING_TIMEOUT_SECONDS: Final = 1.0
# How often a server that is away is asked again.
_LOOK_SECONDS: Final = 0.2
# A server that kept a reader waiting in vain is left alone so long: pages queue behind one another.
_PAUSE_SECONDS: Final = 5.0


class NothingRecorded(StorageError):
    """There is no database yet: nothing has ever been recorded."""


class Operations:
    """The database, as one role sees it. Safe to share between threads.

    Parameters
    ----------
    url : URL
        SQLite in a file, or PostgreSQL.
    read_only : bool
        Pages read: they never make, migrate or mend anything.
    patience_seconds : float, optional
        How long it waits for others to let go, and who writes for a server that is away; short
        where pages wait for it.
    engine : Engine, optional
        Shared with another one of the same database.
    """

    def __init__(
        self,
        url: URL,
        *,
        read_only: bool = False,
        patience_seconds: float | None = None,
        engine: Engine | None = None,
    ) -> None:
        self._url = url
        self._read_only = read_only
        if patience_seconds is None:
            patience_seconds = READING_TIMEOUT_SECONDS if read_only else BUSY_TIMEOUT_SECONDS
        self._patience_s = patience_seconds
        self._name = name_of(url)
        self._file = Path(url.database or "") if url.get_backend_name() == "sqlite" else None
        engine = engine or self._make_engine()
        self._engine = engine.execution_options(**{PATIENCE: patience_seconds})
        self._new_session = sessionmaker(self._engine, expire_on_commit=False)
        self._lock = threading.Lock()
        self._prepared: object = None
        # Until when a server that did not answer is asked nothing, and what it was told of.
        self._silent: tuple[float, str] = (0.0, "")

    def waiting(self, seconds: float) -> Operations:
        """The same database through the same engine, for those who wait no longer than this."""
        return Operations(
            self._url, read_only=self._read_only, patience_seconds=seconds, engine=self._engine
        )

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """One transaction: committed at the end of the ``with`` block, or not at all.

        Raises
        ------
        NothingRecorded
            To readers, before the first record.
        StorageError
            In one line, when the database cannot be reached, is locked for too
            long, damaged (a writer sets the file aside and the next one starts
            anew), lacks a table (the next writer makes it anew), refuses what it is asked, or was
            made by a newer version.
        """
        seen = None if self._file is None else file_id(self._file)
        began_s = time.monotonic()
        silent_until_s, told = self._silent
        if began_s < silent_until_s:
            raise StorageError(told)
        try:
            with self._begun() as session:
                yield session
                session.commit()
        except SQLAlchemyError as error:
            if not self._set_damaged_file_aside(error, seen) and is_missing_table(error):
                self._prepared = None
            told = f"the operations database {self._name}: {line_of(error)}"
            if self._read_only and self._kept_waiting(error, began_s):
                self._silent = time.monotonic() + _PAUSE_SECONDS, told
            raise StorageError(told) from error

    def _begun(self) -> Session:
        """A session in a transaction; a server that is away is waited for before it, not within."""
        until = time.monotonic() + self._patience_s
        while True:
            session = self._new_session()
            try:
                self._prepare()
                if self._file is None:
                    session.connection()
            except DBAPIError as error:
                session.close()
                is_waited_for = self._file is None and not self._read_only and is_server_away(error)
                if not is_waited_for or time.monotonic() > until:
                    raise
            else:
                return session
            time.sleep(_LOOK_SECONDS)

    def _kept_waiting(self, error: SQLAlchemyError, began_s: float) -> bool:
        """Whether a server that is away let somebody wait; one that refuses costs nothing."""
        is_away = self._file is None and isinstance(error, DBAPIError) and is_server_away(error)
        return is_away and time.monotonic() > began_s + self._patience_s

    def _make_engine(self) -> Engine:
        if self._file is not None:
            return sqlite_engine(self._file, read_only=self._read_only)
        return server_engine(
            self._url, read_only=self._read_only, patience_seconds=self._patience_s
        )

    def _prepare(self) -> None:
        """See that the tables are those of this version, once for each file."""
        # A crowd must not wait for one after the other.
        if not self._lock.acquire(timeout=self._patience_s):
            raise StorageError(f"the operations database {self._name} is being opened")
        try:
            mark = self._mark()
            if mark is not None and mark == self._prepared:
                return
            if self._read_only:
                self._check_version()
            else:
                self._migrate()
            self._prepared = self._mark()
        finally:
            self._lock.release()

    def _mark(self) -> object:
        """What changes when the file is another one."""
        return self._name if self._file is None else file_id(self._file)

    def _check_version(self) -> None:
        if self._file is not None and not self._file.exists():
            raise NothingRecorded(f"there is no operations database {self._name} yet")
        with self._engine.connect() as connection:
            found = self._version(connection)
        if found == 0:
            raise NothingRecorded(f"the operations database {self._name} is empty")
        if found != SCHEMA_VERSION:
            raise self._other_version(found)

    def _migrate(self) -> None:
        if self._file is not None:
            make_file(self._file, self._patience_s)
        seen = None if self._file is None else file_id(self._file)
        try:
            self._take_steps()
        except DBAPIError as error:
            if not self._set_damaged_file_aside(error, seen):
                raise
            self._take_steps()

    def _take_steps(self) -> None:
        with self._engine.begin() as connection:
            found = self._version(connection)
            if found > SCHEMA_VERSION:
                raise self._other_version(found)
            if found < SCHEMA_VERSION:
                # It is done once.
                with unhurried(connection) if self._file is None else nullcontext():
                    migrate(connection)
                if found:
                    what = f"the operations database {self._name} was taken from version {found}"
                    log.info("%s to %d", what, SCHEMA_VERSION)
            # Somebody may have dropped one from a sound database.
            elif missing := missing_tables(connection):
                log.error("the operations database %s lacked %s", self._name, ", ".join(missing))
                Base.metadata.create_all(connection)

    def _version(self, connection: Connection) -> int:
        """The version of the tables; 0 when there are none."""
        server = connection.dialect.server_version_info
        if self._file is None and server is not None and server < OLDEST_SERVER:
            raise StorageError(
                f"the operations database {self._name} is of PostgreSQL {server[0]}, "
                f"and {OLDEST_SERVER[0]} or newer is needed"
            )
        if self._file is None and (encoding := unfit_encoding(connection)) is not None:
            raise StorageError(
                f"the operations database {self._name} holds text in {encoding}, and has to be "
                "made with ENCODING 'UTF8'"
            )
        try:
            return version_of(connection)
        except ValueError as error:
            raise StorageError(f"the operations database {self._name}: {error}") from None

    def _other_version(self, found: int) -> StorageError:
        return StorageError(
            f"the operations database {self._name} has tables of version {found}, this "
            f"version of the application knows {SCHEMA_VERSION}"
        )

    def _set_damaged_file_aside(self, error: SQLAlchemyError, seen: tuple[int, int] | None) -> bool:
        is_damaged = isinstance(error, DBAPIError) and is_damage(error.orig)
        if self._file is None or self._read_only or not is_damaged:
            return False
        try:
            aside = move_aside(self._file, seen)
        except OSError as failure:
            raise StorageError(
                f"the operations database {self._name} is damaged and cannot be set aside: "
                f"{failure.strerror}"
            ) from error
        if aside is not None:
            what = f"the operations database {self._name} is damaged and set aside as {aside}"
            log.error("%s: %s", what, line_of(error))
        return True


def open_operations(
    settings: Settings, *, read_only: bool = False, patience_seconds: float | None = None
) -> Operations:
    """The operations database that the settings name; nothing is opened yet."""
    url = _url_of(settings)
    return Operations(url, read_only=read_only, patience_seconds=patience_seconds)


def shared_now(session: Session, clock: Clock) -> datetime:
    """The present by the clock of all who share the database: the server's, if there is one."""
    if session.get_bind().dialect.name == "sqlite":
        return clock()
    now: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return now.astimezone(UTC)


def server_of(settings: Settings) -> URL | None:
    """Where the operations database is, if on a server that hosts may share."""
    url = _url_of(settings)
    return None if url.get_backend_name() == "sqlite" else url


def _url_of(settings: Settings) -> URL:
    if settings.database_url is not None:
        return parse_url(settings.database_url.get_secret_value())
    return URL.create("sqlite", database=str((settings.data_dir / FILE_NAME).resolve()))


@dataclass(frozen=True)
class ServingOperations:
    """The database as a process that serves pages sees it, with one engine for each.

    Attributes
    ----------
    reading : Operations
        Looking at a page makes, mends and migrates nothing.
    writing : Operations
        For what an operator does.
    """

    reading: Operations
    writing: Operations


def open_for_serving(settings: Settings) -> ServingOperations:
    """The operations database for a process that serves; nothing is opened yet."""
    # A server that is not there is not waited for as long as somebody who writes.
    writing = open_operations(settings, patience_seconds=READING_TIMEOUT_SECONDS)
    return ServingOperations(
        reading=open_operations(settings, read_only=True),
        writing=writing.waiting(BUSY_TIMEOUT_SECONDS),
    )
