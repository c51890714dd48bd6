"""Decisions to record, and those that were."""

from __future__ import annotations

from datetime import UTC, datetime

from services.operations.decisions import latest_decisions
from services.operations.tables import Decision

NOW = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)


def decision(version="2026-11-22-aaaaaa", **changes):
    fields = {
        "kind": "zones",
        "version": version,
        "previous": None,
        "action": "promoted",
        "reason": "better_than_champion",
        "decided_by": "challenge",
        "decided_at": NOW,
        "figures": {"rps": 0.03},
    }
    return Decision(**{**fields, **changes})


def decisions_of(operations, limit=10):
    with operations.begin() as session:
        return latest_decisions(session, limit=limit)
