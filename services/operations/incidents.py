"""Reading incidents, and keeping what operators say about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from services.base.errors import InvalidRequest
from services.operations.database import Operations
from services.operations.rows import read_entities, read_rows
from services.operations.tables import Incident, IncidentKind, IncidentNote, NoteKind

LONGEST_COMMENT = 2_000


def open_incidents(
    session: Session, *hosts: str, kind: IncidentKind = "application"
) -> list[Incident]:
    """Those of a kind that are not over, of all hosts or of some, the newest first."""
    query = select(Incident).where(Incident.ended_at.is_(None), Incident.kind == kind)
    if hosts:
        query = query.where(Incident.host.in_(hosts))
    return read_entities(session, query.order_by(Incident.started_at.desc()))


def past_incidents(
    session: Session, limit: int, kind: IncidentKind = "application"
) -> list[Incident]:
    """Those of a kind that are over, the newest first."""
    query = select(Incident).where(Incident.ended_at.is_not(None), Incident.kind == kind)
    return read_entities(session, query.order_by(Incident.started_at.desc()), limit)


def last_fired(session: Session, kind: IncidentKind) -> Mapping[str, datetime]:
    """When each rule of a kind fired last."""
    query = select(Incident.rule, func.max(Incident.fired_at)).where(Incident.kind == kind)
    found = read_rows(session, query.group_by(Incident.rule))
    return {row[0]: row[1] for row in found}


def notes_of(
    session: Session, incidents: Iterable[Incident]
) -> Mapping[str, Sequence[IncidentNote]]:
    """What operators said, by incident, the oldest first."""
    ids = [item.id for item in incidents]
    query = select(IncidentNote).where(IncidentNote.incident_id.in_(ids))
    found: dict[str, list[IncidentNote]] = defaultdict(list)
    for note in read_entities(session, query.order_by(IncidentNote.at, IncidentNote.id)):
        found[note.incident_id].append(note)
    return found


def prune_incidents(operations: Operations, now: datetime, keep: timedelta) -> int:
    """Remove incidents that have been over for long, with their notes; returns how many.

    Raises
    ------
    StorageError
    """
    with operations.begin() as session:
        old = list(session.scalars(select(Incident.id).where(Incident.ended_at < now - keep)))
        session.execute(delete(IncidentNote).where(IncidentNote.incident_id.in_(old)))
        session.execute(delete(Incident).where(Incident.id.in_(old)))
    return len(old)


def record_note(
    session: Session, incident_id: str, kind: NoteKind, *, by: str, at: datetime, text: str = ""
) -> IncidentNote:
    """Keep what an operator did about an incident; who took it on first has it.

    Raises
    ------
    InvalidRequest
        When there is no such incident, or a comment is empty or too long.
    """
    if session.get(Incident, incident_id) is None:
        raise InvalidRequest("incident", incident_id, "one that exists")
    text = text.strip()
    if kind == "comment" and not 0 < len(text) <= LONGEST_COMMENT:
        raise InvalidRequest("comment", text[:20], f"1 to {LONGEST_COMMENT} characters")
    if kind == "acknowledged":
        query = select(IncidentNote).filter_by(incident_id=incident_id, kind=kind)
        if (taken_on := session.scalar(query)) is not None:
            return taken_on
    note = IncidentNote(incident_id=incident_id, kind=kind, by=by, at=at, text=text)
    session.add(note)
    return note
