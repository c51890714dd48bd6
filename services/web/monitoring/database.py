"""The monitoring's SQLite file: made private, healed when lost, never in a visitor's way.

`services.web.monitoring.server` is the same for a server that several hosts share.
"""

from __future__ import annotations

import contextlib
import math
import os
import sqlite3
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import flask
from filelock import FileLock
from sqlalchemy import delete, event, exc, update
from sqlalchemy.engine import URL, Connection, Engine, ExceptionContext

from services.base.privacy import NOT_KEPT
from services.base.sqlite_file import file_id, is_damage, move_aside
from services.web.monitoring.complaints import logger

Package = Callable[[str], Any]
"""Gives a module of the monitoring package by its name."""

FILE_NAME = "requests.sqlite3"
LOCK_TIMEOUT_SECONDS: Final = 30.0
# How long a writer waits for another one. Measures are written beside the request, not in it.
BUSY_TIMEOUT_SECONDS = 5.0
# Of a start, which people wait for; 170 MB take a second.
CHECK_SECONDS = 0.5
STEPS_BETWEEN_LOOKS = 1_000


class MeasuresFile:
    """The measures of one machine, in SQLite. The package makes its engine at its import.

    Parameters
    ----------
    path : Path
        Of the file.
    level : int
        The one that is configured.
    """

    label: Final = "SQLite, in the data directory"
    """What the package's pages show."""

    def __init__(self, path: Path, level: int) -> None:
        self._path = path
        self._level = level
        self.url = database_url(path)

    @contextlib.contextmanager
    def opening(self) -> Iterator[None]:
        """Around the import of the package, and until it is bound."""
        # Tables are made without "if not exists": one process at a time.
        with FileLock(self._path.with_suffix(".lock"), timeout=LOCK_TIMEOUT_SECONDS):
            prepare_file(self._path)
            yield

    def adopt(self, package: Package) -> None:
        """Take over the package's database, before anything uses it."""
        storage = package("database")
        self._engine: Engine = storage.engine
        with self.begin() as connection:
            clear_former_rows(connection, storage)
            _apply_level(connection, storage, self._level)
        storage.session_scope = transactions(storage.DBSession)

    def use_routes(self, package: Package) -> None:
        """Leave it to the package to know views, whose levels are in the file."""

    def watch(self, _server: flask.Flask, _blueprint: str) -> None:
        """Once the package is bound: see that the file stays sound."""
        watch_engine(self._engine, self._path)

    def begin(self) -> AbstractContextManager[Connection]:
        """One transaction: all or nothing."""
        return self._engine.begin()

    def mark_of(self, _connection: Connection) -> str | None:
        """Nothing: what could not be committed to a file is not there."""
        return None

    def is_committed(self, _connection: Connection, _mark: str) -> bool:
        """No transaction has a mark."""
        return False

    def is_there(self) -> bool:
        """Whether it is worth while to write the last words."""
        return self._path.exists()

    def is_graph_due(self, _session: Any) -> bool:
        """Whether somebody else has not just written: a lock beside the file sees to it."""
        return True

    def close(self) -> None:
        """Let go of the file; who needs it opens it anew."""
        self._engine.dispose()


def database_url(path: Path) -> URL:
    """The address of the file for SQLAlchemy."""
    query = {"timeout": str(BUSY_TIMEOUT_SECONDS)}
    return URL.create("sqlite", database=str(path.resolve()), query=query)


