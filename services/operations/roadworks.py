"""Roadworks of the past: keeping what lists told of them, and finding those of a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from services.operations.database import Operations
from services.operations.rows import read_entities
from services.operations.tables import EventSource, RoadworkMeasure

# Below what every database takes of parameters in one statement.
_AT_ONCE: Final = 500


def keep_measures(session: Session, measures: Sequence[RoadworkMeasure], seen_at: datetime) -> None:
    """Take in a list: of what is known already the time at which it was seen last, else all."""
    by_id = {measure.id: measure for measure in measures}
    names = list(by_id)
    for start in range(0, len(names), _AT_ONCE):
        ids = names[start : start + _AT_ONCE]
        is_told = RoadworkMeasure.id.in_(ids)
        known = set(session.scalars(select(RoadworkMeasure.id).where(is_told)))
        session.execute(
            update(RoadworkMeasure)
            # A list that is written late tells nothing newer.
            .where(RoadworkMeasure.id.in_(known), RoadworkMeasure.last_seen_at < seen_at)
            .values(last_seen_at=seen_at)
        )
        session.add_all(by_id[name] for name in ids if name not in known)


def measures_between(
    session: Session, source: EventSource, first: date, last: date
) -> list[RoadworkMeasure]:
    """Those that any list told to be of some local days, in the order in which they begin."""
    query = select(RoadworkMeasure).where(
        RoadworkMeasure.source == source,
        RoadworkMeasure.first_day <= last,
        RoadworkMeasure.last_day >= first,
    )
    order = RoadworkMeasure.first_day, RoadworkMeasure.first_seen_at, RoadworkMeasure.id
    return read_entities(session, query.order_by(*order))


def last_list_at(session: Session, source: EventSource) -> datetime | None:
    """When the last list that told any came; None before the first one."""
    newest = select(func.max(RoadworkMeasure.last_seen_at)).where(RoadworkMeasure.source == source)
    return session.scalar(newest)


def prune_roadworks(operations: Operations, now: datetime, keep: timedelta) -> None:
    """Remove what no list has told for so long.

    Raises
    ------
    StorageError
    """
    with operations.begin() as session:
        is_old = RoadworkMeasure.last_seen_at < now - keep
        session.execute(delete(RoadworkMeasure).where(is_old))
