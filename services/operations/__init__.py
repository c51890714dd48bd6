"""The operations database: decisions about models, how right they were, and incidents.

SQLite in the data directory, or PostgreSQL by URL. The worker and the commands
write, pages only read. What other rooms use is named here.
"""

from __future__ import annotations

from services.operations.cameras import (
    cameras_of,
    latest_readings,
    pin_camera,
    prune_readings,
    readings_since,
    record_reading,
    remove_camera,
)
from services.operations.database import (
    NothingRecorded,
    Operations,
    ServingOperations,
    open_for_serving,
    open_operations,
)
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
from services.operations.log_in_failures import (
    forget_log_in_failures,
    log_in_failures_since,
    prune_log_in_failures,
    record_log_in_failure,
)
from services.operations.rows import read_entities, read_rows
from services.operations.tables import (
    FORECAST_KINDS,
    KINDS,
    Camera,
    CameraReading,
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
    "FORECAST_KINDS",
    "KINDS",
    "Camera",
    "CameraReading",
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
    "ServingOperations",
    "cameras_of",
    "champion_history",
    "forget_log_in_failures",
    "incident",
    "latest_decisions",
    "latest_readings",
    "log_in_failures_since",
    "notes_of",
    "open_for_serving",
    "open_incidents",
    "open_operations",
    "past_incidents",
    "pin_camera",
    "prune_incidents",
    "prune_log_in_failures",
    "prune_readings",
    "read_entities",
    "read_rows",
    "readings_since",
    "record_decision",
    "record_log_in_failure",
    "record_note",
    "record_reading",
    "recorded_versions",
    "remove_camera",
]
