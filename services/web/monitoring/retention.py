"""Measures of requests go after some weeks, and everything that only they needed."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import DateTime, NullPool, column, create_engine, delete, inspect, select, table
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from services.base.errors import StorageError
from services.base.files import remove_set_aside
from services.base.settings import Settings
from services.base.sqlite_file import file_id
from services.web.monitoring.complaints import describe
from services.web.monitoring.database import FILE_NAME, damage_of, database_url, set_aside
from services.web.monitoring.server import server_engine

DIRECTORY: Final = "monitoring"
# Children before parents.
_OF_REQUESTS: Final = ("Outlier", "StackLine", "ExceptionOccurrence")
# A column, and the one that uses it.
_USED_BY: Final = {
    "ExceptionMessage.id": "ExceptionOccurrence.exception_msg_id",
    "ExceptionStackLine.stack_trace_snapshot_id": "ExceptionOccurrence.stack_trace_snapshot_id",
    "StackTraceSnapshot.id": "ExceptionOccurrence.stack_trace_snapshot_id",
    "CodeLine.id": "StackLine.code_id",
}


def prune_measures(settings: Settings, now: datetime) -> int:
    """Remove the measures that are too old; returns how many requests went.

    The file keeps its size: SQLite writes new measures where the old ones were. One that is damaged
    is set aside, and goes once it has been for as long as measures are kept.

    Parameters
    ----------
    now : datetime
        Aware.

    Raises
    ------
    StorageError
        When the database cannot be written now.
    """
    kept = timedelta(days=settings.monitoring_retention_days)
    remove_set_aside(settings.data_dir / DIRECTORY, now, kept)
    oldest = now.astimezone(UTC).replace(tzinfo=None) - kept
    try:
        if settings.monitoring_database_url is None:
            return _prune_file(settings.data_dir / DIRECTORY / FILE_NAME, oldest)
        engine = server_engine(settings.monitoring_database_url.get_secret_value())
        return _prune(engine, oldest)
    except (sqlite3.Error, SQLAlchemyError) as error:
        raise StorageError(f"old measures cannot be removed: {describe(error)}") from error


def _prune_file(path: Path, oldest: datetime) -> int:
    if not path.exists():
        return 0
    seen = file_id(path)
    damage = damage_of(path)
    if damage is not None:
        set_aside(path, seen, damage)
        return 0
    return _prune(create_engine(database_url(path), poolclass=NullPool), oldest)


def _prune(engine: Engine, oldest: datetime) -> int:
    try:
        with engine.begin() as connection:
            if not inspect(connection).has_table("Request"):
                return 0
            return _remove(connection, oldest)
    finally:
        engine.dispose()


def _remove(connection: Connection, oldest: datetime) -> int:
    requests = table("Request", column("id"), column("time_requested", DateTime))
    is_old = requests.c.time_requested < oldest
    old = select(requests.c.id).where(is_old)
    for name in _OF_REQUESTS:
        children = table(name, column("request_id"))
        connection.execute(delete(children).where(children.c.request_id.in_(old)))
    removed = connection.execute(delete(requests).where(is_old)).rowcount
    graph_data = table("CustomGraphData", column("time", DateTime))
    connection.execute(delete(graph_data).where(graph_data.c.time < oldest))
    for one, user in _USED_BY.items() if removed else ():
        (name, key), (users, used) = one.split("."), user.split(".")
        of, by = table(name, column(key)), table(users, column(used))
        # Of each number once: PostgreSQL looks it up in memory then.
        in_use = select(by.c[used]).distinct()
        connection.execute(delete(of).where(of.c[key].not_in(in_use)))
    return removed
