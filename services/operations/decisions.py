"""Recording and reading what was decided about models: never lost without a line in the journal."""

from __future__ import annotations

import logging
from datetime import datetime

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.base.errors import StorageError
from services.operations.database import Operations
from services.operations.rows import read_entities
from services.operations.tables import FORECAST_KINDS, Decision, Kind, ModelVersion

log = logging.getLogger(__name__)

_OF_CHAMPIONS = ("promoted", "rolled_back")


def record_decision(
    operations: Operations, decision: Decision, version: ModelVersion | None = None
) -> bool:
    """Keep a decision, and the version it is about; the journal gets it in any case.

    Parameters
    ----------
    version : ModelVersion, optional
        Replaces what was recorded of that version before.

    Returns
    -------
    bool
        False when the database could not take it: then the journal holds all of it.
    """
    written = _as_line(decision)
    try:
        with operations.begin() as session:
            if version is not None:
                session.merge(version)
            session.add(decision)
    except StorageError as error:
        log.error("a decision is in the journal only (%s): %s", error, written)
        return False
    log.info("decided: %s", written)
    return True


def latest_decisions(session: Session, kind: Kind | None = None, limit: int = 10) -> list[Decision]:
    """The newest decisions first, of one kind of model or of all."""
    query = select(Decision).order_by(Decision.decided_at.desc(), Decision.id.desc())
    if kind is not None:
        query = query.where(Decision.kind == kind)
    return read_entities(session, query, limit)


def champion_history(session: Session, kind: Kind) -> list[Decision]:
    """Every change of champion, the oldest first."""
    query = (
        select(Decision)
        .where(Decision.kind == kind, Decision.action.in_(_OF_CHAMPIONS))
        .order_by(Decision.decided_at, Decision.id)
    )
    return read_entities(session, query)


def champion_changes(session: Session, start: datetime, end: datetime) -> list[Decision]:
    """Changes of the models that forecast, from a start until before an end, the oldest first."""
    query = (
        select(Decision)
        .where(
            Decision.kind.in_(FORECAST_KINDS),
            Decision.action.in_(_OF_CHAMPIONS),
            Decision.decided_at >= start,
            Decision.decided_at < end,
        )
        .order_by(Decision.decided_at, Decision.id)
    )
    return read_entities(session, query)


def recorded_versions(session: Session) -> list[ModelVersion]:
    """Every version on record."""
    return read_entities(session, select(ModelVersion).order_by(ModelVersion.version))


def _as_line(decision: Decision) -> str:
    content = {
        "kind": decision.kind,
        "version": decision.version,
        "previous": decision.previous,
        "action": decision.action,
        "reason": decision.reason,
        "decided_by": decision.decided_by,
        "decided_at": decision.decided_at,
        "figures": decision.figures,
    }
    return orjson.dumps(content).decode()
