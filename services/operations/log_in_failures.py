"""Wrong passwords of the last hour, so that every process knows who has to wait."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.operations.database import Operations
from services.operations.rows import read_rows
from services.operations.tables import LogInFailure


def record_log_in_failure(session: Session, visitor: str, at: datetime) -> None:
    """Keep that a visitor's password was wrong."""
    session.add(LogInFailure(visitor=visitor, at=at))


def log_in_failures_since(session: Session, since: datetime) -> list[tuple[str, datetime]]:
    """Who failed since a time, and when."""
    query = select(LogInFailure.visitor, LogInFailure.at).where(LogInFailure.at >= since)
    return [(row.visitor, row.at) for row in read_rows(session, query.order_by(LogInFailure.at))]


def forget_log_in_failures(session: Session, visitor: str) -> None:
    """Remove what a visitor got wrong."""
    session.execute(delete(LogInFailure).where(LogInFailure.visitor == visitor))


def prune_log_in_failures(operations: Operations, now: datetime, keep: timedelta) -> None:
    """Remove what is older.

    Raises
    ------
    StorageError
    """
    with operations.begin() as session:
        session.execute(delete(LogInFailure).where(LogInFailure.at < now - keep))
