"""Unusual events of the traffic: keeping them, and finding those of now or of a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.operations.database import Operations
from services.operations.rows import read_entities
from services.operations.tables import EventSource, TrafficEvent


def keep_events(session: Session, events: Iterable[TrafficEvent]) -> None:
    """Write events as they are now; one that is there already is replaced."""
    for event in events:
        session.merge(event)


def end_others(
    session: Session, lasting: Collection[str], source: EventSource, now: datetime, gap: timedelta
) -> None:
    """End the events that nobody follows any more, at the time they were seen last.

    Of a source, all but those that last; of the other one, those not seen for so long: a worker
    that was ended, or a database that could not be written, leaves some open.
    """
    for event in open_events(session):
        if event.id in lasting:
            continue
        if event.source == source or abs(now - event.seen_at) > gap:
            event.ended_at = event.seen_at


def open_events(session: Session, source: EventSource | None = None) -> list[TrafficEvent]:
    """Those that last, of one source or of both, the one that costs the most time first."""
    query = select(TrafficEvent).where(TrafficEvent.ended_at.is_(None))
    if source is not None:
        query = query.where(TrafficEvent.source == source)
    return read_entities(session, query.order_by(TrafficEvent.delay_s.desc(), TrafficEvent.id))


def events_between(
    session: Session,
    source: EventSource,
    start: datetime,
    end: datetime,
    limit: int | None = None,
) -> list[TrafficEvent]:
    """Those that were seen from a start until before an end, in the order they began."""
    query = select(TrafficEvent).where(
        TrafficEvent.source == source,
        TrafficEvent.started_at < end,
        TrafficEvent.seen_at >= start,
    )
    return read_entities(session, query.order_by(TrafficEvent.started_at, TrafficEvent.id), limit)


def remove_events(session: Session, source: EventSource, start: datetime, end: datetime) -> None:
    """Remove those that began from a start until before an end, to be told anew."""
    began = TrafficEvent.started_at >= start, TrafficEvent.started_at < end
    session.execute(delete(TrafficEvent).where(TrafficEvent.source == source, *began))


def prune_events(operations: Operations, now: datetime, keep: timedelta) -> int:
    """Remove events that ended long ago; returns how many.

    Raises
    ------
    StorageError
    """
    with operations.begin() as session:
        is_old = TrafficEvent.ended_at < now - keep
        old = list(session.scalars(select(TrafficEvent.id).where(is_old)))
        session.execute(delete(TrafficEvent).where(TrafficEvent.id.in_(old)))
    return len(old)
