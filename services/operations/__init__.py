"""The operations database: decisions about models, how right they were, and incidents.

SQLite in the data directory, or PostgreSQL by URL. The worker and the commands
write, pages only read. What other rooms use is named here.
"""

from __future__ import annotations

from services.operations.database import NothingRecorded, Operations, open_operations
from services.operations.decisions import (
    champion_history,
    latest_decisions,
    record_decision,
    recorded_versions,
)
from services.operations.incidents import (
    incident,
    notes_of,
    open_incidents,
    past_incidents,
    prune_incidents,
    record_note,
)
from services.operations.tables import (
    KINDS,
    Decision,
    DriftMeasure,
    ForecastScore,
    Incident,
    IncidentNote,
    Kind,
    ModelVersion,
    OutgoingMessage,
    ScoredHour,
)

__all__ = [
    "KINDS",
    "Decision",
    "DriftMeasure",
    "ForecastScore",
    "Incident",
    "IncidentNote",
    "Kind",
    "ModelVersion",
    "NothingRecorded",
    "Operations",
    "OutgoingMessage",
    "ScoredHour",
    "champion_history",
    "incident",
    "latest_decisions",
    "notes_of",
    "open_incidents",
    "open_operations",
    "past_incidents",
    "prune_incidents",
    "record_decision",
    "record_note",
    "recorded_versions",
]
