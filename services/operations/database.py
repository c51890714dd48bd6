"""Opening the operations database: made, migrated, shared by processes, healed when damaged.

SQLite keeps a write-ahead log, so that pages read while the worker writes, and
a writer waits for another one. Nothing is opened before it is first needed.
"""

from __future__ import annotations

import logging
import math
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import (
    NullPool,
    create_engine,
    delete,
    event,
    insert,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from services.base.errors import StorageError
from services.base.settings import Settings
from services.base.sqlite_file import (
    FILE_SUFFIXES,
    PRIMARY_CODE_MASK,
    file_id,
    is_damage,
    move_aside,
)
from services.operations.tables import Base, SchemaVersion

log = logging.getLogger(__name__)

FILE_NAME: Final = "operations.sqlite3"
# A decision can wait this long for another writer; a page never waits for one.
BUSY_TIMEOUT_SECONDS: Final = 10.0
READING_TIMEOUT_SECONDS: Final = 1.0
# PostgreSQL's code.
_UNDEFINED_TABLE: Final = "42P01"
# The execution option that tells how long a transaction waits for others, in seconds.
_PATIENCE: Final = "traffic_patience_s"
# Any number that no other program of this database server takes.
_MIGRATION_LOCK: Final = 7_462_001

Migration = Callable[[Connection], None]


def _whole_tables(connection: Connection) -> None:
    Base.metadata.create_all(connection)


# Of incidents, cameras, log-in failures, unusual events: all that came later were whole tables.
MIGRATIONS: Final[tuple[Migration, ...]] = (_whole_tables,) * 5
"""Step *n* takes the tables from version *n* to *n* + 1; only ever appended to."""

SCHEMA_VERSION: Final = len(MIGRATIONS)


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
        How long it waits for others to let go; short where pages wait for it.
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
        self._name = url.render_as_string(hide_password=True)
        self._file = Path(url.database or "") if url.get_backend_name() == "sqlite" else None
        engine = engine or _engine(url, self._file, read_only, patience_seconds)
        self._engine = engine.execution_options(**{_PATIENCE: patience_seconds})
        self._new_session = sessionmaker(self._engine, expire_on_commit=False)
        self._lock = threading.Lock()
        self._prepared: object = None

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
            anew), lacks a table (the next writer makes it anew), or was made by a newer version.
        """
        seen = None if self._file is None else file_id(self._file)
        try:
            self._prepare()
            with self._new_session.begin() as session:
                yield session
        except SQLAlchemyError as error:
            if not self._set_damaged_file_aside(error, seen) and _is_missing_table(error):
                self._prepared = None
            raise StorageError(f"the operations database {self._name}: {_line(error)}") from error

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
            found = _version(connection)
        if found == 0:
            raise NothingRecorded(f"the operations database {self._name} is empty")
        self._refuse_other(found, older=True)

    def _migrate(self) -> None:
        if self._file is not None:
            _make_file(self._file, self._patience_s)
        seen = None if self._file is None else file_id(self._file)
        try:
            self._take_steps()
        except DBAPIError as error:
            if not self._set_damaged_file_aside(error, seen):
                raise
            self._take_steps()

    def _take_steps(self) -> None:
        with self._engine.begin() as connection:
            if self._file is None:
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            found = _version(connection)
            self._refuse_other(found, older=False)
            for step in MIGRATIONS[found:]:
                step(connection)
            if found < SCHEMA_VERSION:
                connection.execute(delete(SchemaVersion))
                connection.execute(insert(SchemaVersion), {"version": SCHEMA_VERSION})
            self._make_missing_tables(connection)

    def _make_missing_tables(self, connection: Connection) -> None:
        """Somebody may have dropped one from a sound file."""
        missing = Base.metadata.tables.keys() - set(inspect(connection).get_table_names())
        if missing:
            log.error("the operations database %s lacked %s", self._name, ", ".join(missing))
            Base.metadata.create_all(connection)

    def _refuse_other(self, found: int, *, older: bool) -> None:
        if found > SCHEMA_VERSION or (older and found < SCHEMA_VERSION):
            raise StorageError(
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
            log.error("%s: %s", what, _line(error))
        return True


def open_operations(
    settings: Settings, *, read_only: bool = False, patience_seconds: float | None = None
) -> Operations:
    """The operations database that the settings name; nothing is opened yet."""
    if settings.database_url is None:
        path = (settings.data_dir / FILE_NAME).resolve()
        url = URL.create("sqlite", database=str(path))
    else:
        url = make_url(settings.database_url.get_secret_value())
    return Operations(url, read_only=read_only, patience_seconds=patience_seconds)


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


def _engine(url: URL, file: Path | None, read_only: bool, patience_seconds: float) -> Engine:
    if file is None:
        return _server_engine(url, patience_seconds)

    def connect() -> sqlite3.Connection:
        # Without "c" nobody makes an empty database by looking for one.
        address = f"file:{quote(str(file))}?mode={'rw' if read_only else 'rwc'}"
        connection = sqlite3.connect(address, uri=True, check_same_thread=False)
        # The driver's own idea of when transactions begin gets in the way of ours.
        connection.isolation_level = None
        if read_only:
            connection.execute("PRAGMA query_only = ON")
        return connection

    # A file that was replaced must not be read through an old connection: none is kept.
    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    statement = "BEGIN" if read_only else "BEGIN IMMEDIATE"

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {_patience_ms(connection)}")
        # A writer says so from the start: two that read first would lock each other out.
        connection.exec_driver_sql(statement)

    return engine


def _server_engine(url: URL, patience_seconds: float) -> Engine:
    engine = create_engine(
        url,
        # A connection that the server closed meanwhile is found out before it is used.
        pool_pre_ping=True,
        pool_timeout=patience_seconds,
        connect_args=_limit_of_server(url, patience_seconds),
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_patience_ms(connection)}")

    return engine


def _patience_ms(connection: Connection) -> int:
    patience_s: float = connection.get_execution_options()[_PATIENCE]
    return round(1_000 * patience_s)


def _make_file(path: Path, patience_seconds: float) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Before SQLite: what it makes beside the file gets the same rights.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        _close_to_others(path)
        connection = sqlite3.connect(path, timeout=patience_seconds)
    except (OSError, sqlite3.OperationalError) as error:
        raise StorageError(f"the operations database {path} cannot be made: {error}") from error
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        # SQLite refuses the change at once while another connection is at work: whoever opens
        # the file next makes it, and until then writers and readers wait for each other.
        if error.sqlite_errorcode & PRIMARY_CODE_MASK != sqlite3.SQLITE_BUSY:
            raise StorageError(f"the operations database {path}: {error}") from error
    except sqlite3.DatabaseError:
        # Damaged: the first transaction finds out and sets it aside.
        log.debug("no write-ahead log for %s", path, exc_info=True)
    finally:
        connection.close()


def _close_to_others(path: Path) -> None:
    """A file of an earlier version may be open to all; so may what lies beside it."""
    for suffix in FILE_SUFFIXES:
        beside = path.with_name(path.name + suffix)
        with suppress(OSError):
            if beside.stat().st_mode & 0o077:
                beside.chmod(0o600)


def _limit_of_server(url: URL, patience_seconds: float) -> dict[str, Any]:
    """How long a server may take to answer, as libpq spells it."""
    if not url.get_driver_name().startswith("psycopg"):
        return {}
    return {"connect_timeout": max(2, math.ceil(patience_seconds))}


def _version(connection: Connection) -> int:
    """The version of the tables; 0 when there are none."""
    if not inspect(connection).has_table(SchemaVersion.__tablename__):
        return 0
    return connection.execute(select(SchemaVersion.version)).scalar_one_or_none() or 0


def _is_missing_table(error: SQLAlchemyError) -> bool:
    cause = error.orig if isinstance(error, DBAPIError) else None
    is_sqlites = isinstance(cause, sqlite3.OperationalError) and "no such table" in str(cause)
    return is_sqlites or getattr(cause, "sqlstate", None) == _UNDEFINED_TABLE


def _line(error: SQLAlchemyError) -> str:
    """What went wrong, without the statement and its values."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(cause).strip().partition("\n")[0]
