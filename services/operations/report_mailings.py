"""Which reports were made for whom, so that none goes out twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from services.operations.database import Operations
from services.operations.rows import read_rows
from services.operations.tables import OutgoingMessage, ReportMailing


@dataclass(frozen=True)
class LastMailing:
    """What became of a report.

    Attributes
    ----------
    taken_at : datetime or None
        When a channel took it last; None where none ever did.
    waiting : int
        For how many channels it waits to be taken.
    """

    taken_at: datetime | None
    waiting: int


def made_for(session: Session, ids: Iterable[str]) -> set[str]:
    """Which of some messages were made already."""
    query = select(ReportMailing.id).where(ReportMailing.id.in_(list(ids)))
    return set(session.scalars(query))


def keep_mailings(
    operations: Operations, messages: Sequence[OutgoingMessage], report: str, first_day: date
) -> None:
    """Leave messages, each with the record that it was made: all or none.

    Raises
    ------
    StorageError
        Also where another process has made one of them meanwhile.
    """
    with operations.begin() as session:
        for message in messages:
            session.add(message)
            session.add(
                ReportMailing(
                    id=message.id,
                    report=report,
                    first_day=first_day,
                    channel=message.channel,
                    made_at=message.created_at,
                )
            )


def last_mailings(session: Session) -> Mapping[str, LastMailing]:
    """By report."""
    taken = select(ReportMailing.report, func.max(ReportMailing.taken_at))
    waiting = (
        select(ReportMailing.report, func.count())
        .join(OutgoingMessage, OutgoingMessage.id == ReportMailing.id)
        .where(ReportMailing.taken_at.is_(None))
    )
    counts = {row[0]: row[1] for row in read_rows(session, waiting.group_by(ReportMailing.report))}
    found = read_rows(session, taken.group_by(ReportMailing.report))
    return {row[0]: LastMailing(row[1], counts.get(row[0], 0)) for row in found}


def prune_mailings(operations: Operations, now: datetime, keep: timedelta) -> None:
    """Remove what was made long ago.

    Raises
    ------
    StorageError
    """
    with operations.begin() as session:
        session.execute(delete(ReportMailing).where(ReportMailing.made_at < now - keep))
