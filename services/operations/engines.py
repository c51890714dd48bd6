"""How the operations database is reached: SQLite in a file, or a PostgreSQL server.

Whoever writes has the database to itself until its transaction ends, on either engine: what is
read in it is still so when it is written, whichever host writes besides.
"""

from __future__ import annotations

import logging
import math
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import NullPool, create_engine, event, make_url
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from services.base.errors import StorageError
from services.base.sqlite_file import FILE_SUFFIXES, PRIMARY_CODE_MASK

log = logging.getLogger(__name__)

PATIENCE: Final = "traffic_patience_s"
"""The execution option that tells how long a transaction waits for others, in seconds."""

# PostgreSQL's codes.
_UNDEFINED_TABLE: Final = "42P01"
_CONNECTION_LOST: Final = ("08", "57P")
# Older ones get no mending any more.
OLDEST_SERVER: Final = (13,)
# What holds every text. One that states none keeps what it is given.
_ENCODINGS: Final = frozenset({"UTF8", "SQL_ASCII"})
# Any number that no other program of this database takes.
_WRITERS_LOCK: Final = 7_462_001
# Of each process and direction: eight processes on two hosts have 32 connections open at rest and
# 96 at most, and a server takes 100 unless told otherwise.
_CONNECTIONS_KEPT: Final = 2
_CONNECTIONS_BESIDE: Final = 4
# A statement that takes longer than others were waited for, and this, has gone astray; a page's
# sooner, for the threads that serve are few.
_STATEMENT_SECONDS: Final = 10.0
_READING_SECONDS: Final = 4.0
# A server that has not even ended it by then stands still.
_SILENCE_SECONDS: Final = 1.0
# Who stopped in the midst of a transaction keeps all others from writing no longer than this.
IDLE_SECONDS: Final = 30.0
# libpq takes no less.
_MIN_CONNECT_SECONDS: Final = 2
_PROBES: Final = 3


def parse_url(address: str) -> URL:
    """An address of a database, with the driver that is installed."""
    url = make_url(address)
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def name_of(url: URL) -> str:
    """What people are told of an address: no password, nor options, which may hold one."""
    told = url.set(drivername=url.get_backend_name(), password=None, query={})
    return told.render_as_string()


def sqlite_engine(file: Path, *, read_only: bool) -> Engine:
    """Connections to a file; a writer says so from the start of its transaction."""

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
    # Two that read first would lock each other out.
    statement = "BEGIN" if read_only else "BEGIN IMMEDIATE"

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {_ms(_patience_s(connection))}")
        connection.exec_driver_sql(statement)

    return engine


def pooled_engine(url: URL, patience_seconds: float, connections_kept: int) -> Engine:
    """Connections to a server, each of which notices within seconds that it was cut."""
    return create_engine(
        url,
        # A connection that the server closed meanwhile is found out before it is used.
        pool_pre_ping=True,
        pool_timeout=patience_seconds,
        pool_size=connections_kept,
        max_overflow=_CONNECTIONS_BESIDE,
        connect_args=connection_limits(patience_seconds),
    )


def server_engine(url: URL, *, read_only: bool, patience_seconds: float) -> Engine:
    """Those of the operations database; whoever writes has it to themselves."""
    engine = pooled_engine(url, patience_seconds, _CONNECTIONS_KEPT)
    statement_s = _READING_SECONDS if read_only else _STATEMENT_SECONDS
    first = "set_config('transaction_read_only', 'on', true)"
    if not read_only:
        first = f"pg_advisory_xact_lock({_WRITERS_LOCK})"

    limit_answers(engine, patience_seconds + statement_s + _SILENCE_SECONDS)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        patience_s = _patience_s(connection)
        # Who shares the engine may be more or less patient than the one that made it.
        _driver(connection).limit_s = patience_s + statement_s + _SILENCE_SECONDS
        limits = {
            "lock_timeout": patience_s,
            "statement_timeout": patience_s + statement_s,
            "idle_in_transaction_session_timeout": IDLE_SECONDS,
        }
        # In one journey, and in this order.
        settings = [f"set_config('{name}', '{_ms(s)}', true)" for name, s in limits.items()]
        connection.exec_driver_sql(f"SELECT {', '.join(settings)}, {first}")

    return engine


def limit_answers(engine: Engine, limit_s: float) -> None:
    """Have connections to a server closed that do not answer a question in time."""

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, given: Sequence[Any], named: dict[str, Any]) -> Any:
        # Only where there is a server.
        from services.operations.bounded_connection import BoundedConnection  # noqa: PLC0415

        connection = BoundedConnection.connect(*given, **named)
        connection.limit_s = limit_s
        return connection


@contextmanager
def unhurried(connection: Connection) -> Iterator[None]:
    """Let statements of the transaction in progress on a server take as long as they take."""
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    driver = _driver(connection)
    limit_s, driver.limit_s = driver.limit_s, None
    try:
        yield
    finally:
        driver.limit_s = limit_s


def connection_limits(patience_seconds: float) -> dict[str, str | int]:
    """How soon a server that is away, or went away, is given up, as libpq spells it."""
    gone_s = max(_MIN_CONNECT_SECONDS, math.ceil(patience_seconds))
    return {
        "connect_timeout": gone_s,
        # Of a partition no packet tells: silence is asked, and what was sent has to be taken.
        "keepalives_idle": gone_s,
        "keepalives_interval": 1,
        "keepalives_count": _PROBES,
        "tcp_user_timeout": _ms(gone_s + _PROBES),
        "fallback_application_name": "traffic-rennes",
        # Whatever the server's own is: of one that states none, text would come as bytes.
        "client_encoding": "UTF8",
    }


def unfit_encoding(connection: Connection) -> str | None:
    """The encoding of a server's database, where it cannot hold every text; else None."""
    encoding: str = _driver(connection).info.parameter_status("server_encoding")
    return None if encoding in _ENCODINGS else encoding


def make_file(path: Path, patience_seconds: float) -> None:
    """Make a file of SQLite's, its owner's alone and with a write-ahead log, where there is none.

    Raises
    ------
    StorageError
        In one line.
    """
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


def is_missing_table(error: SQLAlchemyError) -> bool:
    """Whether a statement named a table that is not there."""
    cause = error.orig if isinstance(error, DBAPIError) else None
    is_sqlites = isinstance(cause, sqlite3.OperationalError) and "no such table" in str(cause)
    return is_sqlites or _code(cause) == _UNDEFINED_TABLE


def is_server_away(error: DBAPIError) -> bool:
    """Whether a server could not be reached, is starting or ending, or cut the connection."""
    # What did not come from the server has no code of its.
    code = _code(error.orig)
    return code is None or code.startswith(_CONNECTION_LOST)


def line_of(error: SQLAlchemyError) -> str:
    """What went wrong, without the statement and its values."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(cause).strip().partition("\n")[0]


def _close_to_others(path: Path) -> None:
    """A file of an earlier version may be open to all; so may what lies beside it."""
    for suffix in FILE_SUFFIXES:
        beside = path.with_name(path.name + suffix)
        with suppress(OSError):
            if beside.stat().st_mode & 0o077:
                beside.chmod(0o600)


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _code(cause: BaseException | None) -> str | None:
    code: str | None = getattr(cause, "sqlstate", None)
    return code


def _patience_s(connection: Connection) -> float:
    patience_s: float = connection.get_execution_options()[PATIENCE]
    return patience_s


def _ms(seconds: float) -> int:
    return round(1_000 * seconds)
