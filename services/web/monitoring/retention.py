"""Measures of requests go after some weeks, and everything that only they needed."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from services.base.errors import StorageError
from services.base.files import remove_set_aside
from services.base.sqlite_file import file_id
from services.web.monitoring.database import FILE_NAME, connect, damage_of, set_aside

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


def prune_measures(data_dir: Path, now: datetime, keep_days: int) -> int:
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
    remove_set_aside(data_dir / DIRECTORY, now, timedelta(days=keep_days))
    path = data_dir / DIRECTORY / FILE_NAME
    if not path.exists():
        return 0
    oldest = (now.astimezone(UTC) - timedelta(days=keep_days)).strftime("%Y-%m-%d %H:%M:%S")
    try:
        seen = file_id(path)
        damage = damage_of(path)
        if damage is not None:
            set_aside(path, seen, damage)
            return 0
        with connect(path) as connection, connection:
            return _prune(connection, oldest)
    except sqlite3.Error as error:
        raise StorageError(f"old measures cannot be removed: {error}") from error


def _prune(connection: sqlite3.Connection, oldest: str) -> int:
    tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    if ("Request",) not in tables:
        return 0
    old = "SELECT id FROM Request WHERE time_requested < ?"
    for table in _OF_REQUESTS:
        connection.execute(f"DELETE FROM {table} WHERE request_id IN ({old})", (oldest,))  # noqa: S608
    removed = connection.execute("DELETE FROM Request WHERE time_requested < ?", (oldest,)).rowcount
    connection.execute("DELETE FROM CustomGraphData WHERE time < ?", (oldest,))
    for column, user in _USED_BY.items() if removed else ():
        (table, name), (users, used) = column.split("."), user.split(".")
        query = f"DELETE FROM {table} WHERE {name} NOT IN (SELECT {used} FROM {users})"  # noqa: S608
        connection.execute(query)
    return removed