def prepare_file(path: Path) -> None:
    """Make the file if it is missing: readable by its owner only, and with a write-ahead log.

    A file that is damaged, or no database, is set aside. Of a large one only a part is checked; the
    worker checks all of it (`services.web.monitoring.retention`).

    Raises
    ------
    OSError, sqlite3.OperationalError
        When the file can be neither opened nor made.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    damage = damage_of(path, CHECK_SECONDS) if path.exists() else None
    if damage is not None:
        set_aside(path, file_id(path), damage)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    with connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


def damage_of(path: Path, within_s: float = math.inf) -> str | None:
    """What is wrong with the database's pages, as far as could be seen in some seconds; or None.

    Raises
    ------
    sqlite3.OperationalError
        When the file cannot be read now.
    """
    deadline = time.monotonic() + within_s
    with connect(path) as connection:
        connection.set_progress_handler(lambda: time.monotonic() > deadline, STEPS_BETWEEN_LOOKS)
        try:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                return str(error)
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            return None
    return None if found == "ok" else str(found)


def set_aside(path: Path, seen: tuple[int, int] | None, damage: str) -> None:
    """Keep a damaged file under another name, unless another process was faster.

    Whoever has it open notices, and makes a new one (`watch_engine`).

    Parameters
    ----------
    seen
        Which file it was, by its ``file_id``, that was found to be damaged.
    damage
        What is wrong with it.
    """
    aside = move_aside(path, seen)
    if aside is not None:
        logger.error("the monitoring database was damaged (%s): kept as %s", damage, aside)


def clear_former_rows(connection: Connection, storage: Any) -> None:
    """Remove what an unlocked installation left: users such as admin/admin, telemetry's consent.

    And what strangers could write into earlier ones.

    Parameters
    ----------
    storage : module
        The package's ``database``.
    """
    connection.execute(delete(storage.User))
    connection.execute(delete(storage.TelemetryUser))
    for table, name in ((storage.Outlier, "request_url"), (storage.ExceptionMessage, "message")):
        column = getattr(table, name)
        connection.execute(update(table).where(column != NOT_KEPT).values({name: NOT_KEPT}))


def _apply_level(connection: Connection, storage: Any, level: int) -> None:
    """Give every known route the configured level, if that changed since the last start.

    Levels that the operator chose on the page since then stay. SQLite's ``user_version``, which
    the package leaves alone, remembers the level applied last (plus one: 0 is a new file).
    """
    applied = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    if applied != level + 1:
        connection.execute(update(storage.Endpoint).values(monitor_level=level))
        connection.exec_driver_sql(f"PRAGMA user_version = {level + 1}")


def watch_engine(engine: Engine, path: Path) -> None:
    """Tune each connection, and leave one whose file was deleted or replaced.

    An empty file gets the tables, and the routes under their present numbers.
    """
    outline = _read_outline(path)

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, record: Any) -> None:
        record.info["file"] = file_id(path)
        try:
            connection.execute("PRAGMA synchronous = NORMAL")
            _restore_if_empty(connection, path, outline)
            _prefer_write_ahead_log(connection)
        except sqlite3.DatabaseError as error:
            _heal(error, record.info["file"])
            raise
        # Made by this connection, where there was none.
        record.info["file"] = file_id(path)

    @event.listens_for(engine, "checkout")
    def _on_checkout(_connection: Any, record: Any, _proxy: Any) -> None:
        if record.info.get("file") != file_id(path):
            raise exc.DisconnectionError("the monitoring database was deleted or replaced")

    @event.listens_for(engine, "handle_error")
    def _on_error(context: ExceptionContext) -> None:
        info = context.connection.info if context.connection is not None else {}
        _heal(context.original_exception, info.get("file"))

    def _heal(error: BaseException, seen: tuple[int, int] | None) -> None:
        if is_damage(error):
            set_aside(path, seen, str(error))
            raise exc.DisconnectionError("the monitoring database was damaged") from error

    engine.dispose()
    leave_to_parent(engine)


def leave_to_parent(engine: Engine) -> None:
    """Have a process that is forked open connections of its own."""
    # The system's list of these has no end: it must not keep an engine from being forgotten.
    forget = weakref.WeakMethod(engine.dispose)
    os.register_at_fork(after_in_child=lambda: (dispose := forget()) and dispose(close=False))


def transactions(new_session: Callable[[], Any]) -> Callable[[], AbstractContextManager[Any]]:
    """Takes the place of the package's ``session_scope``, which prints what fails and sleeps."""

    @contextlib.contextmanager
    def scope() -> Iterator[Any]:
        with new_session() as session:
            yield session
            session.commit()

    return scope


def connect(path: Path) -> contextlib.closing[sqlite3.Connection]:
    """A connection of our own, closed at the end of the ``with`` block."""
    return contextlib.closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_SECONDS))


def _read_outline(path: Path) -> list[tuple[str, tuple[Any, ...]]]:
    """What makes the database anew without its measures: statements with their values."""
    with connect(path) as connection:
        # Tables before their indexes.
        statements = connection.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC"
        ).fetchall()
        routes = connection.execute("SELECT * FROM Endpoint").fetchall()
    inserts = [(f"INSERT INTO Endpoint VALUES (?{', ?' * (len(it) - 1)})", it) for it in routes]  # noqa: S608
    return [*((statement, ()) for (statement,) in statements), *inserts]


def _restore_if_empty(
    connection: sqlite3.Connection, path: Path, outline: list[tuple[str, tuple[Any, ...]]]
) -> None:
    if not _is_empty(connection):
        return
    path.chmod(0o600)
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        # Another process may have been faster.
        if not _is_empty(connection):
            return
        for statement, values in outline:
            connection.execute(statement, values)
    logger.warning("the monitoring database was gone: an empty one takes its place")


def _prefer_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Have writers and readers not wait for each other, once nobody else holds the file.

    SQLite refuses the change at once, without waiting, while another connection reads: the file
    is sound without it, and a later connection makes it.
    """
    with contextlib.suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA journal_mode = WAL")


def _is_empty(connection: sqlite3.Connection) -> bool:
    (count,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return bool(count == 0)
