"""The operations database: models, decisions about them, and how right their forecasts were.

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
from services.operations.tables import (
    KINDS,
    Decision,
    DriftMeasure,
    ForecastScore,
    Kind,
    ModelVersion,
    ScoredHour,
)

__all__ = [
    "KINDS",
    "Decision",
    "DriftMeasure",
    "ForecastScore",
    "Kind",
    "ModelVersion",
    "NothingRecorded",
    "Operations",
    "ScoredHour",
    "champion_history",
    "latest_decisions",
    "open_operations",
    "record_decision",
    "recorded_versions",
]
